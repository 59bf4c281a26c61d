"""How a model is served."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

from neopack.errors import UsageError
from neopack.options import Options
from neopack.processes.at_once import MOST_AT_ONCE, check_count

__all__ = ["ServeChoices", "ServeOptions"]

MAX_WAIT_MS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions(Options):
    """How a model is served: ``workers`` processes, in each of which ``threads`` answer at once.

    ``timeout`` is in seconds from a request to its answer. ``accept`` is the content type of an
    answer where a request accepts anything. ``max_batch`` above 1 puts the rows of requests that
    wait together into one call, up to so many; the first of them waits ``max_wait_ms`` at most.
    A script whose process has more than ``max_memory`` MB after an answer is started again for
    the next request; 0: never.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    threads: int = 1
    timeout: float = 60.0
    accept: str = ""
    max_batch: int = 1
    max_wait_ms: float = MAX_WAIT_MS
    max_memory: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.port < 1 << 16:
            raise UsageError(f"--port {self.port} is not between 0 and 65535")
        for name in ("workers", "threads", "max_batch"):
            check_count(f"--{name.replace('_', '-')}", getattr(self, name))
        if not (math.isfinite(self.timeout) and self.timeout > 0):
            raise UsageError("--timeout must be positive")
        if not 0 <= self.max_wait_ms <= MOST_AT_ONCE:
            raise UsageError(f"--max-wait-ms is not between 0 and {MOST_AT_ONCE}")
        if self.max_memory < 0:
            raise UsageError(f"--max-memory {self.max_memory} is negative")
        if self.max_batch == 1 and self.max_wait_ms != MAX_WAIT_MS:
            raise UsageError("--max-wait-ms goes with --max-batch")
        if self.max_batch > 1 and self.threads > 1:
            raise UsageError(
                "--threads goes without --max-batch: one call computes a batch",
                hint="--workers computes several at once",
            )


class ServeChoices(TypedDict, total=False):
    """The fields of ``ServeOptions`` as keywords."""

    host: str
    port: int
    workers: int
    threads: int
    timeout: float
    accept: str
    max_batch: int
    max_wait_ms: float
    max_memory: int
