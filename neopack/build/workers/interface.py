"""What a build needs of its workers, wherever they are."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import Protocol

from neopack.build.tasks import StepAnswer, StepTask

__all__ = ["Begun", "Done", "StartWorkers", "Workers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A step that is done. ``notes`` are what was logged on the way, warnings with that word
    before them; ``seconds`` is what the step took where it was carried out."""

    task: StepTask
    answers: tuple[StepAnswer, ...]
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A step that a worker began."""

    task: StepTask


class Workers(Protocol):
    """``count`` is how many steps they carry out at once. Each step that is submitted comes back
    in ``events`` as a ``Done``, one that killed its worker as a failure; ``Begun`` comes before it
    where the workers tell. ``remote`` workers take their files from
    the cache, and leave files there."""

    count: int
    remote: bool
    events: queue.SimpleQueue[Begun | Done]

    def submit(self, task: StepTask) -> None: ...

    def close(self, *, now: bool = False) -> None:
        """Let them go: when they are done, or ``now``."""


class StartWorkers(Protocol):
    """Workers for steps that run at once, or, where ``alone``, for those that are measured."""

    def __call__(self, *, alone: bool) -> Workers: ...
