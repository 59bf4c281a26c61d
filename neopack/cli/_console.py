"""The only printer: data to standard output, talk to standard error, progress to a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from neopack.errors import NeopackError

if TYPE_CHECKING:
    from neopack.types import Report

__all__ = ["Console", "console"]

STYLES = {"error": "bold red", "warning": "yellow", "not checked": "magenta"}


class Console:
    """Also the ``Log`` of every verb. ``quiet`` leaves errors and data; ``json`` makes data,
    errors too, JSON documents."""

    def __init__(self) -> None:
        self.quiet = False
        self.debug = False
        self.json = False
        self._progress: Any = None
        self._task: Any = None

    def setup(self, *, quiet: bool, debug: bool, json: bool) -> None:
        self.quiet, self.debug, self.json = quiet, debug, json

    # --- data

    def data(self, text: str) -> None:
        """To standard output, coloured where it is a terminal that wants colour."""
        if not sys.stdout.isatty() or self.json:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
            return
        from rich.console import Console as Rich

        rich = Rich(highlight=False, soft_wrap=True)
        for line in text.splitlines():
            style = next((s for word, s in STYLES.items() if line.startswith(word)), "")
            rich.print(line, style=style, markup=False)

    def result(self, kind: str, value: object, text: str) -> None:
        """A command's answer, in the format asked for; text is left out when quiet."""
        if self.json:
            from neopack.reports.json import document

            self.data(document(kind, value))
        elif not self.quiet:
            self.data(text)

    # --- talk

    def note(self, text: str) -> None:
        if not self.quiet:
            self._say(text)

    def warn(self, text: str) -> None:
        if not self.quiet:
            self._say(f"warning: {text}")

    def failure(self, error: NeopackError, report: Report | None) -> None:
        if self.json:
            from neopack.reports.json import failure

            self.data(failure(error))
        if report is not None and not self.json:
            from neopack.reports.text import report_text

            self._say(report_text(report))
        self._say(f"error: {error.line()}")

    def bug(self, error: BaseException) -> None:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        self._say(f"error: neopack has a bug: {what} (run it again with --debug and report it)")

    def _say(self, text: str) -> None:
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False)
        else:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    # --- progress

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[None]:
        """A step with a bar on a terminal; a line when it is done elsewhere."""
        start = time.monotonic()
        if self.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            yield
            self.note(f"{name}: {time.monotonic() - start:.1f} s")
            return
        outer = self._progress, self._task
        if self._progress is None:
            self._progress = _bar()
            self._progress.start()
        self._task = self._progress.add_task(name, total=total)
        try:
            yield
            self._progress.update(self._task, total=1, completed=1)
        finally:
            if outer[0] is None:
                self._progress.stop()
            self._progress, self._task = outer

    def advance(self, amount: int) -> None:
        if self._progress is not None:
            self._progress.advance(self._task, amount)


def _bar() -> Any:
    from rich.console import Console as Rich
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(finished_text="·"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        console=Rich(stderr=True),
    )


console = Console()
