"""The state machine of a compilation job: a pure function to the next state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neopack.emulator.script import Timeline

__all__ = ["ENDED", "Position", "StateChange", "Status", "step"]

Status = Literal["STARTING", "INPROGRESS", "COMPLETED", "FAILED", "STOPPING", "STOPPED"]
ENDED = frozenset({"COMPLETED", "FAILED", "STOPPED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The position of a job: its state since ``since``, shown ``seen`` times.

    ``limit`` is MaxRuntimeInSeconds. ``worked`` is None until the work is done, and then says
    whether there is an artifact; the work lasted ``took`` seconds.
    """

    status: Status
    since: float
    seen: int
    limit: float
    worked: bool | None
    took: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """The next state and its start; ``timed_out`` says that the time limit caused it."""

    status: Status
    since: float
    timed_out: bool = False


def step(at: Position, timeline: Timeline, now: float, expired: Status) -> StateChange | None:
    """Return the next state, or None if nothing changes yet.

    A job ends at its time limit if its timeline or its work is longer.
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
