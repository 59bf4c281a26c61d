"""Framework versions as the guide writes them: compared as far as both sides are written."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["at_least", "at_most", "major_minor", "order", "parts", "same"]


@lru_cache(maxsize=1024)
def parts(version: str) -> tuple[int, ...] | None:
    """Return (1, 13, 1) for ``1.13.1+cpu``, (2, 1, 6) for ``2.1.6-tf``, or None if it is not a
    version."""
    numbers = version.partition("+")[0].partition("-")[0].split(".")
    if not all(number.isascii() and number.isdecimal() for number in numbers):
        return None
    return tuple(int(number) for number in numbers)


def order(version: str) -> tuple[int, ...]:
    """Return a sort key; strings that are not versions come first."""
    return parts(version) or ()


def _common(version: str, other: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Both, cut to the shorter one's precision: 1.15 means any 1.15, as in FrameworkVersion."""
    left, right = parts(version), parts(other)
    if left is None or right is None:
        return None
    precision = min(len(left), len(right))
    return left[:precision], right[:precision]


def same(version: str, listed: str) -> bool:
    """Whether a version matches the listed one: 1.8.1 matches 1.8, and 1.15 matches 1.15.3."""
    pair = _common(version, listed)
    return pair is not None and pair[0] == pair[1]


def at_least(version: str, floor: str) -> bool:
    pair = _common(version, floor)
    return pair is not None and pair[0] >= pair[1]


def at_most(version: str, ceiling: str) -> bool:
    pair = _common(version, ceiling)
    return pair is not None and pair[0] <= pair[1]


def major_minor(version: str) -> str:
    """Return ``1.15`` for ``1.15.3``, as sent in FrameworkVersion; other strings unchanged."""
    numbers = parts(version)
    return ".".join(map(str, numbers[:2])) if numbers else version
