"""neopack.formats.zip: what zipfile writes, and what must be refused."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource
from neopack.formats.zip import ZipDirectory, first_name, read_directory

CONTENTS = {"m/a": b"stored", "m/b": b"deflated " * 100, "m/c": b""}


def made(contents: dict[str, bytes] = CONTENTS, comment: bytes = b"") -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            method = zipfile.ZIP_DEFLATED if content.startswith(b"def") else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name), content, method)
        archive.comment = comment
    return bytearray(buffer.getvalue())


def opened(data: bytes | bytearray, limits: Limits | None = None) -> ZipDirectory:
    return read_directory(BytesSource("z.zip", bytes(data)), limits or Limits())


def central(data: bytes | bytearray, nth: int = 0) -> int:
    """Where the nth entry of the central directory is."""
    at = -1
    for _ in range(nth + 1):
        at = bytes(data).index(b"PK\x01\x02", at + 1)
    return at


def test_records_and_contents() -> None:
    directory = opened(made(comment=b"PK\x05\x06 is no end"[8:]))
    assert {name: directory.read(name) for name in directory.records} == CONTENTS
    record = directory.records["m/b"]
    assert (record.size, record.method) == (900, 8)
    assert record.compressed_size < 100


def test_read_many_goes_forward() -> None:
    assert [name for name, _ in opened(made()).read_many(["m/c", "m/a", "m/b"])] == list(CONTENTS)


def test_first_name_needs_no_directory() -> None:
    assert first_name(BytesSource("z", bytes(made()[:40]))) == "m/a"
    assert first_name(BytesSource("z", b"PK\x03")) == ""


def test_zip64() -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as archive,
        archive.open("big", "w", force_zip64=True) as out,
    ):
        out.write(b"content")
    data = bytearray(buffer.getvalue())
    at = central(data)
    size, offset, crc = 7, 0, data[at + 16 : at + 20]
    extra = struct.pack("<2H3Q", 1, 24, size, size, offset)
    entry = b"PK\x01\x02" + data[at + 4 : at + 16] + crc + b"\xff" * 8
    entry += struct.pack("<5H2I", 3, len(extra), 0, 0, 0, 0, 0xFFFFFFFF) + b"big" + extra
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(entry), at)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at + len(entry), 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    whole = bytes(data[:at]) + entry + end64 + locator + end
    assert zipfile.ZipFile(io.BytesIO(whole)).read("big") == b"content"
    assert opened(whole).read("big") == b"content"
    with pytest.raises(Malformed, match="zip64"):
        opened(whole.replace(b"PK\x06\x07", b"PK\x06\x00"))
    with pytest.raises(Malformed, match="zip64 field"):
        opened(whole.replace(struct.pack("<2H", 1, 24), struct.pack("<2H", 9, 24)))


@pytest.mark.parametrize("kept", [0, 10, 60, 200, -1, -23])
def test_cut_short(kept: int) -> None:
    with pytest.raises(Malformed):
        opened(made()[:kept])


def test_a_wrong_crc_is_refused_and_none_is_not() -> None:
    data = made()
    data[data.index(b"stored")] ^= 1
    with pytest.raises(Malformed, match="CRC"):
        opened(data).read("m/a")
    at = central(data)
    data[at + 16 : at + 20] = bytes(4)  # torch can be told to compute none
    assert opened(data).read("m/a") == b"rtored"


def test_names_may_not_repeat() -> None:
    with pytest.raises(Malformed, match="two records are called"):
        opened(made().replace(b"m/b", b"m/a"))


def test_the_local_header_must_agree() -> None:
    data = made()
    data[data.index(b"m/a")] = ord("x")
    with pytest.raises(Malformed, match="another name"):
        opened(data).read("m/a")
    data[0] = 0
    with pytest.raises(Malformed, match="no local header"):
        opened(data).read("m/a")


def test_records_may_not_overlap() -> None:
    data = made()
    at = central(data, 1)
    data[at + 42 : at + 46] = bytes(4)
    with pytest.raises(Malformed, match="overlaps"):
        opened(data)
    data = made()
    at = central(data)
    data[at + 20 : at + 28] = struct.pack("<2I", 400, 400)
    with pytest.raises(Malformed, match="overlaps"):
        opened(data)


def test_the_local_extra_field_may_not_push_data_into_the_next() -> None:
    data = made()
    data[28:30] = struct.pack("<H", 50)
    with pytest.raises(Malformed, match="into the next"):
        opened(data).read("m/a")


@pytest.mark.parametrize(("field", "value", "said"), [(8, 1, "encrypted"), (10, 12, "method 12")])
def test_what_cannot_be_read_is_named(field: int, value: int, said: str) -> None:
    data = made()
    at = central(data, 1)
    data[at + field : at + field + 2] = struct.pack("<H", value)
    with pytest.raises(Malformed, match=said):
        opened(data).read("m/b")


def test_sizes_must_hold() -> None:
    data = made()
    at = central(data, 1)
    for size in (899, 901, 5_000_000):
        data[at + 24 : at + 28] = struct.pack("<I", size)
        with pytest.raises(Malformed):
            opened(data).read("m/b")
    at = central(data)
    data[at + 24 : at + 28] = struct.pack("<I", 5)
    with pytest.raises(Malformed, match="two sizes"):
        opened(data)


def test_a_bomb_is_not_inflated() -> None:
    data = made({"bomb": b"def" + bytes(3 << 20)})
    with pytest.raises(LimitExceeded, match="record bytes"):
        opened(data, Limits(record_bytes=1 << 20)).read("bomb")
    at = central(data)
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    with pytest.raises(Malformed, match="declared"):
        opened(data).read("bomb")


def test_counts_and_names_are_bounded() -> None:
    with pytest.raises(LimitExceeded, match="zip records"):
        opened(made(), Limits(zip_records=2))
    with pytest.raises(LimitExceeded, match="name bytes"):
        opened(made(), Limits(name_bytes=2))
