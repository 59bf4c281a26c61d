"""Sparse members, as GNU tar writes them, are read as Python's tarfile extracts them."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from neopack.archive.read import MemberSource, extract_members, scan
from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.sparse import pax_map, read_sparse

TAR = shutil.which("tar") or ""
FORMATS = {
    "gnu": ["--format=gnu"],
    "pax 0.0": ["--format=pax", "--sparse-version=0.0"],
    "pax 0.1": ["--format=pax", "--sparse-version=0.1"],
    "pax 1.0": ["--format=pax", "--sparse-version=1.0"],
}
gnu_tar = pytest.mark.skipif(
    not TAR or b"GNU" not in subprocess.run([TAR, "--version"], capture_output=True).stdout,
    reason="needs GNU tar",
)


@pytest.fixture
def holey(tmp_path: Path) -> Path:
    """A file of data and holes: more pieces than one header holds, and a hole at its end."""
    draw, path = random.Random(3), tmp_path / "data.bin"
    with path.open("wb") as stream:
        for _ in range(60):
            stream.write(os.urandom(draw.choice([4096, 8192, 100, 5000])))
            stream.seek(draw.choice([0, 4096 * 3, 100_000]), os.SEEK_CUR)
        stream.truncate(stream.tell() + 50_000)
    return path


def packed(file: Path, options: list[str]) -> Path:
    to = file.with_name("sparse.tar.gz")
    command: list[str | Path] = [TAR, "-S", *options, "-czf", to, "-C", file.parent, file.name]
    subprocess.run(command, check=True)
    return to


@gnu_tar
@pytest.mark.parametrize("name", FORMATS)
def test_what_gnu_tar_writes_is_read_as_tarfile_extracts_it(name: str, holey: Path) -> None:
    archive = packed(holey, FORMATS[name])
    with tarfile.open(archive) as tar:
        extracted = tar.extractfile("data.bin")
        assert extracted is not None
        data = extracted.read()
    assert data == holey.read_bytes()
    scanned = scan(archive)
    (entry,) = scanned.entries
    assert (entry.name, entry.kind, entry.size) == ("data.bin", "file", len(data))
    assert entry.stored < entry.size
    assert scanned.digests[entry.name] == hashlib.sha256(data).hexdigest()
    with MemberSource(scanned, entry.name) as member:
        for start, length in [(0, 10), (99_000, 250_000), (5000, 1), (len(data) - 9, 9)]:
            assert member.read(start, length) == data[start : start + length]
    to = holey.with_name("extracted")
    extract_members(scanned, {entry.offset: to})
    assert to.read_bytes() == data


@gnu_tar
def test_what_follows_a_sparse_member_is_found(holey: Path) -> None:
    after = holey.with_name("z.txt")
    after.write_text("after")
    archive = holey.with_name("both.tar.gz")
    command: list[str | Path] = [
        TAR,
        "-S",
        "-czf",
        archive,
        "-C",
        holey.parent,
        holey.name,
        after.name,
    ]
    subprocess.run(command, check=True)
    scanned = scan(archive)
    assert scanned.file_names() == ("data.bin", "z.txt")
    assert scanned.heads["z.txt"] == b"after"


@gnu_tar
def test_holes_count_as_content(tmp_path: Path) -> None:
    """A kilobyte that stands for a terabyte."""
    huge = tmp_path / "huge.bin"
    with huge.open("wb") as stream:
        stream.truncate(1 << 40)
    archive = packed(huge, [])
    with pytest.raises(LimitExceeded, match="content bytes 10995116"):
        scan(archive)
    with huge.open("r+b") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(LimitExceeded, match="expands to more than 200 times"):
        scan(packed(huge, []))
    assert scan(packed(huge, []), Limits(ratio=1 << 30)).entries[0].size == 1 << 30


class Stream:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def read_exactly(self, length: int) -> bytes:
        part, self._data = self._data[:length], self._data[length:]
        return part.ljust(length, b"x")


@pytest.mark.parametrize(
    "pax",
    [
        {"GNU.sparse.map": "0,5,3,5", "GNU.sparse.size": "20"},
        {"GNU.sparse.map": "0,5,18,5", "GNU.sparse.size": "20"},
        {"GNU.sparse.map": "a,b", "GNU.sparse.size": "20"},
        {"GNU.sparse.map": "0,5"},
        {"GNU.sparse.major": "1", "GNU.sparse.realsize": "20"},
    ],
)
def test_a_map_that_does_not_add_up_is_refused(pax: dict[str, str]) -> None:
    with pytest.raises(Malformed, match="sparse"):
        pax_map(pax, Stream(b""))


def test_zeros_stand_between_the_pieces() -> None:
    sparse = pax_map({"GNU.sparse.map": "2,3,7,1", "GNU.sparse.size": "10"}, Stream(b""))
    assert sparse is not None
    whole = b"".join(read_sparse(sparse, 0, 99, lambda at, length: b"abcd"[at : at + length]))
    assert whole == b"\0\0abc\0\0d\0\0"
