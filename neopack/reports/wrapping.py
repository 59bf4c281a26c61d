"""A text under its label, wrapped to a width."""

from __future__ import annotations

import textwrap

__all__ = ["wrap"]


def wrap(label: str, text: str, width: int) -> list[str]:
    """Lines that begin behind ``label``; the label alone where the text is empty."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [label.rstrip()]
