"""The memory of a script's process, which may leak.

The model servers of the containers start a worker again that died, and do not bound its memory:
what leaks there grows until the system ends it amid a request (pytorch/serve, issues 415 and 967).
Here the log says so before, and a bound ends it between two requests.
"""

from __future__ import annotations

import re
from pathlib import Path

from neopack.errors import UsageError
from neopack.values.log import Log

__all__ = ["Growth"]

RESIDENT = re.compile(r"^VmRSS:\s*(\d+) kB", re.MULTILINE)
# what is told: so many times what it was, and at least so many MB more
NOTABLE, LEAST = 2, 256


class Growth:
    """``bound`` is in MB of resident memory; 0: there is none."""

    def __init__(self, program: str, *, bound: int, log: Log) -> None:
        self._program, self._bound, self._log = program, bound, log
        self._pid = self._told = self._answers = 0

    def begin(self, pid: int) -> None:
        """Another process has started. Raises ``UsageError`` where it is above the bound."""
        self._pid, self._told, self._answers = pid, 0, 0
        size = resident(pid)
        if self._bound and not size:
            raise UsageError("--max-memory needs /proc, which this system lacks")
        if self._bound and size > self._bound:
            raise UsageError(
                f"--max-memory {self._bound}: {self._program} takes {size} MB before it answers"
            )

    def is_over(self) -> bool:
        """Whether an answer leaves the process above the bound. Growth is told, too."""
        self._answers += 1
        size = resident(self._pid)
        if self._bound and size > self._bound:
            self._log.warn(
                f"{self._program} has {size} MB after {self._answers} answers, more than "
                f"--max-memory {self._bound}: it starts again for the next request"
            )
            return True
        self._tell(size)
        return False

    def _tell(self, size: int) -> None:
        if self._told and size >= max(NOTABLE * self._told, LEAST + self._told):
            hint = "" if self._bound else "; --max-memory bounds what leaks"
            self._log.warn(
                f"{self._program} grows: {size} MB after {self._answers} answers, "
                f"{self._told} MB before{hint}"
            )
            self._told = size
        self._told = self._told or size


def resident(pid: int) -> int:
    """MB of memory that a process has now; 0 where /proc does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0
    found = RESIDENT.search(status)
    return int(found[1]) >> 10 if found else 0
