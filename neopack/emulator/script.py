"""The script of an emulator: timelines of jobs, faults, limits."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from neopack.errors import Malformed, SourceError
from neopack.formats.codec import from_json, to_json

__all__ = [
    "DEMO",
    "Effect",
    "EmulatorScript",
    "Fault",
    "JobScript",
    "Span",
    "Timeline",
    "load",
    "parse",
]

Effect = Literal[
    "throttle",  # "Rate exceeded", in the words of each service
    "error",  # 500, or another status
    "cut request",  # the socket closes while the body of the request is read
    "cut response",  # the socket closes within the body of the answer
    "lose reply",  # the work is done, but the socket closes before the answer
    "slow",  # the answer comes after ``seconds``
    "expired token",
    "denied",
    "skewed clock",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The length of a state: seconds on the emulator's clock, and a number of answers."""

    seconds: float = 0.0
    describes: int = 0

    def over(self, elapsed: float, seen: int) -> bool:
        return elapsed >= self.seconds and seen >= self.describes


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The states of a job, or of an endpoint: before it runs, while it works, while it ends."""

    starting: Span = Span(seconds=0.5)
    running: Span = Span(seconds=1.5)
    stopping: Span = Span(seconds=0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScript:
    """The outcome of jobs whose name matches ``name`` (with ``*`` and ``?``).

    ``fails`` is an id of ``facts/failures.toml`` or a reason in words. With ``untouched``, the
    job completes and returns the model unchanged.
    """

    name: str = "*"
    timeline: Timeline | None = None
    fails: str = ""
    untouched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault that occurs ``times`` times (0: always) after ``after`` successful calls.

    ``service`` and ``operation`` are AWS's names (``s3``, ``UploadPart``) or patterns of them.
    ``resource`` is a pattern of the path or name. ``access_key`` limits the fault to one key, such
    as that of expired credentials. ``bytes`` are sent before a connection is cut.
    """

    effect: Effect
    service: str = "*"
    operation: str = "*"
    resource: str = "*"
    access_key: str = "*"
    times: int = 1
    after: int = 0
    status: int = 500
    seconds: float = 0.0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorScript:
    """``buckets`` (name to region) and ``roles`` (names) exist from the start; the caller has
    assumed the first role.

    ``running_jobs`` is the account's limit in a region; AWS does not publish its own. ``clock`` is
    ``real``, or ``manual`` for one that only ``Emulator.advance`` moves. ``expired`` is the final
    state of a job past MaxRuntimeInSeconds, which is undocumented. ``engines`` are the local
    engines that may compile; None: all that are installed.
    """

    clock: Literal["real", "manual"] = "real"
    timeline: Timeline = field(default_factory=Timeline)
    endpoint: Timeline = field(default_factory=Timeline)
    jobs: tuple[JobScript, ...] = ()
    faults: tuple[Fault, ...] = ()
    buckets: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ("neo",)
    running_jobs: int = 20
    expired: Literal["FAILED", "STOPPED"] = "FAILED"
    engines: tuple[str, ...] | None = None

    def job(self, name: str) -> JobScript:
        """Return the first script that matches a job's name."""
        from fnmatch import fnmatchcase

        return next((job for job in self.jobs if fnmatchcase(name, job.name)), JobScript())


# the default contents: enough for a first job
DEMO = EmulatorScript(buckets={"models": "us-west-2"})


def parse(data: Mapping[str, Any]) -> EmulatorScript:
    """Return a script from plain values. Raises ``Malformed``, naming the wrong field."""
    script = from_json(EmulatorScript, dict(data))
    _refuse_unknown(data, to_json(script), "script")
    return script


def _refuse_unknown(data: Any, accepted: Any, where: str) -> None:
    """Refuse unknown keys: a misspelled one would be ignored, and the test would be wrong."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key not in accepted:
                raise Malformed(f"has no setting {key!r}", where=where)
            _refuse_unknown(value, accepted[key], f"{where}.{key}")
    elif isinstance(data, list):
        for index, (value, item) in enumerate(zip(data, accepted, strict=True)):
            _refuse_unknown(value, item, f"{where}[{index}]")


def load(path: Path) -> EmulatorScript:
    """Load a script from a ``.toml`` or ``.json`` file."""
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except ValueError as error:
        raise Malformed(f"is not a script: {error}", where=str(path)) from None
    if not isinstance(data, dict):
        raise Malformed("is not a script: not a table", where=str(path))
    return parse(data)
