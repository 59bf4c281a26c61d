"""JSON documents of strangers: parsed after a look at what their values would cost.

An empty object takes two bytes in a file and seventy in memory, so the size of a document says
little. Its commas and brackets are counted first, which is a thousand times cheaper than parsing.
"""

from __future__ import annotations

import json
import math

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.values.json import AnyJson

__all__ = ["TooLong", "read_json", "whole_number"]

# bytes of CPython's values, by the sign that each has: a place in a list with a number or a short
# text; a list; an object of one key; the key and its place
COSTS = {",": 40, "[": 64, "{": 184, ":": 60}
# so many values are parsed, and then looked at, in the time of one operation
VALUES = 4
# of a whole number; Python converts no more
DIGITS = 4300


def read_json(
    data: bytes | str, where: str, limits: Limits = DEFAULT_LIMITS, *, finite: bool = False
) -> AnyJson:
    """Raises ``Malformed`` for what is not JSON, with the offset, or nested too deeply, and with
    ``finite`` for NaN and infinity; ``LimitExceeded`` before too much is made of it."""
    budget, counts = limits.begun(len(data)), dict(_counts(data))
    budget.spend(sum(counts.values()) // VALUES, where)
    budget.hold(len(data) + sum(COSTS[sign] * count for sign, count in counts.items()), where)
    try:
        if finite:
            return json.loads(
                data, parse_int=whole_number, parse_float=_finite, parse_constant=_finite
            )
        return json.loads(data, parse_int=whole_number)
    except RecursionError:
        raise Malformed("is not JSON: nested too deeply", where=where) from None
    except (TooLong, NotFinite) as error:
        raise Malformed(f"is not JSON that can be used: {error}", where=where) from None
    except ValueError as error:
        offset = getattr(error, "pos", getattr(error, "start", None))
        raise Malformed(f"is not JSON: {error}", offset=offset, where=where) from None


class TooLong(ValueError):
    """A whole number of more digits than are converted."""


class NotFinite(ValueError):
    """NaN, infinity, or what is too large for a float."""


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotFinite(f"{text} is not a finite number")
    return number


def whole_number(digits: str) -> int:
    """Raises ``TooLong``, since converting takes time by the square of the digits."""
    if len(digits) > DIGITS:
        raise TooLong(f"a number of {len(digits)} digits, more than {DIGITS}")
    return int(digits)


def _counts(data: bytes | str) -> list[tuple[str, int]]:
    if isinstance(data, str):
        return [(sign, data.count(sign)) for sign in COSTS]
    return [(sign, data.count(sign.encode())) for sign in COSTS]
