"""Any plain value, pickled by any protocol, is read back equal."""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import NeopackError
from neopack.formats.pickle import read_pickle
from neopack.formats.source import BytesSource, Cursor

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**600), 2**600)
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary()
    | st.binary().map(bytearray)
)
KEYS = st.text() | st.integers(-(2**63), 2**63 - 1) | st.binary() | st.tuples(st.text(), st.none())
VALUES = st.recursive(
    SCALARS | st.sets(KEYS) | st.frozensets(KEYS),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.lists(inner).map(tuple),
    max_leaves=30,
)


@given(VALUES, st.integers(0, 5))
def test_plain_values(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    found = read_pickle(Cursor(BytesSource("p", data)))
    assert found.value == value
    assert type(found.value) is type(value)
    assert found.end == len(data)


@given(VALUES, st.integers(0, 5), st.data())
def test_damage_raises_only_our_errors(value: Any, protocol: int, draw: st.DataObject) -> None:
    data = bytearray(pickle.dumps(value, protocol))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with suppress(NeopackError):
        read_pickle(Cursor(BytesSource("p", bytes(data))))


@given(st.binary(max_size=200))
def test_noise_raises_only_our_errors(data: bytes) -> None:
    with suppress(NeopackError):
        read_pickle(Cursor(BytesSource("p", data + b".")))
