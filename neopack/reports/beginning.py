"""The files that a project begins with, as text."""

from __future__ import annotations

from pathlib import Path

from neopack.beginning.writing import BegunProject

__all__ = ["begun_text"]


def begun_text(begun: BegunProject) -> str:
    lines = [str(Path(begun.folder, name)) for name in begun.files]
    lines += [f"{Path(begun.folder, name)} stays as it is" for name in begun.kept]
    return "\n".join([*lines, *(f"note: {note}" for note in begun.notes)])
