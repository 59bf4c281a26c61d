"""What the long runs found, each with the least input that showed it."""

from __future__ import annotations

from collections.abc import Callable

import doors
import pytest
from damage import anywhere, zip_of
from harness import Reader, tried

from neopack.errors import Malformed

DEEP = b"[" * 100_000
HEADER = b"\x93NUMPY\x01\x00\x14\x00{'descr': '<f4', (\n ("

FOUND: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "a manifest nested deeply": (doors.manifests, DEEP),
    "a receipt nested deeply": (doors.receipts, DEEP),
    "settings nested deeply": (doors.settings, b"a = " + DEEP),
    "golden numbers that are no .npy": (doors.goldens, zip_of({"a.npy": b"\x93N"})),
    "golden numbers with half a header": (doors.goldens, zip_of({"a.npy": HEADER})),
    "golden numbers encrypted": (
        doors.goldens,
        zip_of({"a.npy": b"x"}).replace(b"\0\x08", b"\1\x08"),
    ),
    "golden numbers compressed in an odd way": (
        doors.goldens,
        zip_of({"a.npy": b"x"}).replace(b"\0\x08\0\0", b"\0\x08\x63\0"),
    ),
}


@pytest.mark.parametrize("name", list(FOUND))
def test_is_refused(name: str) -> None:
    read, data = FOUND[name]
    with pytest.raises(Malformed):
        read(data)
    assert tried(Reader(name, anywhere((data,)), read), data) is None


def test_an_odd_escape_in_a_string_of_the_call_is_nobodys_warning() -> None:
    data = rb'"\B"'
    assert tried(Reader("strings", anywhere((data,)), doors.strings), data) is None
