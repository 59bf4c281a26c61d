"""Arrays by name in one .npz. Equal arrays give a file with equal bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from neopack.errors import Malformed, SourceError, first_line
from neopack.values.artifact import Array

__all__ = ["in_dtype", "load_array", "load_arrays", "save_arrays"]

# numpy's letters for bool, integers, unsigned ones and floats
NUMBERS = "biuf"
ZIP = b"PK"
# what leads out of a folder where an .npz is unpacked, or ends a name early; and its codes
LEAVES = re.compile(r"(?<![^/])\.\.?(?![^/])|^/|(?<=/)/|[\\%\x00-\x1f]")
CODES = re.compile(r"%(2E|2F|5C|25|[01][0-9A-F])")
HINT = "write it with numpy.savez(FILE, NAME=ARRAY)"


def save_arrays(stream: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """Write an .npz. Unlike ``numpy.savez``, this takes any name, such as ``file``. No member is
    named for a place outside the file's folder: ``..``, a path from the root, backslashes, control
    characters and percent signs are escaped as in URLs."""
    import zipfile

    from numpy.lib import format as npy

    with zipfile.ZipFile(stream, "w") as target:
        for name, array in arrays.items():
            with target.open(f"{_escaped(name)}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def _escaped(name: str) -> str:
    return LEAVES.sub(lambda match: "".join(f"%{ord(c):02X}" for c in match[0]), name)


def _plain(name: str) -> str:
    return CODES.sub(lambda match: chr(int(match[1], 16)), name)


def load_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of an .npz by name.

    Raises ``Malformed`` if the file is not an .npz of numbers, ``SourceError`` if it is missing.
    """
    import numpy as np

    with _reading(path, "an .npz of arrays", HINT) as stream:
        if stream.read(len(ZIP)) != ZIP:  # NumPy's error would suggest unpickling
            raise Malformed("is not an .npz of arrays", where=str(path), hint=HINT)
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as stored:
            arrays = {_plain(name): stored[name] for name in stored.files}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise Malformed(f"{name!r} is not an .npy", where=str(path), hint=HINT)
        _refuse_no_numbers(array, repr(name), path)
    return arrays


def load_array(path: Path) -> Array:
    """Return the array of an .npy. Raises as ``load_arrays`` does."""
    from numpy.lib import format as npy

    hint = "write it with numpy.save(FILE, ARRAY)"
    with _reading(path, "an .npy of numbers", hint) as stream:
        array = npy.read_array(stream, allow_pickle=False)
    _refuse_no_numbers(array, "it", path)
    return array


@contextmanager
def _reading(path: Path, what: str, hint: str) -> Iterator[BinaryIO]:
    """Raise ``Malformed`` for what zipfile and NumPy raise for damage: they have no common base
    class."""
    import tokenize
    import warnings
    import zipfile
    import zlib

    plain = (OSError, ValueError, EOFError, MemoryError, RuntimeError, OverflowError, SyntaxError)
    damage = (*plain, zipfile.BadZipFile, zlib.error, tokenize.TokenError)
    try:
        with warnings.catch_warnings(), path.open("rb") as stream:
            warnings.simplefilter("ignore")  # about headers that NumPy parses twice
            yield stream
    except FileNotFoundError:
        raise SourceError("no such file", where=str(path)) from None
    except damage as error:
        reason = f"is not {what}: {first_line(error)}"
        raise Malformed(reason, where=str(path), hint=hint) from None


def _refuse_no_numbers(array: Array, name: str, path: Path) -> None:
    if array.dtype.kind not in NUMBERS:
        raise Malformed(f"{name} is not an array of numbers but of {array.dtype}", where=str(path))


def in_dtype(array: Array, dtype: str) -> Array:
    """In the dtype of the source's output, where the compiler has another width of the kind, or
    the same numbers in another kind: it computes in float32 what the source computes in int64."""
    import numpy as np

    if not dtype:
        return array
    same_kind = np.dtype(dtype).kind == array.dtype.kind
    with np.errstate(invalid="ignore"):  # NaN as an integer
        cast = array.astype(dtype)
    return cast if same_kind or np.array_equal(cast, array) else array
