"""What an emulator is told to do: timelines of jobs, faults, limits."""

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
    "throttle",  # "Rate exceeded", as each service says it
    "error",  # 500, or the status given
    "cut request",  # the socket is shut while the request's body is read
    "cut response",  # the socket is shut within the answer's body
    "lose reply",  # the work is done, and the socket shut before the answer
    "slow",  # the answer comes after ``seconds``
    "expired token",
    "denied",
    "skewed clock",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How long a state lasts: seconds on the emulator's clock, and answers that show it."""

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
    """What becomes of the jobs whose name fits ``name`` (``*`` and ``?``).

    ``fails`` is an id of ``facts/failures.toml`` or a reason in words; ``untouched``: the job
    completes and hands back the model as it came.
    """

    name: str = "*"
    timeline: Timeline | None = None
    fails: str = ""
    untouched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong ``times`` times (0: always) after ``after`` calls that go well.

    ``service`` and ``operation`` are AWS's words (``s3``, ``UploadPart``) or patterns of them,
    ``resource`` a pattern of the path or of the name asked for, ``access_key`` one of the
    caller's, for what meets old credentials and not new ones. ``bytes``: how many pass
    before a connection is cut.
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
    """``buckets`` (name to region) and ``roles`` (names) are there from the start.

    ``running_jobs`` is the account's limit in a region; what AWS allows is not published.
    ``clock``: ``real``, or ``manual`` for one that only ``Emulator.advance`` moves.
    ``expired``: how a job past MaxRuntimeInSeconds ends, which nobody documents.
    """

    clock: Literal["real", "manual"] = "real"
    timeline: Timeline = field(default_factory=Timeline)
    endpoint: Timeline = field(default_factory=Timeline)
    jobs: tuple[JobScript, ...] = ()
    faults: tuple[Fault, ...] = ()
    buckets: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    running_jobs: int = 20
    expired: Literal["FAILED", "STOPPED"] = "FAILED"

    def job(self, name: str) -> JobScript:
        """The first script that fits a job's name."""
        from fnmatch import fnmatchcase

        return next((job for job in self.jobs if fnmatchcase(name, job.name)), JobScript())


# what there is where nobody says anything: enough for a first job
DEMO = EmulatorScript(buckets={"models": "us-west-2"}, roles=("neo",))


def parse(data: Mapping[str, Any]) -> EmulatorScript:
    """A script from plain values. Raises ``Malformed`` that names what does not fit."""
    script = from_json(EmulatorScript, dict(data))
    _refuse_unknown(data, to_json(script), "script")
    return script


def _refuse_unknown(given: Any, taken: Any, where: str) -> None:
    """A word that was misspelt would be passed over, and the test with it."""
    if isinstance(given, Mapping):
        for key, value in given.items():
            if key not in taken:
                raise Malformed(f"knows no {key!r}", where=where)
            _refuse_unknown(value, taken[key], f"{where}.{key}")
    elif isinstance(given, list):
        for index, (value, kept) in enumerate(zip(given, taken, strict=True)):
            _refuse_unknown(value, kept, f"{where}[{index}]")


def load(path: Path) -> EmulatorScript:
    """A script from a ``.toml`` or ``.json`` file."""
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
