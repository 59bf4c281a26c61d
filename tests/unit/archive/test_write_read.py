"""What is written reads back the same: by tarfile, by our scan, from any place in any order."""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.archive.read import HEAD, TAIL, MemberSource, extract_member, scan
from neopack.archive.write import Written, write_archive
from neopack.errors import Malformed, OutputError, UsageError
from neopack.values.model import Member

PART = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\\"),
    min_size=1,
    max_size=60,
).filter(lambda text: text not in (".", ".."))
NAMES = st.lists(PART, min_size=1, max_size=4).map("/".join)
CONTENTS = st.one_of(st.binary(max_size=2000), st.integers(0, 3000).map(lambda size: bytes(size)))
# a name that is a directory of another cannot lie on disk: we keep contents by number
FILES = st.dictionaries(NAMES, CONTENTS, max_size=6)


def write(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    level: int = 1,
    directories: tuple[str, ...] = (),
    reverse: bool = False,
) -> tuple[Path, Written]:
    members = []
    for number, (name, content) in enumerate(sorted(files.items(), reverse=reverse)):
        source = folder / f"content-{number}"
        source.write_bytes(content)
        members.append(Member(name=name, path=source))
    path = folder / f"{level}.tar.gz"
    with path.open("wb") as stream:
        written = write_archive(stream, members, level=level, directories=directories)
    return path, written


@given(files=FILES, level=st.integers(0, 9))
def test_any_files_read_back_the_same(files: dict[str, bytes], level: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        path, written = write(Path(name), files, level=level)
        raw = path.read_bytes()
        with tarfile.open(path) as tar:
            read = {e.name: (tar.extractfile(e) or io.BytesIO()).read() for e in tar}
        scanned = scan(path)
    assert read == files
    assert list(scanned.file_names()) == sorted(files)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert dict(scanned.digests) == digests
    assert {member.name: member.sha256 for member in written.members} == digests
    assert written.sha256 == scanned.sha256 == hashlib.sha256(raw).hexdigest()
    content = gzip.decompress(raw)
    assert written.content_sha256 == hashlib.sha256(content).hexdigest()
    assert scanned.content_sha256 == written.content_sha256
    assert (written.bytes, scanned.archive_bytes) == (len(raw), len(raw))
    assert scanned.content_bytes == len(content)


@given(files=FILES)
def test_the_order_of_members_and_the_level_do_not_change_the_content(
    files: dict[str, bytes],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        one, first = write(Path(name), files)
        before = one.read_bytes()
        two, _ = write(Path(name), files, reverse=True)
        assert two.read_bytes() == before
        _, stored = write(Path(name), files, level=0)
    assert stored.content_sha256 == first.content_sha256


def test_neither_time_nor_name_is_in_it(tmp_path: Path) -> None:
    path, _ = write(tmp_path, {"a": b"a"}, directories=("saved/",))
    head = path.read_bytes()[:10]
    assert head[3] == 0, "no name"
    assert head[4:8] == bytes(4), "no time"
    with tarfile.open(path) as tar:
        a, saved = tar.getmembers()
    assert (a.mode, saved.mode, saved.isdir()) == (0o644, 0o755, True)
    assert {(e.mtime, e.uid, e.gid, e.uname, e.gname) for e in (a, saved)} == {(0, 0, 0, "", "")}


def test_source_date_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1600000000")
    path, _ = write(tmp_path, {"a": b"a"})
    with tarfile.open(path) as tar:
        assert tar.getmember("a").mtime == 1600000000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        write(tmp_path, {"a": b"a"})


@pytest.mark.parametrize(
    ("name", "pax"),
    [
        ("model.pth", False),
        ("d" * 150 + "/" + "n" * 100, False),
        ("n" * 101, True),
        ("modèle.pth", True),
        ("d" * 300 + "/a", True),
    ],
)
def test_ustar_wherever_it_can_say_the_name(tmp_path: Path, name: str, pax: bool) -> None:
    path, _ = write(tmp_path, {name: b"content"})
    content = gzip.decompress(path.read_bytes())
    assert (content[156:157] == b"x") is pax
    assert scan(path).file_names() == (name,)
    with tarfile.open(path) as tar:
        assert tar.getnames() == [name]


@pytest.mark.parametrize("level", [-1, 10])
def test_a_level_that_is_none(tmp_path: Path, level: int) -> None:
    with pytest.raises(UsageError, match="between 0 and 9"):
        write(tmp_path, {"a": b""}, level=level)


def test_two_members_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    twice = [Member(name="a", path=tmp_path / "a")] * 2
    with pytest.raises(OutputError, match="same name"):
        write_archive(io.BytesIO(), twice)


# --- reading --------------------------------------------------------------------------------


def test_a_gzip_of_several_members(tmp_path: Path) -> None:
    """As pigz and ``cat`` make them; zero padding behind it is a tape's."""
    path, written = write(tmp_path, {"a": b"a" * 3000, "b": b"b"})
    content = gzip.decompress(path.read_bytes())
    parts = (content[:700], b"", content[700:])
    path.write_bytes(b"".join(gzip.compress(part) for part in parts) + bytes(512))
    scanned = scan(path)
    assert scanned.content_sha256 == written.content_sha256
    with MemberSource(scanned, "a") as source:
        assert source.read(0, 3000) == b"a" * 3000


@pytest.mark.parametrize("behind", [b"more", b"\x1f\x8bmore"])
def test_data_behind_the_gzip(tmp_path: Path, behind: bytes) -> None:
    path, _ = write(tmp_path, {"a": b"a"})
    path.write_bytes(path.read_bytes() + behind)
    with pytest.raises(Malformed):
        scan(path)


def test_data_behind_the_tar(tmp_path: Path) -> None:
    path, _ = write(tmp_path, {"a": b"a"})
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content + bytes(9000)))
    scan(path)
    path.write_bytes(gzip.compress(content + bytes(9000) + b"hidden"))
    with pytest.raises(Malformed, match="after the end of the tar"):
        scan(path)


@pytest.mark.parametrize("cut", [1, 8, 20, 200])
def test_a_cut_anywhere_is_noticed(tmp_path: Path, cut: int) -> None:
    path, _ = write(tmp_path, {"a": bytes(range(256)) * 40})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(Malformed, match="cut short"):
        scan(path)


def test_a_wrong_checksum_is_noticed(tmp_path: Path) -> None:
    path, _ = write(tmp_path, {"a": b"a"})
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(Malformed, match="damaged"):
        scan(path)


scan_once = functools.cache(scan)
LARGE = HEAD + TAIL + (1 << 20)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A member larger than its kept head and tail together, between two others."""
    content = b"".join(number.to_bytes(4, "big") for number in range(LARGE // 4))
    folder = tmp_path_factory.mktemp("large")
    path, _ = write(folder, {"a": b"first", "model": content, "z": b"last"})
    return path, content


@given(
    reads=st.lists(
        st.tuples(st.integers(0, LARGE + 10), st.integers(0, 100_000)), min_size=1, max_size=4
    )
)
def test_any_place_in_any_order(large: tuple[Path, bytes], reads: list[tuple[int, int]]) -> None:
    path, content = large
    with MemberSource(scan_once(path), "model") as source:
        assert source.size == len(content)
        for offset, length in reads:
            assert source.read(offset, length) == content[offset : offset + length]


def test_a_member_is_extracted_to_a_place_of_our_choosing(
    large: tuple[Path, bytes], tmp_path: Path
) -> None:
    path, content = large
    to = extract_member(scan_once(path), "model", tmp_path / "out")
    assert to.read_bytes() == content
