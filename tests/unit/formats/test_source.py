"""Files, bytes, tails and cursors."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.errors import Malformed
from neopack.formats.source import BytesSource, Cursor, FileSource, TailSource

DATA = bytes(range(256)) * 1000


class Counting(BytesSource):
    """Remembers what was read, to show what a reader touches."""

    def __init__(self, data: bytes) -> None:
        super().__init__("counting", data)
        self.reads: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        return super().read(offset, length)


def test_a_file_is_read_at_any_place(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(DATA)
    with FileSource(path) as source:
        assert (source.name, source.size) == (str(path), len(DATA))
        assert source.read(300, 4) == DATA[300:304]
        assert source.read(len(DATA) - 2, 10) == DATA[-2:]
        assert source.read(len(DATA) + 5, 10) == b""
    with pytest.raises(OSError, match="descriptor"):
        source.read(0, 1)


def test_a_tail_is_read_once() -> None:
    counting = Counting(DATA)
    tail = TailSource(counting, 1000)
    assert tail.read(len(DATA) - 700, 300) == DATA[-700:-400]
    assert tail.read(len(DATA) - 10, 100) == DATA[-10:]
    assert len(counting.reads) == 1
    assert tail.read(5, 5) == DATA[5:10]
    assert tail.read(len(DATA) - 1005, 10) == DATA[-1005:-995]


def test_a_cursor_takes_bytes_forward() -> None:
    cursor = Cursor(BytesSource("d", DATA), 10)
    assert (cursor.byte(), cursor.take(3), cursor.position) == (10, DATA[11:14], 14)
    cursor.skip(100_000)
    assert cursor.take(20_000) == DATA[100_014:120_014]
    cursor.seek(5)
    assert cursor.byte() == 5
    assert cursor.left == len(DATA) - 6


def test_skipping_reads_little() -> None:
    counting = Counting(bytes(10 << 20))
    cursor = Cursor(counting)
    for _ in range(10):
        cursor.take(8)
        cursor.skip(1 << 20 >> 1)
    assert sum(length for _, length in counting.reads) < 100_000


def test_a_cursor_stops_at_its_end() -> None:
    cursor = Cursor(BytesSource("d", b"0123456789"), 2, 6)
    assert cursor.take(4) == b"2345"
    for wanted in (lambda: cursor.byte(), lambda: cursor.take(1), lambda: cursor.skip(1)):
        with pytest.raises(Malformed, match="too early") as caught:
            wanted()
        assert (caught.value.offset, caught.value.where) == (6, "d")


def test_lines_are_bounded() -> None:
    cursor = Cursor(BytesSource("d", b"one\n\ntwo\nno end"))
    assert [cursor.line(10) for _ in range(3)] == [b"one", b"", b"two"]
    with pytest.raises(Malformed, match="without an end"):
        cursor.line(10)
    with pytest.raises(Malformed, match="longer than 2"):
        Cursor(BytesSource("d", b"abcdef\n")).line(2)
