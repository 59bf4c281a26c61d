"""Any names and contents that zipfile writes are read back."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import NeopackError
from neopack.formats.source import BytesSource, FileSource
from neopack.formats.zip import read_directory
from neopack.formats.zip_write import ALIGNMENT, StoredZip

NAMES = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=60
)
CONTENTS = st.dictionaries(NAMES, st.tuples(st.binary(max_size=500), st.booleans()), max_size=6)


def written(contents: dict[str, tuple[bytes, bool]], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, (content, deflate) in contents.items():
            method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name), content, method)
        archive.comment = comment
    return buffer.getvalue()


@given(CONTENTS, st.binary(max_size=300).filter(lambda comment: b"PK" not in comment))
def test_reads_what_zipfile_writes(
    contents: dict[str, tuple[bytes, bool]], comment: bytes
) -> None:
    directory = read_directory(BytesSource("z", written(contents, comment)))
    expected = {name: content for name, (content, _) in contents.items()}
    assert dict(directory.read_many(directory.records)) == expected


@given(CONTENTS, st.data())
def test_damage_raises_only_our_errors(
    contents: dict[str, tuple[bytes, bool]], draw: st.DataObject
) -> None:
    data = bytearray(written(contents))
    for _ in range(draw.draw(st.integers(1, 5))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    kept = draw.draw(st.integers(len(data) // 2, len(data)))
    with suppress(NeopackError):
        directory = read_directory(BytesSource("z", bytes(data[:kept])))
        list(directory.read_many(directory.records))


@given(st.dictionaries(NAMES, st.binary(max_size=500), max_size=6))
def test_what_is_written_is_read_back(contents: dict[str, bytes]) -> None:
    """By our reader and by zipfile, and the data lies where PyTorch maps it from."""
    buffer = io.BytesIO()
    with StoredZip(buffer) as archive:
        for name, content in contents.items():
            archive.add(name, len(content), [content[:100], content[100:]])
    directory = read_directory(BytesSource("z", buffer.getvalue()))
    assert dict(directory.read_many(directory.records)) == contents
    assert all(directory.data_offset(name) % ALIGNMENT == 0 for name in contents)
    with zipfile.ZipFile(buffer) as theirs:
        assert theirs.testzip() is None


@pytest.mark.parametrize("start", [(2 << 30) + 5, (4 << 30) - 80, (5 << 30) + 7])
def test_far_offsets_take_the_wide_fields_only_where_they_must(start: int, tmp_path: Path) -> None:
    """The file has a hole where gigabytes of tensors would be."""
    with (tmp_path / "far.zip").open("wb") as stream, StoredZip(stream) as archive:
        archive.add("near", 3, [b"abc"])
        stream.seek(start)
        archive.add("far", 3, [b"def"])
    with FileSource(tmp_path / "far.zip") as source:
        directory = read_directory(source)
        assert dict(directory.read_many(["near", "far"])) == {"near": b"abc", "far": b"def"}
        assert directory.records["far"].offset == start
        tail = source.read(start, source.size - start)
        assert (b"PK\x06\x06" in tail) == (start > (3 << 30))


def test_a_member_of_another_size_than_said_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes where 4 were declared"):
        StoredZip(io.BytesIO()).add("x", 4, [b"abc"])
