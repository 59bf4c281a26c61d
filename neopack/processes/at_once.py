"""How many workers, threads, streams, and rows in a batch may be asked for."""

from __future__ import annotations

import operator

from neopack.errors import UsageError

__all__ = ["MOST_AT_ONCE", "check_count"]

MOST_AT_ONCE = 1024


def check_count(name: str, value: object) -> None:
    """Raise ``UsageError`` unless ``value`` is a whole number from 1 to ``MOST_AT_ONCE``."""
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if not 1 <= number <= MOST_AT_ONCE:
        raise UsageError(
            f"{name} must be a whole number from 1 to {MOST_AT_ONCE}, not {value!r:.40}"
        )
