"""The only printer: data to standard output, talk to standard error, progress to a terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

import typer

from neopack.errors import Interrupted, NeopackError, OutputError

if TYPE_CHECKING:
    from neopack.values.finding import Report
    from neopack.values.subject import Subject

__all__ = ["Console", "colored", "console"]

# how a shell reports a program that wrote to a closed pipe
BROKEN_PIPE = 141
# of a live table, in a second
REFRESHES = 2
FORCING = ("FORCE_COLOR", "CLICOLOR_FORCE")
STYLES = {"error": "bold red", "warning": "yellow", "not checked": "magenta"}


class Console:
    """Also the ``Log`` of every verb. ``quiet`` leaves errors and data; with ``form`` json, data
    and errors are JSON documents."""

    def __init__(self) -> None:
        self.quiet = False
        self.debug = False
        self.form = "text"
        self._progress: Any = None
        self._task: Any = None
        self._live: Any = None

    def listen_for(self, arguments: Sequence[str]) -> None:
        """Settle what holds before a command is known: a wrong call is answered in JSON too."""
        line = " ".join(arguments)
        json = "--format json" in line or "--format=json" in line
        self.setup(quiet=False, debug="--debug" in arguments, form="json" if json else "text")

    def setup(self, *, quiet: bool, debug: bool, form: str) -> None:
        self.quiet, self.debug, self.form = quiet, debug, form

    @property
    def json(self) -> bool:
        return self.form == "json"

    # --- data

    def data(self, text: str) -> None:
        """Write to standard output, in color if it is a terminal that supports it."""
        if self.json or not colored(sys.stdout):
            _write(text if self.json else _shown(text))
            return
        from rich.console import Console as Rich

        rich = Rich(highlight=False, soft_wrap=True, force_terminal=True)
        for line in _shown(text).split("\n"):
            style = next((s for word, s in STYLES.items() if line.startswith(word)), "")
            rich.print(line, style=style, markup=False)

    def result(
        self,
        name: str,
        value: object,
        *,
        of: Sequence[str | os.PathLike[str] | Subject | None] = (),
        long: bool = False,
        **choices: bool,
    ) -> None:
        """A command's answer in the chosen format; ``name`` is its row in the registry of reports,
        and ``of`` the files that it is about, which JSON names by their digests.

        Text is left out when quiet. A ``long`` text that is taller than the terminal goes to the
        pager. A report for another program is written as it is; an empty one is not a line.
        """
        from neopack.reports.registry import render

        if self.form == "text" and self.quiet:
            return
        subjects = _subjects(of) if self.json else ()
        text = render(name, self.form, value, subjects, **choices)
        if self.form not in ("text", "json"):
            self.file(text)
        elif long and self.form == "text" and _taller_than_screen(text):
            import pydoc

            pydoc.pager(_shown(text))
        else:
            self.data(text)

    def file(self, text: str) -> None:
        """A document for another program."""
        if text:
            _write(text)

    def stream(self, file: BinaryIO) -> None:
        """A file as data."""
        with _to_standard_output():
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()

    # --- talk

    def note(self, text: str) -> None:
        if not self.quiet:
            self._say(text)

    def next(self, *words: str | os.PathLike[str]) -> None:
        """What to do after this, for who sits at a terminal: ``neopack`` and ``words``."""
        if self.form == "text" and not self.quiet and sys.stderr.isatty():
            self._say(f"next: {shlex.join(['neopack', *(str(word) for word in words)])}")

    def warn(self, text: str) -> None:
        if not self.quiet:
            self._say(f"warning: {text}")

    def talk(self, text: str) -> None:
        self._say(text)

    def failure(self, error: NeopackError | Interrupted, report: Report | None) -> None:
        self.rest()
        if self.json:
            from neopack.reports.json_documents import failure

            with suppress(NeopackError, typer.Exit):  # the exit code is the first error's
                self.data(failure(error))
        if report is not None and not self.json:
            from neopack.reports.text import report_text

            self._say(report_text(report))
        self._say(f"error: {error.line()}")

    def bug(self, error: BaseException) -> None:
        what = f"neopack has a bug: {type(error).__name__}: {error}"
        self.failure(NeopackError(what, hint="run it again with --debug and report it"), None)

    def _say(self, text: str) -> None:
        if self._live is not None:
            self._live.console.print(_shown(text), markup=False, highlight=False)
            return
        if self._progress is not None:
            self._progress.console.print(_shown(text), markup=False, highlight=False)
            return
        with suppress(OSError):  # nobody listens: the work goes on
            sys.stderr.write(_shown(text) + "\n")
            sys.stderr.flush()

    # --- progress

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[None]:
        """A step with a bar on a terminal; a line when it is done elsewhere."""
        start = time.monotonic()
        if self.quiet or self._live is not None or not _live(sys.stderr):
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

    def live(
        self, columns: Sequence[str], rows: Callable[[], Sequence[Sequence[str]]], *, over: bool
    ) -> bool:
        """Show a table of ``rows`` as they are now, until it is over; False without a terminal."""
        if self.quiet or not _live(sys.stderr):
            return False
        if self._live is None:
            self._live = _live_table()
            self._live.start()
        self._live.update(_LiveTable(columns, rows), refresh=True)
        if over:
            self.rest()
        return True

    def rest(self) -> None:
        """Leave the live table as it stands."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def advance(self, amount: int) -> None:
        if self._progress is not None:
            self._progress.advance(self._task, amount)


def _subjects(
    paths: Sequence[str | os.PathLike[str] | Subject | None],
) -> tuple[Subject, ...]:
    """In their order; what comes as a subject was hashed already."""
    from dataclasses import replace

    from neopack import api
    from neopack.cli._streams import shown
    from neopack.values.subject import Subject

    subjects: list[Subject] = []
    for path in paths:
        if isinstance(path, Subject):
            subjects.append(path)
        elif path is not None:
            subjects += api.subjects([path])
    return tuple(replace(subject, path=shown(subject.path)) for subject in subjects)


def colored(stream: TextIO) -> bool:
    """Whether ``stream`` is written in color: as NO_COLOR (no-color.org), FORCE_COLOR
    (force-color.org) and CLICOLOR (bixense.com/clicolors) say, else where it is a terminal."""
    environment = os.environ
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0") for name in FORCING):
        return True
    if environment.get("CLICOLOR") == "0" or environment.get("TERM") == "dumb":
        return False
    return stream.isatty()


def _live(stream: TextIO) -> bool:
    """Whether ``stream`` takes what is drawn again and again: bars and live tables."""
    return colored(stream) and stream.isatty()


def _taller_than_screen(text: str) -> bool:
    if not sys.stdout.isatty():
        return False
    return text.count("\n") >= shutil.get_terminal_size().lines


def _write(text: str) -> None:
    with _to_standard_output():
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


@contextmanager
def _to_standard_output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _forget_output()
        raise typer.Exit(BROKEN_PIPE) from None
    except OSError as error:
        _forget_output()
        what = f"cannot be written: {error.strerror}"
        raise OutputError(what, where="standard output") from None


def _forget_output() -> None:
    """What is still in the buffer must not fail again when the interpreter flushes it."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _shown(text: str) -> str:
    """Text whose characters all print: a stranger's archive may have escape codes in a name."""
    from neopack.reports.printable import printable

    return printable(text, keep="\n\t")


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


def _live_table() -> Any:
    from rich.console import Console as Rich
    from rich.live import Live

    return Live(console=Rich(stderr=True), refresh_per_second=REFRESHES)


@dataclass(frozen=True, slots=True)
class _LiveTable:
    """A table whose rows change while it is shown."""

    columns: Sequence[str]
    rows: Callable[[], Sequence[Sequence[str]]]

    def __rich__(self) -> Any:
        from rich.markup import escape
        from rich.table import Table

        table = Table(*self.columns, box=None, pad_edge=False)
        for row in self.rows():
            table.add_row(*(escape(_shown(cell)) for cell in row))
        return table


console = Console()
