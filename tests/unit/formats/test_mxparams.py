"""MXNet's parameter files against what MXNet itself reads of them, and what is refused."""

from __future__ import annotations

import hashlib
import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neopack.errors import LimitExceeded, Malformed, NotRecognized
from neopack.formats.guard import Limits
from neopack.formats.mxparams import ArraySpec, Part, read_params
from neopack.formats.source import BytesSource, FileSource
from neopack.values.artifact import Array

FIXTURES = Path(__file__).parents[3] / "fixtures" / "mxnet"
SAID: dict[str, dict[str, Any]] = json.loads((FIXTURES / "arrays.json").read_text())


def read(path: Path) -> tuple[ArraySpec, ...]:
    with FileSource(path) as source:
        return read_params(source)


def numbers(data: bytes, part: Part) -> Array:
    return np.frombuffer(data[part.offset : part.offset + part.bytes], part.dtype).reshape(
        part.shape
    )


def dense(data: bytes, array: ArraySpec) -> Array:
    """The values as MXNet's asnumpy gives them."""
    values = numbers(data, array.values)
    if array.storage == "dense":
        return values
    full = np.zeros(array.shape or (), array.dtype)
    if array.storage == "row_sparse":
        rows = numbers(data, array.indices[0])
        full[rows] = values
        return full
    starts, columns = (numbers(data, part) for part in array.indices)
    for row, (start, end) in enumerate(pairwise(starts)):
        full[row, columns[start:end]] = values[start:end]
    return full


@pytest.mark.parametrize("name", SAID)
def test_names_shapes_dtypes_and_places_are_what_mxnet_reads(name: str) -> None:
    data = (FIXTURES / name).read_bytes()
    found = {}
    for place, array in enumerate(read(FIXTURES / name)):
        digest = hashlib.sha256(dense(data, array).tobytes()).hexdigest()
        found[array.name or str(place)] = [array.dtype, list(array.shape or ()), digest]
    assert found == SAID[name]


def test_every_version_of_the_format_is_there() -> None:
    files = {
        "mxnet-0.9.5/module-0000.params": 0,
        "mxnet-0.11.0/module-0000.params": 1,
        "mxnet-1.8.0/module-0000.params": 2,
        "arrays/numpy-shapes.params": 3,
    }
    for name, version in files.items():
        assert {array.version for array in read(FIXTURES / name)} == {version}


def test_sizes_of_sparse_arrays_are_of_what_is_stored() -> None:
    arrays = {array.name: array for array in read(FIXTURES / "arrays/sparse.params")}
    assert (arrays["arg:csr"].elements, arrays["arg:csr"].shape) == (3, (4, 4))
    # three numbers, three columns and five starts of rows
    assert arrays["arg:csr"].bytes == 3 * 4 + 3 * 8 + 5 * 8
    assert arrays["arg:no_rows"].elements == 0


def test_scalars_and_no_elements_of_numpy_shapes() -> None:
    scalar, none = read(FIXTURES / "arrays/numpy-shapes.params")
    assert (scalar.shape, scalar.elements) == ((), 1)
    assert (none.shape, none.elements) == ((0, 2), 0)


def test_a_file_of_nothing() -> None:
    assert read(FIXTURES / "arrays/empty.params") == ()


HEAD = struct.pack("<QQ", 0x112, 0)
ONE = struct.pack("<Q", 1)
V2 = struct.pack("<I", 0xF993FAC9)
DENSE = struct.pack("<i", 0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (HEAD, "ends too early"),
        (HEAD + struct.pack("<Q", 2**60), "items promised"),
        (HEAD + ONE + struct.pack("<I", 33), "dims, or of an unknown version"),
        (HEAD + ONE + V2 + struct.pack("<i", 9), "storage type 9 is unknown"),
        (HEAD + ONE + V2 + DENSE + struct.pack("<i", -1), "dims, or of an unknown version"),
        (HEAD + ONE + V2 + DENSE + struct.pack("<iq", 1, -4) + bytes(12), "a dim of -4"),
        (HEAD + ONE + V2 + DENSE + struct.pack("<iq", 1, 2**62) + bytes(12), "ends too early"),
        (
            HEAD + ONE + V2 + DENSE + struct.pack("<iqqi", 1, 1, 0, 99) + bytes(4),
            "dtype 99 is unknown",
        ),
        (HEAD + ONE + bytes(4) + struct.pack("<Q", 3) + bytes(24), "1 arrays and 3 names"),
        (HEAD + ONE + bytes(4) + ONE + struct.pack("<Q", 1) + b"\xff", "not UTF-8"),
        (HEAD + bytes(16) + b"more", "4 bytes after the last name"),
    ],
)
def test_damage_names_its_place(data: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words) as caught:
        read_params(BytesSource("m.params", data))
    assert caught.value.offset is not None


def test_an_array_that_holds_nothing() -> None:
    data = HEAD + ONE + bytes(4) + ONE + struct.pack("<Q", 1) + b"a"
    (array,) = read_params(BytesSource("m.params", data))
    assert (array.name, array.shape, array.elements, array.bytes) == ("a", None, 0, 0)


def test_other_bytes_are_not_taken_for_parameters() -> None:
    with pytest.raises(NotRecognized):
        read_params(BytesSource("m.params", b"PK\x03\x04" + bytes(60)))


def test_more_arrays_than_allowed_are_refused() -> None:
    data = HEAD + struct.pack("<Q", 9) + bytes(4 * 9) + bytes(8)
    with pytest.raises(LimitExceeded, match="records 9"):
        read_params(BytesSource("m.params", data), Limits(records=8))


class Counted(FileSource):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, offset: int, length: int) -> bytes:
        data = super().read(offset, length)
        self.taken += len(data)
        return data


def test_values_are_skipped(tmp_path: Path) -> None:
    """A file of 512 MB, most of it holes: a few kilobytes of it are read."""
    path = tmp_path / "large-0000.params"
    count, each = 128, 1 << 20
    with path.open("wb") as stream:
        stream.write(HEAD + struct.pack("<Q", count))
        for _ in range(count):
            stream.write(V2 + DENSE + struct.pack("<iqiii", 1, each, 1, 0, 0))
            stream.seek(each * 4, 1)
        stream.write(struct.pack("<Q", count))
        for place in range(count):
            stream.write(struct.pack("<Q", 8) + b"arg:%04d" % place)
    with Counted(path) as source:
        arrays = read_params(source)
        assert sum(array.bytes for array in arrays) == count * each * 4
        assert source.taken < 2 << 20
