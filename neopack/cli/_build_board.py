"""A build while it runs: a live table on a terminal, a line a step elsewhere, groups and
annotations in GitHub's actions."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from neopack.cli._console import console

if TYPE_CHECKING:
    from neopack.build.results import BuildResult, StepProgress

__all__ = ["Board", "annotate"]

COLUMNS = ("", "model", "target", "step", "state", "seconds")
GITHUB = "GITHUB_ACTIONS"


class Board:
    """The last steps that fit the terminal, with how many of all are done."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []

    def show(self, progress: StepProgress) -> None:
        count = f"{progress.finished}/{progress.total}"
        row = (
            count,
            progress.model,
            progress.target,
            progress.step,
            progress.state,
            f"{progress.seconds:.1f}",
        )
        self._rows = [*self._rows, row][-max(3, shutil.get_terminal_size().lines - 4) :]
        over = progress.finished == progress.total
        if console.live(COLUMNS, self._rows, over=over):
            return
        line = f"[{count}] {progress.model} {progress.target}: {progress.step} {progress.state}"
        if progress.state in ("made", "failed"):
            line += f", {progress.seconds:.1f} s"
        self._say(line, progress)

    def _say(self, line: str, progress: StepProgress) -> None:
        said = [*progress.notes, *([f"error: {progress.failure}"] if progress.failure else [])]
        if os.environ.get(GITHUB) == "true" and said:
            console.note(f"::group::{line}")
            for each in said:
                console.note(each)
            console.note("::endgroup::")
            return
        console.note(line)
        for each in said if progress.failure else ():
            console.note(f"  {each}")


def annotate(result: BuildResult) -> None:
    """Say to GitHub what failed, so that it shows on the page of the run."""
    if os.environ.get(GITHUB) != "true":
        return
    from neopack.reports.github import annotation

    for row in result.rows:
        for failure in row.failures:
            title = f"{row.model} for {row.target}"
            console.talk(annotation("error", "neopack.toml", title, failure.line()))
