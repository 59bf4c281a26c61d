"""What tarfile writes, in all three formats, neopack.formats.tar reads alike."""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress

from hypothesis import assume, given
from hypothesis import strategies as st

from neopack.errors import NeopackError
from neopack.formats import tar
from neopack.formats.source import BytesSource, Cursor

NAMES = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=300
).filter(lambda name: not name.endswith("/"))
KINDS = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
MEMBERS = st.lists(st.tuples(NAMES, KINDS, st.integers(0, 1500), NAMES), max_size=5)
FORMATS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])


def written(members: list[tuple[str, bytes, int, str]], form: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, kind, size, link in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.size = size if kind == tarfile.REGTYPE else 0
            info.linkname = link if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    return buffer.getvalue()


@given(MEMBERS, FORMATS)
def test_reads_what_tarfile_writes(members: list[tuple[str, bytes, int, str]], form: int) -> None:
    try:
        data = written(members, form)
    except ValueError:
        assume(False)  # ustar has no room for the name
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = [(m.name, m.size, m.offset_data, m.mode, m.linkname) for m in archive]
    found = list(tar.entries(Cursor(BytesSource("t", data))))
    assert [(e.name.rstrip("/"), e.size, e.offset, e.mode, e.link.rstrip("/")) for e in found] == [
        (n.rstrip("/"), s, o, m, li.rstrip("/")) for n, s, o, m, li in expected
    ]


@given(MEMBERS, FORMATS, st.data())
def test_damage_raises_only_our_errors(
    members: list[tuple[str, bytes, int, str]], form: int, draw: st.DataObject
) -> None:
    try:
        data = bytearray(written(members, form))
    except ValueError:
        assume(False)
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    kept = draw.draw(st.integers(0, len(data)))
    with suppress(NeopackError):
        list(tar.entries(Cursor(BytesSource("t", bytes(data[:kept])))))
