"""Jobs while they run, and when they are over: one live table on a terminal, lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from neopack.cli._console import console
from neopack.errors import NeopackError

if TYPE_CHECKING:
    from neopack.sagemaker.following import JobOutcome
    from neopack.sagemaker.jobs import Job

__all__ = ["Board", "show_outcomes"]

COLUMNS = ("job", "target", "status", "elapsed")


class Board:
    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def show(self, states: Mapping[str, Job]) -> None:
        from neopack.reports.jobs import states_rows  # here: every command imports this module

        rows = states_rows(states)
        if console.live(COLUMNS, lambda: rows, over=all(job.over for job in states.values())):
            return
        for name, _, status, elapsed in rows:
            if self._told.get(name) != status:
                self._told[name] = status
                console.note(f"{name}  {status}  {elapsed}".rstrip())


def show_outcomes(name: str, outcomes: Sequence[JobOutcome], *, of: Sequence[str | Path]) -> None:
    """The outcomes as data, which are ``of`` these files; then the first failure as the error that
    the command ends with."""
    from neopack import api

    console.rest()
    console.result(name, api.job_results(outcomes), of=of)
    try:
        api.raise_for_jobs(outcomes)
    except NeopackError as error:
        console.talk(f"error: {error.line()}")
        raise typer.Exit(error.exit_code) from None
