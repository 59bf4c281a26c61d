"""Read MXNet parameter files: names, dtypes and shapes of the arrays, without the values.

Format: apache/mxnet src/ndarray/ndarray.cc (1.8.0, NDArray::Load and LegacyLoad): a list after
the magic 0x112, each array in one of four versions. Version 0 has no magic of its own: its first
number is its count of dims. Everything is little-endian.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from neopack.errors import Malformed, NotRecognized
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource, Cursor

__all__ = ["DTYPES", "MAGIC", "ArraySpec", "Part", "Storage", "looks_like_params", "read_params"]

Storage: TypeAlias = Literal["dense", "row_sparse", "csr"]

MAGIC = (0x112).to_bytes(8, "little")
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
VERSIONS = {V1: 1, V2: 2, V3: 3}
STORAGE: dict[int, Storage] = {0: "dense", 1: "row_sparse", 2: "csr"}
# the number of index arrays of each storage type
INDICES: dict[Storage, int] = {"dense": 0, "row_sparse": 1, "csr": 2}
# mshadow's type flags, by number (3rdparty/mshadow/mshadow/base.h)
DTYPES = (
    ("float32", 4), ("float64", 8), ("float16", 2), ("uint8", 1), ("int32", 4), ("int8", 1),
    ("int64", 8), ("bool", 1), ("int16", 2), ("uint16", 2), ("uint32", 4), ("uint64", 8),
    ("bfloat16", 2),
)  # fmt: skip
SIZES = dict(DTYPES)
MOST_DIMS = 32
# an empty array is stored as a version 0 array with this count of dims
SMALLEST_ARRAY = 4
SMALLEST_NAME = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A run of numbers in the file: an array's values, or one of a sparse array's indices."""

    dtype: str
    shape: tuple[int, ...]
    offset: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySpec:
    """One array. ``shape`` is None for an empty array. ``version`` is 0 to 3; version 3 has
    NumPy's shapes, in which () is a scalar. ``name`` is "" if the file has no names."""

    name: str = ""
    version: int
    storage: Storage
    shape: tuple[int, ...] | None
    dtype: str
    values: Part
    indices: tuple[Part, ...] = ()

    @property
    def elements(self) -> int:
        """The count of stored numbers; a sparse array stores fewer than its shape has."""
        return math.prod(self.values.shape) if self.shape is not None else 0

    @property
    def bytes(self) -> int:
        return self.values.bytes + sum(part.bytes for part in self.indices)


def looks_like_params(source: ByteSource) -> bool:
    return source.read(0, len(MAGIC)) == MAGIC


def read_params(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> tuple[ArraySpec, ...]:
    """Return every array, in file order. Raises ``Malformed`` with the offset at which the file
    breaks the format or ends too early, ``NotRecognized`` if it is another kind of file."""
    if not looks_like_params(source):
        raise NotRecognized("is not an MXNet parameter file", where=source.name)
    reader = _Reader(source, limits)
    reader.cursor.skip(16)  # the magic, and a reserved number
    arrays = [reader.array() for _ in range(reader.count(SMALLEST_ARRAY))]
    count = reader.count(SMALLEST_NAME)
    if count not in (0, len(arrays)):
        raise reader.broken(f"{len(arrays)} arrays and {count} names")
    names = [reader.name() for _ in range(count)]
    if reader.cursor.left:
        raise reader.broken(f"{reader.cursor.left} bytes after the last name")
    pairs = zip(arrays, names or [""] * len(arrays), strict=True)
    return tuple(replace(array, name=name) for array, name in pairs)


class _Reader:
    """Reads the format's numbers from a cursor."""

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        self.cursor = Cursor(source)
        self._limits = limits

    def count(self, smallest: int) -> int:
        """The count of items that follow, refused if the rest of the file is too small for it."""
        count = self._number("<Q")
        if count * smallest > self.cursor.left:
            raise self.broken(f"{count} items promised, {self.cursor.left} bytes left")
        self._limits.hold("records", count, where=self.cursor.name)
        return count

    def name(self) -> str:
        length = self._number("<Q")
        self._limits.hold("name_bytes", min(length, self.cursor.left), where=self.cursor.name)
        try:
            return self.cursor.take(length).decode()
        except UnicodeDecodeError:
            raise self.broken("a name that is not UTF-8") from None

    def array(self) -> ArraySpec:
        magic = self._number("<I")
        version = VERSIONS.get(magic, 0)
        if version >= 2:
            return self._with_storage(version)
        shape = self._shape(0) if version else self._dims(magic, "I", 0)
        if not shape:
            return _nothing(version)
        self.cursor.skip(8)  # the device that it was on
        part = Part(dtype=self._dtype(), shape=shape)
        return _dense(version, shape, self._skip(part))

    def _with_storage(self, version: int) -> ArraySpec:
        flag = self._number("<i")
        if flag not in STORAGE:
            raise self.broken(f"storage type {flag} is unknown")
        storage = STORAGE[flag]
        stored = self._shape(version) if storage != "dense" else None
        shape = self._shape(version)
        if shape is None or (version == 2 and not shape):
            return _nothing(version)
        self.cursor.skip(8)
        dtype = self._dtype()
        if storage == "dense":
            return _dense(version, shape, self._skip(Part(dtype=dtype, shape=shape)))
        if not stored:
            raise self.broken("a sparse array without the shape of its values")
        parts = [self._index(version) for _ in range(INDICES[storage])]
        values = self._skip(Part(dtype=dtype, shape=stored))
        return ArraySpec(
            version=version,
            storage=storage,
            shape=shape,
            dtype=dtype,
            values=values,
            indices=tuple(self._skip(part) for part in parts),
        )

    def _index(self, version: int) -> Part:
        dtype = self._dtype()
        return Part(dtype=dtype, shape=self._shape(version) or (0,))

    def _shape(self, version: int) -> tuple[int, ...] | None:
        """Read a count of dims, then each as int64; None if NumPy's shapes leave it unknown."""
        ndim = self._number("<i")
        if ndim == -1 and version == 3:
            return None
        return self._dims(ndim, "q", version)

    def _dims(self, ndim: int, letter: str, version: int) -> tuple[int, ...] | None:
        if not 0 <= ndim <= MOST_DIMS:
            raise self.broken(f"an array of {ndim:#x} dims, or of an unknown version")
        form = struct.Struct(f"<{ndim}{letter}")
        shape: tuple[int, ...] = form.unpack(self.cursor.take(form.size))
        if version == 3 and -1 in shape:
            return None
        if min(shape, default=0) < 0:
            raise self.broken(f"a dim of {min(shape)}")
        return shape

    def _dtype(self) -> str:
        flag = self._number("<i")
        if not 0 <= flag < len(DTYPES):
            raise self.broken(f"dtype {flag} is unknown")
        return DTYPES[flag][0]

    def _skip(self, part: Part) -> Part:
        offset, length = self.cursor.position, math.prod(part.shape) * SIZES[part.dtype]
        self.cursor.skip(length)
        return replace(part, offset=offset, bytes=length)

    def _number(self, form: str) -> int:
        size = struct.calcsize(form)
        number: int = struct.unpack(form, self.cursor.take(size))[0]
        return number

    def broken(self, message: str) -> Malformed:
        return Malformed(message, offset=self.cursor.position, where=self.cursor.name)


def _dense(version: int, shape: tuple[int, ...], values: Part) -> ArraySpec:
    return ArraySpec(
        version=version, storage="dense", shape=shape, dtype=values.dtype, values=values
    )


def _nothing(version: int) -> ArraySpec:
    values = Part(dtype="float32", shape=(0,))
    return ArraySpec(version=version, storage="dense", shape=None, dtype="float32", values=values)
