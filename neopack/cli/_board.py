"""Jobs while they run: one live table on a terminal, a line for each change elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from neopack.cli._console import console
from neopack.reports.jobs import states_rows

if TYPE_CHECKING:
    from neopack.sagemaker.jobs import Job

__all__ = ["Board"]

COLUMNS = ("job", "target", "status", "elapsed")


class Board:
    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def show(self, states: Mapping[str, Job]) -> None:
        rows = states_rows(states)
        if console.live(COLUMNS, rows, over=all(job.over for job in states.values())):
            return
        for name, _, status, elapsed in rows:
            if self._told.get(name) != status:
                self._told[name] = status
                console.note(f"{name}  {status}  {elapsed}".rstrip())
