"""What a mistyped word was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["did_you_mean", "nearest", "nearest_file", "suggestion"]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that a mistyped one was probably meant to be; empty if none is near."""
    import difflib  # only where something was mistyped

    names = {name.casefold(): name for name in known}
    return next((names[key] for key in difflib.get_close_matches(word.casefold(), names, n=1)), "")


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint for a word that is unknown: the nearest known one, or ``otherwise``."""
    return suggestion(nearest(word, known), otherwise)


def suggestion(meant: str, otherwise: str = "") -> str:
    """The same for a word whose meaning is known already, "" if it is not."""
    return f"did you mean {meant}?" if meant else otherwise


def nearest_file(path: Path, otherwise: str = "") -> str:
    """A hint for a path that does not exist: the file beside it that was probably meant."""
    if path.name == "-":
        return "name a file: only check, inspect and explain read standard input"
    beside = (each.name for each in path.parent.iterdir()) if path.parent.is_dir() else ()
    near = nearest(path.name, beside)
    return suggestion(str(path.with_name(near)) if near else "", otherwise)
