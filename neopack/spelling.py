"""What a mistyped word was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that a mistyped one was probably meant to be; empty if none is near."""
    import difflib  # only where something was mistyped

    close = difflib.get_close_matches(word.casefold(), {k.casefold(): k for k in known}, n=1)
    return next((k for k in known if close and k.casefold() == close[0]), "")
