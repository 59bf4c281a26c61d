"""What a damaged or hostile file looks like: a real one, changed by a seeded dice.

Every change is made of the random numbers alone, so that a case is told by its seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

__all__ = ["mutated"]

Change: TypeAlias = Callable[[Random, bytearray, "Sources"], None]

# what counts and lengths are when they lie
NUMBERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    1 << 20,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
)
WIDER = (*NUMBERS, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
DIGITS = (b"-1", b"0", b"99999999999", b"9" * 30, b"1e999", b"-0.0", b"9" * 5000)
DIGIT_RUN = re.compile(rb"\d+")
MOST_CHANGES = 6
LARGEST = 256 << 10
DEEP = (50, 200, 2000, 50_000)


class Sources:
    """What a change may take from: the other seeds of the reader, and words of its format."""

    def __init__(self, seeds: Sequence[bytes], words: Sequence[bytes]) -> None:
        self.seeds, self.words = seeds, words or (b"\0",)


def mutated(random: Random, seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> bytes:
    """One of the seeds with one to six changes."""
    data = bytearray(random.choice(seeds))
    sources = Sources(seeds, words)
    for _ in range(random.randint(1, MOST_CHANGES)):
        random.choice(CHANGES)(random, data, sources)
        del data[LARGEST:]
    return bytes(data)


def _place(random: Random, data: bytearray) -> int:
    """Anywhere; often near the ends, where headers and directories are."""
    if random.random() < 0.3:
        near = random.randint(0, min(64, len(data)))
        return near if random.random() < 0.5 else len(data) - near
    return random.randint(0, len(data))


def _span(random: Random, data: bytearray) -> slice:
    start = _place(random, data)
    longest = random.choice((4, 32, 512, len(data)))
    return slice(start, min(len(data), start + random.randint(1, longest + 1)))


def _flip(random: Random, data: bytearray, sources: Sources) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _byte(random: Random, data: bytearray, sources: Sources) -> None:
    at = _place(random, data)
    data[at : at + 1] = bytes((random.randrange(256),))


def _nudge(random: Random, data: bytearray, sources: Sources) -> None:
    if data:
        at = random.randrange(len(data))
        data[at] = (data[at] + random.randint(-8, 8)) & 0xFF


def _number(random: Random, data: bytearray, sources: Sources) -> None:
    """A length or an offset that lies."""
    width = random.choice((2, 4, 8))
    value = random.choice(WIDER) if random.random() < 0.7 else random.randrange(LARGEST)
    raw = (value & ((1 << 8 * width) - 1)).to_bytes(width, random.choice(("little", "big")))
    at = _place(random, data)
    data[at : at + width] = raw


def _digits(random: Random, data: bytearray, sources: Sources) -> None:
    """A number written in digits that lies."""
    found = DIGIT_RUN.search(data, _place(random, data))
    if found:
        data[found.start() : found.end()] = random.choice(DIGITS)


def _cut(random: Random, data: bytearray, sources: Sources) -> None:
    del data[_place(random, data) :]


def _drop(random: Random, data: bytearray, sources: Sources) -> None:
    del data[_span(random, data)]


def _double(random: Random, data: bytearray, sources: Sources) -> None:
    span = _span(random, data)
    at = span.stop if random.random() < 0.5 else _place(random, data)
    data[at:at] = bytes(data[span]) * random.choice((1, 1, 2, 16, 200))


def _move(random: Random, data: bytearray, sources: Sources) -> None:
    span = _span(random, data)
    chunk = bytes(data[span])
    at = _place(random, data)
    data[at : at + len(chunk)] = chunk


def _noise(random: Random, data: bytearray, sources: Sources) -> None:
    at = _place(random, data)
    fresh = random.randbytes(random.choice((1, 4, 16, 64)))
    data[at : at + random.choice((0, len(fresh)))] = fresh


def _word(random: Random, data: bytearray, sources: Sources) -> None:
    word = random.choice(sources.words)
    at = _place(random, data)
    data[at : at + random.choice((0, len(word)))] = word


def _nest(random: Random, data: bytearray, sources: Sources) -> None:
    """What a reader that calls itself would go down."""
    at = _place(random, data)
    data[at:at] = random.choice(sources.words) * random.choice(DEEP)


def _splice(random: Random, data: bytearray, sources: Sources) -> None:
    other = random.choice(sources.seeds)
    at = random.randint(0, len(other))
    data[_place(random, data) :] = other[at:]


CHANGES: tuple[Change, ...] = (
    *(_flip, _flip, _byte, _byte, _nudge, _number, _number, _number, _digits),
    *(_cut, _drop, _drop, _double, _move, _noise, _word, _word, _splice),
    _nest,
)
