"""Processes of this machine that carry out steps, several at once."""

from __future__ import annotations

import os
import queue
import threading
from contextlib import suppress
from pathlib import Path

from neopack.build.tasks import StepTask
from neopack.build.workers.interface import Begun, Done
from neopack.build.workers.step_process import StepProcess

__all__ = ["MEMORY", "LocalWorkers", "fitting"]

# bytes that a worker, its framework and an old interpreter take
MEMORY = 2 << 30


class LocalWorkers:
    """``count`` threads, each with a process of its own, which lives as long as it has work."""

    remote = False

    def __init__(self, count: int, *, share: bool = False) -> None:
        self.count = count
        self.events: queue.SimpleQueue[Begun | Done] = queue.SimpleQueue()
        self._tasks: queue.SimpleQueue[StepTask | None] = queue.SimpleQueue()
        environment = _share_of(count) if share else {}
        self._processes = [StepProcess(environment) for _ in range(count)]
        self._over = False
        self._threads = [
            threading.Thread(target=self._work, args=(process,), daemon=True)
            for process in self._processes
        ]
        for thread in self._threads:
            thread.start()

    @classmethod
    def started(cls, count: int, *, alone: bool) -> LocalWorkers:
        """What is measured has the machine for itself."""
        return cls(1) if alone else cls(count, share=True)

    def submit(self, task: StepTask) -> None:
        self._tasks.put(task)

    def close(self, *, now: bool = False) -> None:
        """End the processes: when they are done, or ``now``."""
        self._over = True
        for _ in self._threads:
            self._tasks.put(None)
        if now:
            for process in self._processes:
                process.kill()
        for thread in self._threads:
            thread.join(10)

    def _work(self, process: StepProcess) -> None:
        try:
            while (task := self._tasks.get()) is not None and not self._over:
                self.events.put(Begun(task=task))
                self.events.put(process.carry_out(task))
        finally:
            process.close()


def fitting() -> int:
    """How many workers this machine has cores and memory for."""
    return max(1, min(len(os.sched_getaffinity(0)), _free() // MEMORY))


def _share_of(count: int) -> dict[str, str]:
    """Each worker computes with its share of the cores."""
    share = max(1, len(os.sched_getaffinity(0)) // count)
    return {name: str(share) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}


def _free() -> int:
    """Bytes of memory that can be used, as Linux counts them."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text("utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return MEMORY
