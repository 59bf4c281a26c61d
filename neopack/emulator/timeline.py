"""Which state a compilation job is in: a pure step from what is known to the next state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neopack.emulator.script import Timeline

__all__ = ["ENDED", "Position", "StateChange", "Status", "step"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """The state that follows, and since when; ``timed_out``: not because of the work."""

    status: Status
    since: float
    timed_out: bool = False


def step(at: Position, timeline: Timeline, now: float, expired: Status) -> StateChange | None:
    """The next state; None where nothing changes yet.

    A job ends by its time limit where its timeline is longer, or where the work takes longer.
    """
    elapsed = now - at.since
    if at.status == "STARTING" and timeline.starting.over(elapsed, at.seen):
        return StateChange(status="INPROGRESS", since=at.since + timeline.starting.seconds)
    if at.status == "STOPPING" and timeline.stopping.over(elapsed, at.seen):
        return StateChange(status="STOPPED", since=at.since + timeline.stopping.seconds)
    if at.status == "INPROGRESS":
        length = max(timeline.running.seconds, at.took)
        done = timeline.running.over(elapsed, at.seen) and at.worked is not None
        if done and length <= at.limit:
            return StateChange(
                status="COMPLETED" if at.worked else "FAILED", since=at.since + length
            )
        if elapsed >= at.limit:
            return StateChange(status=expired, since=at.since + at.limit, timed_out=True)
    return None
