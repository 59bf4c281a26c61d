"""How models are loaded in turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neopack.errors import UsageError
from neopack.loadtests.options import LoadChoices, LoadOptions
from neopack.processes.at_once import check_count

__all__ = ["ExperimentChoices", "ExperimentOptions"]

# seconds of one turn
LEAST_TURN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentOptions(LoadOptions):
    """As ``LoadOptions``, for each subject; the seconds of a stage are divided among ``rounds``
    turns. Raises ``UsageError`` where a turn would measure nothing."""

    USUAL: ClassVar[tuple[int, ...]] = (1, 4, 16)

    rounds: int = 6

    def __post_init__(self) -> None:
        super(ExperimentOptions, self).__post_init__()
        if self.search:
            raise UsageError("an experiment does not search", hint="neopack loadtest --search")
        check_count("--rounds", self.rounds)
        if self.seconds / self.rounds < LEAST_TURN:
            raise UsageError(
                f"{self.rounds} turns in {self.seconds:g} s are too short",
                hint=f"--seconds {self.rounds * LEAST_TURN:g}, or fewer --rounds",
            )


class ExperimentChoices(LoadChoices, total=False):
    """The fields of ``ExperimentOptions`` as keywords."""

    rounds: int
