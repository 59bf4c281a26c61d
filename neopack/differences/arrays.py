"""Where a model file stores its arrays, by the project's own readers: offsets, never values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from neopack.formats import hdf5, mxparams
from neopack.formats.guard import Limits
from neopack.formats.protobuf import LENGTH, Field, Walker
from neopack.formats.source import ByteSource, Cursor
from neopack.formats.zip import LOCAL_MAGIC, ZipDirectory
from neopack.frameworks.onnx import read as onnx
from neopack.frameworks.onnx.graph import DTYPES
from neopack.frameworks.pytorch.container import TorchZip, open_container
from neopack.frameworks.pytorch.tensors import tensors

__all__ = ["StoredArray", "StoredArrays", "arrays_of"]

# fields of ModelProto, GraphProto and TensorProto in onnx.proto
GRAPH, INITIALIZER = 7, 5
DIMS, DATA_TYPE, FLOATS, NAME, DOUBLES, RAW = 1, 2, 4, 8, 10, 9
PACKED = {FLOATS: "float32", DOUBLES: "float64"}
RECORDS = ("data/", "constants/", "tensors/")
PICKLES = ("data.pkl", "constants.pkl")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArray:
    """A run of bytes in a file. ``dtype`` is empty where the bytes are not plain little-endian
    numbers; ``shape`` is None where only the count of bytes is known."""

    dtype: str
    shape: tuple[int, ...] | None
    offset: int
    bytes: int

    def __str__(self) -> str:
        """``float32 64x3x7x7``; a scalar is ``float32``."""
        if self.shape is None:
            return f"{self.dtype or 'data'}, {self.bytes} bytes"
        return f"{self.dtype or 'data'} {'x'.join(map(str, self.shape))}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArrays:
    """``read_as`` says what counts as an array: ``ONNX initializers``."""

    read_as: str
    arrays: dict[str, StoredArray]


def arrays_of(source: ByteSource, limits: Limits) -> StoredArrays | None:
    """The arrays of a file by name, recognized by its bytes; None where no reader gives them.
    Raises ``Malformed`` where the file breaks its own format."""
    for looks, read_as, read in READERS:
        if looks(source):
            arrays = read(source, limits)
            return (
                StoredArrays(read_as=read_as, arrays=dict(_numbered(arrays))) if arrays else None
            )
    return None


Named: TypeAlias = Iterable[tuple[str, StoredArray]]


def _numbered(arrays: Named) -> Iterator[tuple[str, StoredArray]]:
    """Two arrays of one name, or without one, keep apart by their place."""
    used: set[str] = set()
    for place, (name, array) in enumerate(arrays):
        key = name if name and name not in used else f"{name}#{place}"
        used.add(key)
        yield key, array


# --- ONNX ---------------------------------------------------------------------------------------


def _onnx(source: ByteSource, limits: Limits) -> Named:
    """The initializers of the main graph."""
    walker = Walker(Cursor(source), limits)
    for part in walker.top():
        if part.number == GRAPH:
            for each in walker.message(part):
                if each.number == INITIALIZER:
                    yield _initializer(each, walker)


def _initializer(field: Field, walker: Walker) -> tuple[str, StoredArray]:
    """Numbers that are stored as varints or elsewhere are compared as the bytes of the message."""
    name, code, shape = "", 0, list[int]()
    held: tuple[int, Field] | None = None
    for part in walker.message(field):
        if part.number == DIMS:
            shape += walker.integers(part)
        elif part.number == DATA_TYPE:
            code = walker.integer(part)
        elif part.number == NAME:
            name = walker.text(part)
        elif part.number in (FLOATS, DOUBLES, RAW) and part.wire == LENGTH:
            held = None if held else (part.number, part)
    dtype = DTYPES.get(code, ("", 0))[0]
    if held and held[0] in (RAW, *(key for key, value in PACKED.items() if value == dtype)):
        place = held[1]
        return name, StoredArray(
            dtype=dtype, shape=tuple(shape), offset=place.offset, bytes=place.value
        )
    return name, StoredArray(dtype="", shape=tuple(shape), offset=field.offset, bytes=field.value)


# --- the others ---------------------------------------------------------------------------------


def _hdf5(source: ByteSource, limits: Limits) -> Named | None:
    """The datasets; None unless each is stored in one piece, as Keras writes weights."""
    nodes = hdf5.read_tree(source, limits).nodes.values()
    arrays = {
        node.path: StoredArray(
            dtype=node.dtype, shape=node.shape, offset=node.data, bytes=node.bytes
        )
        for node in nodes
        if node.shape is not None and node.data is not None
    }
    whole = all(node.path in arrays for node in nodes if node.shape is not None and node.bytes)
    return arrays.items() if whole else None


def _mxnet(source: ByteSource, limits: Limits) -> Named:
    for array in mxparams.read_params(source, limits):
        parts = (array.values, *array.indices)
        for part, suffix in zip(parts, ("", " index", " second index"), strict=False):
            yield (
                array.name + suffix,
                StoredArray(
                    dtype=part.dtype, shape=part.shape, offset=part.offset, bytes=part.bytes
                ),
            )


def _torch(source: ByteSource, limits: Limits) -> Named:
    """The storages of a zip of PyTorch's, with the dtype of the tensors on each."""
    container = open_container(source, limits)
    dtypes = _dtypes(container)
    directory: ZipDirectory = container.directory
    for name in sorted(directory.records, key=lambda name: directory.records[name].offset):
        own = name.removeprefix(container.root)
        record = directory.records[name]
        if own.startswith(RECORDS) and record.size == record.compressed_size:
            yield (
                own,
                StoredArray(
                    dtype=dtypes.get(own.rpartition("/")[2], ""),
                    shape=None,
                    offset=directory.data_offset(name),
                    bytes=record.size,
                ),
            )


def _dtypes(container: TorchZip) -> dict[str, str]:
    """The dtype of each storage by its key; keys of tensors that disagree are left out."""
    dtypes: dict[str, str] = {}
    for name in PICKLES:
        if name in container.names:
            for held in tensors(container.pickle(name).value):
                tensor = held.tensor
                same = dtypes.setdefault(tensor.storage, tensor.dtype) == tensor.dtype
                dtypes[tensor.storage] = tensor.dtype if same else ""
    return dtypes


def _is_onnx(source: ByteSource) -> bool:
    return onnx.recognize(source) is not None


def _is_hdf5(source: ByteSource) -> bool:
    return source.read(0, len(hdf5.MAGIC)) == hdf5.MAGIC


def _is_zip(source: ByteSource) -> bool:
    return source.read(0, len(LOCAL_MAGIC)) == LOCAL_MAGIC


READERS: tuple[
    tuple[Callable[[ByteSource], bool], str, Callable[[ByteSource, Limits], Named | None]], ...
] = (
    (mxparams.looks_like_params, "MXNet arrays", _mxnet),
    (_is_hdf5, "HDF5 datasets", _hdf5),
    (_is_zip, "PyTorch storages", _torch),
    (_is_onnx, "ONNX initializers", _onnx),
)
