"""A build while it runs: a live table on a terminal, a line a step elsewhere, groups and
annotations in GitHub's actions."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from neopack.cli._console import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neopack.build.results import BuildResult, StepProgress

__all__ = ["Board", "annotate"]

COLUMNS = ("", "model", "target", "step", "state", "seconds")
GITHUB = "GITHUB_ACTIONS"
# lines of the terminal that are not the table's: its header, and what was printed before
OTHERS = 4


class Board:
    """The last steps that fit the terminal, then those that run now."""

    def __init__(self) -> None:
        # each model and warning once, however many targets; a terminal shows them below the table
        self._warned: dict[tuple[str, str], None] = {}
        self._over: list[tuple[str, ...]] = []
        self._running: dict[tuple[str, str, str], float] = {}

    def show(self, progress: StepProgress) -> None:
        step = (progress.model, progress.target, progress.step)
        if progress.state == "running":
            self._running[step] = time.monotonic()
            console.live(COLUMNS, self._rows, over=False)
            return
        self._running.pop(step, None)
        count = f"{progress.finished}/{progress.total}"
        self._over.append((count, *step, progress.state, f"{progress.seconds:.1f}"))
        over = progress.finished == progress.total
        warnings = self._new_warnings(progress)
        if console.live(COLUMNS, self._rows, over=over):
            self._warn_below(over=over)
            return
        line = f"[{count}] {progress.model} {progress.target}: {progress.step} {progress.state}"
        if progress.state in ("made", "failed"):
            line += f", {progress.seconds:.1f} s"
        _say(line, progress, warnings)

    def _new_warnings(self, progress: StepProgress) -> list[str]:
        named = [(progress.model, note) for note in progress.notes if note.startswith("warning: ")]
        new = [each for each in named if each not in self._warned]
        self._warned |= dict.fromkeys(new)
        return [note for _, note in new]

    def _warn_below(self, *, over: bool) -> None:
        for model, warning in self._warned if over else ():
            console.note(f"{model}: {warning}")

    def _rows(self) -> list[tuple[str, ...]]:
        now = time.monotonic()
        running = [
            ("", *step, "running", f"{now - began:.1f}")
            for step, began in list(self._running.items())  # another thread draws the table
        ]
        fitting = max(3, shutil.get_terminal_size().lines - OTHERS)
        over = max(1, fitting - len(running))
        return [*self._over[-over:], *running][:fitting]


def _say(line: str, progress: StepProgress, warnings: Sequence[str]) -> None:
    said = [*progress.notes, *([f"error: {progress.failure}"] if progress.failure else [])]
    if os.environ.get(GITHUB) == "true" and said:
        console.note(f"::group::{line}")
        for each in said:
            console.note(each)
        console.note("::endgroup::")
        return
    console.note(line)
    for each in said if progress.failure else warnings:
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
