"""Puts cases before a reader and watches: what it raises, how long it takes, what it holds."""

from __future__ import annotations

import contextlib
import hashlib
import resource
import signal
import time
import traceback
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from neopack.errors import NeopackError

__all__ = ["Finding", "Reader", "case", "cases", "confined", "tried"]

LONGEST = 2.0  # seconds of the process's own time for one input
TIMES, FLOOR = 2, 32 << 20  # of memory: twice the input, and what any reader may take
MEASURED = 50  # every so manieth input is measured to the byte: that is four times slower
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader at its door, and what makes its inputs. ``share`` is of the cases of one reader:
    less where a case is slow. ``floor`` is the memory that it may take for any input."""

    name: str
    make: Callable[[Random], bytes]
    read: Callable[[bytes], object]
    share: float = 1.0
    floor: int = FLOOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``key`` is the same for all inputs that come to the same place."""

    reader: str
    kind: str
    key: str
    what: str
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.reader}-{self.kind}-{hashlib.sha256(self.key.encode()).hexdigest()[:8]}"


class TooLong(BaseException):
    """Raised into a reader whose time is up; no ``except Exception`` holds it."""


def case(reader: Reader, seed: int, number: int) -> bytes:
    """The input of that number: the same on any machine."""
    return reader.make(Random(f"{seed} {reader.name} {number}"))


def cases(reader: Reader, seed: int, numbers: range) -> Iterator[Finding]:
    """What the inputs of these numbers find."""
    for number in numbers:
        found = tried(reader, case(reader, seed, number), measured=number % MEASURED == 0)
        if found is not None:
            yield found


def tried(reader: Reader, data: bytes, *, measured: bool = True) -> Finding | None:
    """What one input finds, if anything."""
    found = _watched(reader, data)
    if found is not None or not measured:
        return found
    tracemalloc.start()
    try:
        with contextlib.suppress(NeopackError):
            reader.read(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if peak <= TIMES * len(data) + reader.floor:
        return None
    what = f"held {peak / MIB:.0f} MiB for {len(data)} bytes"
    return Finding(reader=reader.name, kind="memory", key="", what=what, data=data)


def _watched(reader: Reader, data: bytes) -> Finding | None:
    began, highest = time.process_time(), _highest()
    with warnings.catch_warnings(record=True) as warned, _bounded():
        warnings.simplefilter("always")
        kind, key, what = _outcome(reader, data)
    took, grown = time.process_time() - began, _highest() - highest
    if not kind and took > LONGEST:
        kind, what = "time", f"took {took:.1f} s"
    if not kind and grown > TIMES * len(data) + reader.floor:
        kind, what = "memory", f"grew by {grown / MIB:.0f} MiB for {len(data)} bytes"
    if not kind and warned:
        kind, key = "warned", f"{warned[0].category.__name__} {Path(warned[0].filename).name}"
        what = str(warned[0].message)
    return Finding(reader=reader.name, kind=kind, key=key, what=what, data=data) if kind else None


def _outcome(reader: Reader, data: bytes) -> tuple[str, str, str]:
    """(kind, key, what) of what came out of it; a ``NeopackError`` is as it should be."""
    try:
        reader.read(data)
    except NeopackError:
        return "", "", ""
    except TooLong as error:
        return "time", _place(error), f"took over {2 * LONGEST} s"
    except Exception as error:  # noqa: BLE001 - any other is what is looked for
        return "raised", f"{type(error).__name__} {_place(error)}", _said(error)
    return "", "", ""


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    previous = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, 2 * LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def confined(address_space: int) -> None:
    """Let this process take no more memory than it has, and so much; for good."""
    held = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + address_space, held + address_space))


def _highest() -> int:
    """The most bytes that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooLong


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:120]}"


def _place(error: BaseException) -> str:
    """The innermost line of neopack's that it came through."""
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/neopack/" in frame.filename]
    if not own:
        return ""
    inner = own[-1]
    return f"{inner.filename.rpartition('/neopack/')[2]}:{inner.lineno} {inner.name}"
