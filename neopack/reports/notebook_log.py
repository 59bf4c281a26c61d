"""Progress in a notebook: a bar for each step of a verb, and what the verb says, in one output."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

from neopack.reports.printable import printable
from neopack.values.log import Log, SilentLog

__all__ = ["NotebookLog", "log"]

EVERY = 0.2  # seconds between two drawings of a bar


def log() -> Log:
    """Where a verb's progress goes by default: to the notebook that called it, or nowhere.

    IPython on a terminal is not a notebook: it has no kernel, and shows no HTML.
    """
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return NotebookLog() if getattr(shell, "kernel", None) is not None else SilentLog()


@dataclass(slots=True)
class _Step:
    """``total`` and ``done`` are in what the step counts: bytes, rounds."""

    name: str
    total: int | None
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def html(self) -> str:
        if self.ended is not None:
            return f"{escape(printable(self.name))}: {self.ended - self.began:.1f} s"
        of = f" value='{self.done}' max='{self.total}'" if self.total else ""
        return f"{escape(printable(self.name))} <progress{of}></progress>"


class NotebookLog:
    def __init__(self) -> None:
        self._rows: list[_Step | str] = []
        self._open: list[_Step] = []
        self._display: Any = None
        self._drawn = 0.0

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[None]:
        step = _Step(name, total)
        self._rows.append(step)
        self._open.append(step)
        self._draw()
        try:
            yield
        finally:
            step.ended = time.monotonic()
            self._open.remove(step)
            self._draw()

    def advance(self, amount: int) -> None:
        if not self._open:
            return
        self._open[-1].done += amount
        if time.monotonic() - self._drawn > EVERY:
            self._draw()

    def note(self, text: str) -> None:
        self._say(escape(printable(text)))

    def warn(self, text: str) -> None:
        self._say(f"<b>warning:</b> {escape(printable(text))}")

    def _say(self, line: str) -> None:
        self._rows.append(line)
        self._draw()

    def _draw(self) -> None:
        from IPython.display import HTML, display

        rows = (row if isinstance(row, str) else row.html() for row in self._rows)
        shown = HTML("".join(f"<div>{row}</div>" for row in rows))
        if self._display is None:
            self._display = display(shown, display_id=True)
        else:
            self._display.update(shown)
        self._drawn = time.monotonic()
