"""Every error neopack raises on purpose, and the exit code each one becomes.

    NeopackError
    ├── UsageError              2   the call is wrong: an option, a shape, a name
    │   └── OutputError         2   the output cannot be written to the path given
    ├── SourceError             1   the model cannot be loaded from the source
    │   ├── NotRecognized       1   the file is not a model in a format that neopack knows
    │   ├── Unsafe              1   reading it would execute code, or write outside
    │   └── ExportFailed        1   the framework or the user's callable failed
    ├── Malformed               1   the file breaks its own format; has the offset
    ├── LimitExceeded           1   a bomb, or larger than the limits in force
    ├── CheckFailed             1   findings at error level, or checks that could not run
    │   └── Unsupported         3   the target does not take this framework or version, or
    │                               no engine here can compile for it
    ├── VerificationFailed      1   the outputs differ by more than is allowed
    ├── Missing                 4   something must be installed first
    ├── ServiceError            5   AWS, Sigstore or a registry refused, or was not reached
    │   ├── JobFailed           5   the compilation job ended without an artifact
    │   └── StillRunning        7   the time to wait is over, and the job is still running
    └── EngineFailed            6   a compile engine failed
        └── LoaderRefused       6   Neo's public loader refuses the model, in its own words
    Interrupted               130   Ctrl-C, SIGTERM or SIGHUP; from BaseException, so that
                                    code that translates a framework's errors does not catch it

The command line prints ``message``, ``where`` and ``hint`` and exits with ``exit_code``. No other
exception should leave neopack.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from neopack.keywords import in_python

if TYPE_CHECKING:
    from neopack.values.finding import Report

__all__ = [
    "CheckFailed",
    "EngineFailed",
    "ExportFailed",
    "Interrupted",
    "JobFailed",
    "LimitExceeded",
    "LoaderRefused",
    "Malformed",
    "Missing",
    "NeopackError",
    "NotRecognized",
    "OutputError",
    "ServiceError",
    "SourceError",
    "StillRunning",
    "Unsafe",
    "Unsupported",
    "UsageError",
    "VerificationFailed",
    "first_line",
    "telling_line",
]

# where in OpenVINO's sources an exception was raised, by which of its parts and at what
PLACE = re.compile(
    r"(?:(?:Exception from|Check .* failed at) \S+:\d+|FrontEnd API failed with \w+):$"
    r"|Loading input model$"
)


class _Explained(BaseException):
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    @property
    def hint(self) -> str:
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        self._hint = hint
        if hint:  # a note, so that a traceback in a notebook shows it too
            self.add_note(in_python(hint))

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def line(self) -> str:
        """Return the whole error in one line, as the command line prints it."""
        text = f"{self} ({self.hint})" if self.hint else str(self)
        return " ".join(text.split())


class NeopackError(_Explained, Exception):
    """Base of all errors. ``where`` names the file, member or option; ``hint`` says what to do."""


class UsageError(NeopackError):
    exit_code = 2


class OutputError(UsageError):
    pass


class SourceError(NeopackError):
    pass


class NotRecognized(SourceError):
    pass


class Unsafe(SourceError):
    pass


class ExportFailed(SourceError):
    pass


class Malformed(NeopackError):
    """A file that breaks its own format, at ``offset`` bytes from its start."""

    def __init__(
        self, message: str, *, offset: int | None = None, where: str = "", hint: str = ""
    ) -> None:
        at = "" if offset is None else f" at byte {offset}"
        super().__init__(message + at, where=where, hint=hint)
        self.offset = offset


class LimitExceeded(NeopackError):
    pass


class CheckFailed(NeopackError):
    """``report`` has every finding; the message is the first one."""

    def __init__(
        self, message: str, *, report: Report | None = None, where: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.report = report


class VerificationFailed(NeopackError):
    pass


class Unsupported(CheckFailed):
    exit_code = 3


class Missing(NeopackError):
    exit_code = 4


class ServiceError(NeopackError):
    """``code`` is AWS's error code, or neopack's own if AWS was not reached."""

    exit_code = 5

    def __init__(self, message: str, *, code: str = "", where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.code = code


class JobFailed(ServiceError):
    """``code`` is the status or the class of the failure; ``log`` is the end of the job's log."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        where: str = "",
        hint: str = "",
        log: Sequence[str] = (),
    ) -> None:
        super().__init__(message, code=code, where=where, hint=hint)
        self.log = tuple(log)


class StillRunning(ServiceError):
    exit_code = 7


class EngineFailed(NeopackError):
    exit_code = 6


class LoaderRefused(EngineFailed):
    """``message`` is what the loader says, and nothing else."""


class Interrupted(_Explained):
    exit_code = 130


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, or its class if it has none.

    Lines that name OpenVINO's parts and places in its sources are passed over, where others
    follow.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not PLACE.match(line)]
    return (telling or lines or [type(error).__name__])[0]


def telling_line(error: BaseException) -> str:
    """Return the line that says what went wrong: the last one of a traceback of TorchScript, and
    otherwise the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if "TorchScript" in first_line(error) else first_line(error)
