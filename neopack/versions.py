"""Framework versions as the guide writes them: compared as far as both sides are written."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["at_least", "at_most", "major_minor", "order", "parts", "same"]


@lru_cache(maxsize=1024)
def parts(version: str) -> tuple[int, ...] | None:
    """``1.13.1+cpu`` as (1, 13, 1); None where it is no version."""
    numbers = version.partition("+")[0].split(".")
    if not all(number.isascii() and number.isdecimal() for number in numbers):
        return None
    return tuple(int(number) for number in numbers)


def order(version: str) -> tuple[int, ...]:
    """A key to sort by; what is no version comes first."""
    return parts(version) or ()


def _common(version: str, other: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Both to the shorter one's precision: 1.15 means any 1.15, as FrameworkVersion does."""
    left, right = parts(version), parts(other)
    if left is None or right is None:
        return None
    precision = min(len(left), len(right))
    return left[:precision], right[:precision]


def same(version: str, listed: str) -> bool:
    """Whether a version is the listed one: 1.8.1 is 1.8, and 1.15 is 1.15.3."""
    pair = _common(version, listed)
    return pair is not None and pair[0] == pair[1]


def at_least(version: str, floor: str) -> bool:
    pair = _common(version, floor)
    return pair is not None and pair[0] >= pair[1]


def at_most(version: str, ceiling: str) -> bool:
    pair = _common(version, ceiling)
    return pair is not None and pair[0] <= pair[1]


def major_minor(version: str) -> str:
    """``1.15.3`` as FrameworkVersion is sent: ``1.15``; what is no version as it is."""
    found = parts(version)
    return ".".join(map(str, found[:2])) if found else version
