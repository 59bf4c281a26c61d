"""A short run of what ``make fuzz`` does for long: the same inputs each time."""

from __future__ import annotations

from random import Random

import pytest
from damage import anywhere
from harness import Reader, cases, tried
from readers import WHOLE, readers

from neopack.errors import Malformed

SEED = 0
CASES = 200


@pytest.mark.parametrize("name", list(readers()))
def test_damaged_inputs(name: str) -> None:
    reader = readers()[name]
    least = 20 if reader.floor == WHOLE else 50
    numbers = range(max(least, int(CASES * reader.share)))
    found = {(f.kind, f.key): (f.what, f.data[:200]) for f in cases(reader, SEED, numbers)}
    assert found == {}


@pytest.mark.parametrize("name", list(readers()))
def test_cases_are_the_same_each_time(name: str) -> None:
    make = readers()[name].make
    assert make(Random("5")) == make(Random("5"))


def _raising(data: bytes) -> None:
    raise KeyError(data)


def _refusing(data: bytes) -> None:
    raise Malformed("broken", offset=0, where="here")


def _endless(data: bytes) -> None:
    while True:
        pass


def _greedy(data: bytes) -> None:
    assert bytearray(64 << 20)


@pytest.mark.parametrize(
    ("read", "kind"),
    [(_raising, "raised"), (_refusing, None), (_endless, "time"), (_greedy, "memory")],
)
def test_the_harness_sees(read: object, kind: str | None) -> None:
    assert callable(read)
    found = tried(Reader("r", anywhere((b"seed",)), read), b"seed")
    assert (found.kind if found else None) == kind
