"""A warm process that carries out steps, one at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from neopack.build.tasks import StepAnswer, StepTask, failure_of
from neopack.build.workers.interface import Done
from neopack.errors import EngineFailed, NeopackError
from neopack.formats.codec import from_json, to_json
from neopack.processes.child import Child
from neopack.values.log import SilentLog

__all__ = ["StepProcess", "lost"]

TASKS = "neopack.build.work"
WITHIN = 24 * 3600.0


class StepProcess:
    """It starts with the first step and lives until ``close``. A process that dies takes one step
    with it: that is an answer, and the next step gets a new process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._notes = _Notes()
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._over = False

    def carry_out(self, task: StepTask) -> Done:
        self._notes.lines.clear()
        start = time.monotonic()
        try:
            data = self._running().call("step", to_json(task), timeout=WITHIN)
            answers = tuple(from_json(StepAnswer, each) for each in data)
        except NeopackError as error:
            self.close()
            answers = lost(task, error)
        seconds = time.monotonic() - start
        notes = tuple(dict.fromkeys(self._notes.lines))
        return Done(task=task, answers=answers, notes=notes, seconds=seconds)

    def kill(self) -> None:
        """End the process now, and start no other one."""
        with self._lock:
            self._over = True
            child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close()

    def _running(self) -> Child:
        with self._lock:
            if self._over:
                raise EngineFailed("the build was ended")
            if self._child is None:
                self._child = Child(
                    TASKS,
                    failure=EngineFailed,
                    log=self._notes,
                    environment=self._environment,
                )
            return self._child


class _Notes(SilentLog):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(f"warning: {text}")


def lost(task: StepTask, error: NeopackError) -> tuple[StepAnswer, ...]:
    """The answers for a step that nothing came of."""
    failure = replace(failure_of(error), where=task.model.name)
    return tuple(StepAnswer(target=target, failure=failure) for target in task.targets)
