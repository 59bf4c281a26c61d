"""What a mistyped word was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["nearest", "nearest_file"]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that a mistyped one was probably meant to be; empty if none is near."""
    import difflib  # only where something was mistyped

    names = {name.casefold(): name for name in known}
    return next((names[key] for key in difflib.get_close_matches(word.casefold(), names, n=1)), "")


def nearest_file(path: Path, otherwise: str = "") -> str:
    """A hint for a path that does not exist: the file beside it that was probably meant."""
    if path.name == "-":
        return "name a file: only check, inspect and explain read standard input"
    beside = (each.name for each in path.parent.iterdir()) if path.parent.is_dir() else ()
    near = nearest(path.name, beside)
    return f"did you mean {path.with_name(near)}?" if near else otherwise
