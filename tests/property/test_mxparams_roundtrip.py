"""What a writer of MXNet's parameter format writes is read back alike; damage never crashes."""

from __future__ import annotations

import math
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import NeopackError
from neopack.formats.files import PlacedFiles
from neopack.formats.mxparams import DTYPES, ArraySpec, Part, Storage, read_params
from neopack.formats.source import BytesSource
from neopack.frameworks.mxnet import read

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mxnet"
FILES = sorted(path for path in FIXTURES.glob("*/*") if path.is_file())
MAGIC = {1: 0xF993FAC8, 2: 0xF993FAC9, 3: 0xF993FACA}
STORAGE: dict[Storage, int] = {"dense": 0, "row_sparse": 1, "csr": 2}
FLAGS = {name: flag for flag, (name, _) in enumerate(DTYPES)}
SIZES = dict(DTYPES)

SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)
NAMES = st.lists(st.text(min_size=1, max_size=20), max_size=6, unique=True)


@st.composite
def arrays(draw: st.DrawFn) -> ArraySpec:
    version = draw(st.sampled_from((0, 1, 2, 3)))
    dtype = draw(st.sampled_from(sorted(SIZES)))
    shape = draw(st.sampled_from(((), (0, 3))) | SHAPES if version == 3 else SHAPES)
    storage: Storage = draw(st.sampled_from(sorted(STORAGE))) if version == 2 else "dense"
    stored = draw(SHAPES) if storage != "dense" else shape
    indices = tuple(
        Part(dtype="int64", shape=(draw(st.integers(0, 4)),)) for _ in range(STORAGE[storage])
    )
    return ArraySpec(
        version=version,
        storage=storage,
        shape=shape,
        dtype=dtype,
        values=Part(dtype=dtype, shape=stored),
        indices=indices,
    )


def shaped(shape: tuple[int, ...], letter: str = "q") -> bytes:
    return struct.pack(f"<i{len(shape)}{letter}", len(shape), *shape)


def filled(part: Part) -> bytes:
    return b"\x2a" * (math.prod(part.shape) * SIZES[part.dtype])


def written(array: ArraySpec) -> bytes:
    shape = array.shape or ()
    device = struct.pack("<ii", 1, 0)
    flag = struct.pack("<i", FLAGS[array.dtype])
    if array.version == 0:
        return shaped(shape, "I") + device + flag + filled(array.values)
    head = struct.pack("<I", MAGIC[array.version])
    if array.version == 1:
        return head + shaped(shape) + device + flag + filled(array.values)
    head += struct.pack("<i", STORAGE[array.storage])
    head += shaped(array.values.shape) if array.indices else b""
    parts = b"".join(struct.pack("<i", FLAGS[p.dtype]) + shaped(p.shape) for p in array.indices)
    values = filled(array.values) + b"".join(filled(part) for part in array.indices)
    return head + shaped(shape) + device + flag + parts + values


def listed(of: list[ArraySpec], names: list[str]) -> bytes:
    encoded = [name.encode() for name in names]
    return b"".join((
        struct.pack("<QQQ", 0x112, 0, len(of)),
        *(written(array) for array in of),
        struct.pack("<Q", len(names)),
        *(struct.pack("<Q", len(name)) + name for name in encoded),
    ))  # fmt: skip


@given(names=NAMES, data=st.data())
def test_what_is_written_is_read(names: list[str], data: st.DataObject) -> None:
    drawn = [data.draw(arrays()) for _ in names]
    text = listed(drawn, names)
    found = read_params(BytesSource("m.params", text))
    for name, want, have in zip(names, drawn, found, strict=True):
        assert (have.name, have.version, have.storage) == (name, want.version, want.storage)
        assert (have.shape, have.dtype) == (want.shape, want.dtype)
        assert have.values.shape == want.values.shape
        assert [p.shape for p in have.indices] == [p.shape for p in want.indices]
        for part in (have.values, *have.indices):
            assert text[part.offset : part.offset + part.bytes] == filled(part)


@given(data=st.data(), cut=st.floats(0, 1, exclude_max=True))
def test_every_truncation_is_refused(data: st.DataObject, cut: float) -> None:
    whole = listed([data.draw(arrays())], ["arg:weight"])
    with pytest.raises(NeopackError):
        read_params(BytesSource("m.params", whole[: int(cut * len(whole))]))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
@given(
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=5),
    cut=st.none() | st.floats(0, 1),
)
def test_damaged_files(
    path: Path,
    edits: list[tuple[float, int]],
    cut: float | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """With its neighbours whole: a damaged symbol beside parameters, and the other way."""
    changed = bytearray(path.read_bytes())
    for place, value in edits:
        changed[int(place * (len(changed) - 1))] = value
    damaged = tmp_path_factory.mktemp("damaged") / path.name
    damaged.write_bytes(changed if cut is None else changed[: int(cut * len(changed))])
    files = PlacedFiles("m", {p.name: p for p in path.parent.iterdir()} | {path.name: damaged})
    for name in files.names():
        with suppress(NeopackError):
            assert read.read(files, name).framework == "MXNET"


@pytest.mark.parametrize("name", ["gluon/gluon-0000.params", "mxnet-0.9.5/module-0000.params"])
def test_a_changed_byte_never_crashes_a_reader(name: str) -> None:
    whole = bytearray((FIXTURES / name).read_bytes())
    for place in range(len(whole)):
        kept, whole[place] = whole[place], whole[place] ^ 0xFF
        with suppress(NeopackError):
            read_params(BytesSource(name, bytes(whole)))
        whole[place] = kept
