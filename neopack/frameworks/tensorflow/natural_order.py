"""Names in the order in which people count: output_2 before output_10. A SavedModel's signature is
a map, which has no order of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["natural"]

_NUMBERS = re.compile(r"(\d+)")
LONGEST = 18


def natural(names: Iterable[str]) -> list[str]:
    return sorted(names, key=_key)


def _key(name: str) -> tuple[tuple[str, int, str], ...]:
    """Texts and numbers in turn; the texts of equal numbers tell them apart."""
    parts = _NUMBERS.split(name)
    numbers = [part[:LONGEST] for part in parts[1::2]]
    pairs = zip(parts[::2], [*numbers, "0"], strict=True)
    return tuple((text, int(number), number) for text, number in pairs)
