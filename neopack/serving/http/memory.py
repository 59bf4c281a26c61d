"""The memory of processes and of all that they started, as Linux counts it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["peak_memory"]

PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


def peak_memory(pids: Iterable[int]) -> int:
    """The largest resident sizes so far, in bytes, added up; 0 where /proc does not tell. Pages
    that processes share count for each."""
    return sum(map(_peak, {each for pid in pids for each in _family(pid)}))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(path).split():
            yield from _family(int(child))


def _peak(pid: int) -> int:
    found = PEAK.search(_read(Path(f"/proc/{pid}/status")))
    return 1024 * int(found[1]) if found else 0


def _read(path: Path) -> str:
    """Empty for a process that has ended."""
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
