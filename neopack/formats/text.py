"""Whether bytes are a text, by the first of them."""

from __future__ import annotations

import codecs

__all__ = ["is_text"]


def is_text(head: bytes) -> bool:
    """UTF-8, perhaps cut off inside a character, without NUL."""
    if not head or b"\0" in head:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
