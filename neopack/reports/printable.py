"""Texts of strangers as they may be shown: what does not print is written out.

A name in an archive can have escape codes, which a terminal obeys (C1 controls too), and marks of
direction, which make a text look like another.
"""

from __future__ import annotations

import re

__all__ = ["printable", "printable_json"]

# never of JSON's syntax: only texts have such characters
_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7e]")


def printable(text: str, *, keep: str = "") -> str:
    """What does not print as Python spells it, ``\\x9b``; ``keep`` has what stays as it is."""
    if text.isprintable():
        return text
    return "".join(c if c in keep or c.isprintable() else ascii(c)[1:-1] for c in text)


def printable_json(text: str) -> str:
    """The same document, with what does not print as JSON spells it, ``\\u009b``."""
    return _OUTSIDE_ASCII.sub(lambda found: _spelled(found[0]), text)


def _spelled(character: str) -> str:
    if character.isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
