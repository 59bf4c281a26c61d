"""Any names and contents that zipfile writes are read back."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import NeopackError
from neopack.wire.source import BytesSource
from neopack.wire.zip import read_directory

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
