"""Arrays of a request in NumPy's own formats, read without a copy, and never larger than they
may be."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from typing import Any, BinaryIO

from neopack.values.artifact import Array

__all__ = ["npy_array", "npz_arrays"]

# numpy's letters for bool, integers, unsigned ones and floats
NUMBERS = "biuf"
# 6 MB of zeros would unpack to gigabytes
LARGEST_UNPACKED = 1 << 28
LONGEST_HEADER = 10_000
DAMAGE = (
    EOFError, KeyError, NotImplementedError, RuntimeError, SyntaxError, tokenize.TokenError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def npy_array(data: bytes) -> Array:
    """The array of an .npy, as a view of ``data``. Raises ``ValueError`` for anything else."""
    import numpy as np

    try:
        shape, fortran, dtype, start = _header(io.BytesIO(data))
    except DAMAGE as error:
        raise ValueError(f"it has no header of an .npy: {error}") from None
    if dtype.kind not in NUMBERS:
        raise ValueError(f"it is not an array of numbers but of {dtype}")
    count = math.prod(shape)
    if count * dtype.itemsize != len(data) - start:
        raise ValueError(f"{len(data) - start} bytes are not shape {list(shape)} of {dtype}")
    flat = np.frombuffer(data, dtype, count, start)
    return flat.reshape(shape, order="F" if fortran else "C")


def npz_arrays(data: bytes) -> dict[str, Array]:
    """The arrays of an .npz by name. Raises ``ValueError`` for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            infos = members.infolist()
            if sum(info.file_size for info in infos) > LARGEST_UNPACKED:
                raise ValueError(f"it unpacks to more than {LARGEST_UNPACKED} bytes")
            return {
                info.filename.removesuffix(".npy"): npy_array(_bounded(members, info))
                for info in infos
            }
    except DAMAGE as error:
        raise ValueError(f"it is not an .npz: {error}") from None


def _bounded(members: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member, no longer than it says it is."""
    with members.open(info) as stream:
        return stream.read(info.file_size)


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, Any, int]:
    """The shape, whether columns come first, the dtype, and where the numbers begin."""
    from numpy.lib import format as npy

    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream, max_header_size=LONGEST_HEADER)
    return shape, fortran, dtype, stream.tell()
