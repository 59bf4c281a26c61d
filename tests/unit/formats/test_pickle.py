"""neopack.formats.pickle: inert values, and what must be refused."""

from __future__ import annotations

import collections
import datetime as dt
import pickle
import struct
import subprocess
from typing import Any, Self

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.pickle import Global, Persistent, Pickle, PickledCall, read_pickle
from neopack.formats.source import BytesSource, Cursor


def parsed(data: bytes, limits: Limits | None = None) -> Pickle:
    return read_pickle(Cursor(BytesSource("p.pkl", data)), limits or Limits())


class Slotted:
    __slots__ = ("a",)
    a: int


class Plain:
    def __init__(self) -> None:
        self.a = [1]


class Keyed:
    def __new__(cls, *, a: int) -> Self:
        return super().__new__(cls)

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, int]]:
        return (), {"a": 1}


class Executes:
    def __reduce__(self) -> tuple[Any, tuple[list[str]]]:
        return subprocess.check_call, (["false"],)


@pytest.mark.parametrize("protocol", range(6))
def test_objects_become_calls(protocol: int) -> None:
    found = parsed(pickle.dumps(Plain(), protocol)).value
    assert isinstance(found, PickledCall)
    assert found.state == {"a": [1]}
    assert Global(__name__, "Plain") in parsed(pickle.dumps(Plain(), protocol)).globals


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_called(protocol: int) -> None:
    found = parsed(pickle.dumps(Executes(), protocol))
    module = "commands" if protocol < 3 else "subprocess"  # Python 2's name for it
    assert found.globals == (Global(module, "check_call"),)
    assert found.value.arguments == (["false"],)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_containers_that_are_filled(protocol: int) -> None:
    ordered = parsed(pickle.dumps(collections.OrderedDict(a=1, b=2), protocol)).value
    assert ordered.items == [("a", 1), ("b", 2)]
    queue = parsed(pickle.dumps(collections.deque([1, 2]), protocol)).value
    assert queue.appended == [1, 2]
    slotted = Slotted()
    slotted.a = 1
    assert parsed(pickle.dumps(slotted, protocol)).value.state == (None, {"a": 1})


def test_keywords_are_kept() -> None:
    found = parsed(pickle.dumps(Keyed(a=1), 4)).value
    assert (found.arguments, found.keywords) == ((), {"a": 1})


def test_persistent_ids() -> None:
    assert parsed(b"P17\n.").value == Persistent("17")
    assert parsed(b"\x80\x02(X\x07\0\0\0storageK\x01tQ.").value == Persistent(("storage", 1))


def test_sharing_and_cycles_survive() -> None:
    inner: list[Any] = []
    inner.append(inner)
    found = parsed(pickle.dumps([inner, inner])).value
    assert found[0] is found[1]
    assert found[0][0] is found[0]


def test_a_doubling_pickle_is_only_references() -> None:
    data = b"]" + b"q\x00" + b"".join(b"(h\0h\0lq\0" for _ in range(50)) + b"0" * 50 + b"."
    assert parsed(data).value == []


def test_several_pickles_in_one_file() -> None:
    cursor = Cursor(BytesSource("p", pickle.dumps(1) + pickle.dumps("two") + b"rest"))
    assert [read_pickle(cursor).value, read_pickle(cursor).value] == [1, "two"]
    assert cursor.take(4) == b"rest"


def test_python_2_strings() -> None:
    assert parsed(b"S'a\\x41'\np0\n.").value == "aA"
    assert parsed(b"U\x02\xc3\xa9.").value == "é"
    assert parsed(b"(S'k'\nI01\nd.").value == {"k": True}
    assert parsed(b"(iposix\nsystem\n.").value.function == Global("posix", "system")
    assert parsed(b"(cos\nsystem\nK\x01o.").value.arguments == (1,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"K",
        b"K\x01",
        b"\xff.",
        b".",
        b"K\x01K\x02.",
        b"(K\x01.",
        b"h\x00.",
        b"a.",
        b"u.",
        b"K\x01K\x02a.",
        b"}K\x01s.",
        b"}]K\x01s.",
        b"}(K\x01u.",
        b"NN\x93.",
        b"K\x01}b.",
        b"F1.x\n.",
        b"I1_x\n.",
        b"S'open\n.",
        b"X\x05\0\0\0ab.",
        b"X\x01\0\0\0\xff.",
        b"B\xff\xff\xff\xffab.",
        b"\x8e" + b"\xff" * 8 + b"ab.",
        b"\x8b\xff\xff\xff\xff.",
        b"L" + b"9" * 5000 + b"\n.",
        b"c" + b"a" * 5000,
        b"\x82\x01.",
        b"\x97.",
        b"c__builtin__\nset\nK\x01\x85R.",
        b"c__builtin__\nset\n(]lK\x01R.",
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises((Malformed, LimitExceeded)) as caught:
        parsed(data)
    assert caught.value.where == "p.pkl"


def test_the_offset_is_that_of_the_opcode() -> None:
    with pytest.raises(Malformed) as caught:
        parsed(b"\x80\x02K\x01K\x02a.")
    assert caught.value.offset == 6


def test_operations_depth_and_bytes_are_bounded() -> None:
    with pytest.raises(LimitExceeded, match="operations over"):
        parsed(b"N0" * 100 + b"N.", Limits(operations=50))
    with pytest.raises(LimitExceeded, match="depth"):
        parsed(b"(" * 200)
    with pytest.raises(LimitExceeded, match="record bytes"):
        parsed(pickle.dumps(bytes(5000)), Limits(record_bytes=1000))
    with pytest.raises(LimitExceeded, match="record bytes"):
        parsed(
            pickle.dumps(["x" * 100] * 5 + [str(n) * 99 for n in range(30)]),
            Limits(record_bytes=999),
        )


def test_nesting_without_marks_needs_no_recursion() -> None:
    value = parsed(b")" + b"\x85" * 100_000 + b".").value
    for _ in range(100_000):
        (value,) = value
    assert value == ()


def test_keys_that_would_hang_or_crash_the_hash_are_refused() -> None:
    doubling = b")" + b"\x85" + b"2\x86" * 40  # 2 ** 40 members to hash
    deep = b")" + b"\x85" * 100_000
    for key in (doubling, deep, b"\x8a\x09" + b"\xff" * 8 + b"\x7f"):
        with pytest.raises(Malformed, match="key"):
            parsed(b"}" + key + b"Ns.")


def test_copies_of_what_is_shared_are_work_too() -> None:
    shared = (
        b"c__builtin__\nset\nq\x00]("
        + b"".join(b"J" + struct.pack("<i", n) for n in range(1000))
        + b"e\x85q\x01"
    )
    again = b"h\x00h\x01R0" * 1000
    with pytest.raises(LimitExceeded, match="operations"):
        parsed(shared + again + b".", Limits(operations=100_000))


def test_dates_and_other_calls_stay_calls() -> None:
    found = parsed(pickle.dumps(dt.date(2020, 1, 2))).value
    assert found.function == Global("datetime", "date")
