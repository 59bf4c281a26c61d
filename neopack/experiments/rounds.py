"""The turns: at each level, each subject for a while, then each of them again."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.experiments.options import ExperimentOptions
from neopack.loadtests.recording import StageResult
from neopack.loadtests.stages import Stages
from neopack.values.log import Log

__all__ = ["in_turns"]

# a server that was loaded before needs no more
SHORT_WARM_UP = 0.25


async def in_turns(
    subjects: Sequence[Stages], options: ExperimentOptions, log: Log
) -> list[list[list[StageResult]]]:
    """The windows of each subject, at each level, in each round: A, B, A, B, ... A level's seconds
    are divided among the rounds. Raises ``VerificationFailed`` where an answer at rest is wrong.
    """
    levels = options.levels
    windows: list[list[list[StageResult]]] = [[[] for _ in levels] for _ in subjects]
    for subject in subjects:
        await subject.ask_once()
    with log.step("loading in turns", len(levels) * options.rounds * len(subjects)):
        for at, level in enumerate(levels):
            for turn in range(options.rounds):
                for subject, measured in zip(subjects, windows, strict=True):
                    measured[at].append(await _window(subject, level, turn, options))
                    log.advance(1)
    return windows


async def _window(
    subject: Stages, level: float, turn: int, options: ExperimentOptions
) -> StageResult:
    warm_up = min(options.warm_up, SHORT_WARM_UP) if turn else options.warm_up
    return await subject.at(level, seconds=options.seconds / options.rounds, warm_up=warm_up)
