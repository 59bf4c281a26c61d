"""Warm processes that carry out steps, several at once."""

from __future__ import annotations

import os
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.build.tasks import StepAnswer, StepTask, failure_of
from neopack.errors import EngineFailed, NeopackError
from neopack.formats.codec import from_json, to_json
from neopack.processes.child import Child
from neopack.values.log import SilentLog

__all__ = ["Done", "Workers", "fitting"]

TASKS = "neopack.build.work"
# what a worker, its framework and an old interpreter take
MEMORY = 2 << 30
WITHIN = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """``notes`` are what was said on the way, warnings with their word before them."""

    task: StepTask
    answers: tuple[StepAnswer, ...]
    notes: tuple[str, ...]
    seconds: float


class _Notes(SilentLog):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(f"warning: {text}")


class Workers:
    """``count`` threads, each with a process of its own, which lives as long as it has work.

    A process that dies takes one step with it: that is an answer, and the next step gets a new
    process.
    """

    def __init__(self, count: int, *, share: bool = True) -> None:
        self.count = count
        self._tasks: queue.SimpleQueue[StepTask | None] = queue.SimpleQueue()
        self.done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._environment = _share_of(count) if share else {}
        self._children: set[Child] = set()
        self._lock = threading.Lock()
        self._over = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, task: StepTask) -> None:
        self._tasks.put(task)

    def close(self, *, now: bool = False) -> None:
        """End the processes: when they are done, or ``now``."""
        self._over = True
        for _ in self._threads:
            self._tasks.put(None)
        if now:
            with self._lock:
                children = list(self._children)
            for child in children:
                child.kill()
        for thread in self._threads:
            thread.join(10)

    def _work(self) -> None:
        notes, child = _Notes(), None
        try:
            while (task := self._tasks.get()) is not None and not self._over:
                notes.lines.clear()
                start = time.monotonic()
                try:
                    child = child or self._started(notes)
                    data = child.call("step", to_json(task), timeout=WITHIN)
                    answers = tuple(from_json(StepAnswer, each) for each in data)
                except NeopackError as error:
                    self._ended(child)
                    child = None
                    answers = _lost(task, error)
                seconds = time.monotonic() - start
                said = tuple(dict.fromkeys(notes.lines))
                self.done.put(Done(task=task, answers=answers, notes=said, seconds=seconds))
        finally:
            self._ended(child)

    def _started(self, notes: _Notes) -> Child:
        child = Child(TASKS, failure=EngineFailed, log=notes, environment=self._environment)
        with self._lock:
            self._children.add(child)
        return child

    def _ended(self, child: Child | None) -> None:
        if child is None:
            return
        with self._lock:
            self._children.discard(child)
        child.close()


def _lost(task: StepTask, error: NeopackError) -> tuple[StepAnswer, ...]:
    failure = replace(failure_of(error), where=task.model.name)
    return tuple(StepAnswer(target=target, failure=failure) for target in task.targets)


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
