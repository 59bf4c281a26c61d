"""What the long runs found, each with the least input that showed it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import doors
import pytest
from damage import anywhere, zip_of
from harness import Reader, tried
from readers import readers

from neopack.errors import Malformed, UsageError

FOLDER = Path(__file__).parent / "found"
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
    # a setting is the user's own: a broken one is wrong use
    with pytest.raises((Malformed, UsageError)):
        read(data)
    assert tried(Reader(name, anywhere((data,)), read), data) is None


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_what_was_kept(path: Path) -> None:
    reader = readers()[path.name.partition("-")[0].replace("_", " ")]
    assert tried(reader, path.read_bytes()) is None


def test_keys_of_very_many_parts() -> None:
    for count in (3000, 16_000, 60_000):
        data = b"a" + b".b" * count + b" = 1"
        assert tried(Reader("settings", anywhere((data,)), doors.settings), data) is None


def test_an_odd_escape_in_a_string_of_the_call_is_nobodys_warning() -> None:
    data = rb'"\B"'
    assert tried(Reader("strings", anywhere((data,)), doors.strings), data) is None
