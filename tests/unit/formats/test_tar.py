"""neopack.formats.tar against tarfile, and what it refuses."""

from __future__ import annotations

import io
import tarfile

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats import tar
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource, Cursor


def made(*members: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytearray:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return bytearray(buffer.getvalue())


def member(
    name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


def listed(data: bytes | bytearray, limits: Limits | None = None) -> list[tar.TarEntry]:
    cursor = Cursor(BytesSource("t.tar", bytes(data)))
    return list(tar.entries(cursor, limits or Limits()))


def with_checksum(data: bytearray, at: int = 0) -> bytearray:
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    return data


def test_data_is_where_offset_says() -> None:
    data = made(member("a", 700), member("b", 3))
    first, second = listed(data)
    assert data[first.offset : first.offset + 700] == b"x" * 700
    assert (second.name, second.size) == ("b", 3)
    assert data[second.offset : second.offset + 3] == b"xxx"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (tarfile.DIRTYPE, "directory"),
        (tarfile.SYMTYPE, "symlink"),
        (tarfile.LNKTYPE, "hardlink"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.FIFOTYPE, "fifo"),
        (tarfile.CONTTYPE, "file"),
        (b"Z", "other"),
    ],
)
def test_kinds(kind: bytes, expected: str) -> None:
    assert listed(made(member("a", kind=kind, link="to")))[0].kind == expected


def test_unsafe_names_are_reported_as_they_stand() -> None:
    names = ["../up", "/absolute", "a/../b", "a\\b"]
    assert [e.name for e in listed(made(*map(member, names)))] == names


@pytest.mark.parametrize(
    "number", [b"-0000000007\0", b"+0000000007\0", b"0000_000007\0", b"0o700000007\0"]
)
def test_a_size_is_plain_octal(number: bytes) -> None:
    data = made(member("a", 7))
    data[124:136] = number
    with pytest.raises(Malformed, match="octal") as caught:
        listed(with_checksum(data))
    assert caught.value.offset == 124


def test_a_negative_base_256_size_is_refused() -> None:
    data = made(member("a", 7))
    data[124:136] = b"\xff" * 12
    with pytest.raises(Malformed, match="negative"):
        listed(with_checksum(data))


def test_a_size_beyond_the_end_is_refused() -> None:
    data = made(member("a", 7))
    data[124:136] = b"\x80" + (1 << 60).to_bytes(11, "big")
    with pytest.raises(Malformed, match="too early"):
        listed(with_checksum(data))


def test_a_wrong_checksum_is_refused() -> None:
    data = made(member("a"))
    data[0] ^= 1
    with pytest.raises(Malformed, match="checksum"):
        listed(data)


@pytest.mark.parametrize("record", [b"30 path=short\n", b"x path=a\n", b"9 path=a", b"7 path\n"])
def test_pax_records_must_add_up(record: bytes) -> None:
    data = made(member("x", len(record), tarfile.XHDTYPE), member("a"))
    data[512 : 512 + len(record)] = record
    data[156:157] = b"x"
    with pytest.raises(Malformed, match="pax"):
        listed(with_checksum(data))


def test_a_global_header_holds_for_all_members_and_its_own_wins() -> None:
    buffer = io.BytesIO()
    pax = {"comment": "all"}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=pax) as t:
        own = member("b")
        own.pax_headers = {"comment": "own"}
        t.addfile(member("a"))
        t.addfile(own)
    assert [e.pax["comment"] for e in listed(buffer.getvalue())] == ["all", "own"]


def test_members_names_and_extensions_are_bounded() -> None:
    long = made(member("n" * 5000))
    with pytest.raises(LimitExceeded, match="name bytes"):
        listed(long)
    with pytest.raises(LimitExceeded, match="pax bytes"):
        listed(long, Limits(pax_bytes=1000))
    with pytest.raises(LimitExceeded, match="members"):
        listed(made(member("a"), member("b")), Limits(members=1))


def test_a_global_header_with_many_fields_is_refused() -> None:
    buffer = io.BytesIO()
    pax = {f"k{n}": "v" for n in range(300)}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=pax) as t:
        t.addfile(member("a"))
    with pytest.raises(Malformed, match="too many"):
        listed(buffer.getvalue())
