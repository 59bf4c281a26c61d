"""Which state a compilation job is in: a pure step from what is known to the next state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neopack.emulator.script import Timeline

__all__ = ["ENDED", "Position", "Status", "step"]

Status = Literal["STARTING", "INPROGRESS", "COMPLETED", "FAILED", "STOPPING", "STOPPED"]
ENDED = frozenset({"COMPLETED", "FAILED", "STOPPED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a job stands: its state since ``since``, shown ``seen`` times.

    ``limit`` is MaxRuntimeInSeconds; ``worked`` is None until the work is done, and then says
    whether there is an artifact; ``took`` is how many seconds that took.
    """

    status: Status
    since: float
    seen: int
    limit: float
    worked: bool | None
    took: float = 0.0


def step(at: Position, timeline: Timeline, now: float, expired: Status) -> tuple[Status, float]:
    """(the state that follows, since when); the same state where nothing changes.

    A job ends by its time limit where its timeline is longer, or where the work takes longer.
    """
    elapsed = now - at.since
    if at.status == "STARTING" and timeline.starting.over(elapsed, at.seen):
        return "INPROGRESS", at.since + timeline.starting.seconds
    if at.status == "STOPPING" and timeline.stopping.over(elapsed, at.seen):
        return "STOPPED", at.since + timeline.stopping.seconds
    if at.status == "INPROGRESS":
        length = max(timeline.running.seconds, at.took)
        done = timeline.running.over(elapsed, at.seen) and at.worked is not None
        if done and length <= at.limit:
            return ("COMPLETED" if at.worked else "FAILED"), at.since + length
        if elapsed >= at.limit:
            return expired, at.since + at.limit
    return at.status, at.since
