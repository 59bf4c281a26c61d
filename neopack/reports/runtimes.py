"""The runtimes of this user as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.reports.text import table
from neopack.runtimes.state import RuntimeState

__all__ = ["path_text", "states_text"]


def states_text(states: Sequence[RuntimeState]) -> str:
    rows = [("runtime", "Python", "MB", "state", "")]
    rows += [(row.name, row.python, str(row.disk), row.state, row.reports) for row in states]
    return "\n".join(table(rows))


def path_text(state: RuntimeState) -> str:
    return str(state.path)
