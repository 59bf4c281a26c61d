"""Golden numbers: written, read, compared."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
import pytest

from neopack.errors import Malformed
from neopack.goldens.arrays import load_arrays, save_arrays
from neopack.goldens.cases import FIRST, GoldenCase, load_goldens, save_cases
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array


def array(*values: float) -> Array:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("golden", "computed", "expected"),
    [
        (array(1, 2), array(1, 2), 0.0),
        (array(1, 4), array(1, 5), 0.25),
        (array(-8, 1), array(-8, 3), 0.25),
        (array(0, 0), array(0, 0), 0.0),
        (array(0, 0), array(0, 1), math.inf),
        (array(1, math.nan), array(1, math.nan), 0.0),
        (array(1, math.nan), array(1, 1), 0.0),
        (array(1, 1), array(1, math.nan), math.inf),
        (array(2, math.inf), array(1, math.inf), 0.5),
        (array(1, math.inf), array(1, -math.inf), 0.0),
        (array(), array(), 0.0),
        (array(1, 2), array(1), math.inf),
        (np.array([2, 4]), np.array([2, 3]), math.inf),
        (np.array([True]), np.array([False]), math.inf),
        (np.array(2.0), np.array(1.0), 0.5),
    ],
)
def test_the_difference(golden: Array, computed: Array, expected: float) -> None:
    assert difference({"y": golden}, {"y": computed}) == expected


def test_the_difference_is_of_the_worst_output() -> None:
    golden = {"a": array(1), "b": array(10)}
    assert difference(golden, {"a": array(1.5), "b": array(10)}) == 0.5
    assert difference(golden, {"a": array(1)}) == math.inf
    assert difference(golden, golden | {"more": array(1)}) == 0.0
    assert difference({}, {}) == 0.0


def test_saved_numbers_read_back_and_are_the_same_bytes(tmp_path: Path) -> None:
    inputs, outputs = {"file": array(1), "a/b": np.arange(6).reshape(2, 3)}, {"y": array(2)}
    for name in ("one.npz", "two.npz"):
        case = GoldenCase(name=FIRST, inputs=inputs, outputs=outputs)
        made = save_cases(tmp_path / name, [case], seed=7)
    assert (made.seed, made.inputs, made.outputs) == (7, ("file", "a/b"), ("y",))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    read = load_goldens(tmp_path / "one.npz")
    assert difference(inputs, read[0]) == difference(outputs, read[1]) == 0
    assert list(read[0]) == list(inputs)


def test_any_name_can_be_saved(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as stream:
        save_arrays(stream, {"file": array(1), "allow_pickle": array(2)})
    assert list(load_arrays(tmp_path / "a.npz")) == ["file", "allow_pickle"]


@pytest.mark.parametrize(
    "name",
    [
        "../../evil",
        "/etc/passwd",
        "a/../../b",
        "..",
        "a\\..\\b",
        "a\0b",
        "50%",
        "%2E%2E/x",
        "a//b",
    ],
)
def test_no_member_is_a_place_outside_the_folder(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with path.open("wb") as stream:
        save_arrays(stream, {name: array(1)})
    (member,) = zipfile.ZipFile(path).namelist()
    assert ".." not in member.split("/")
    assert not member.startswith("/")
    assert "\\" not in member
    assert list(load_arrays(path)) == [name]
    case = GoldenCase(name=FIRST, inputs={"x": array(1)}, outputs={name: array(2)})
    save_cases(path, [case], seed=0)
    assert list(load_goldens(path)[1]) == [name]


def test_usual_names_are_members_as_they_are(tmp_path: Path) -> None:
    names = ["a/b:0", "x.y", "..a", "a..", "serving_default_x:0", "h.0"]
    with (tmp_path / "a.npz").open("wb") as stream:
        save_arrays(stream, dict.fromkeys(names, array(1)))
    assert zipfile.ZipFile(tmp_path / "a.npz").namelist() == [f"{name}.npy" for name in names]


@pytest.mark.parametrize(
    "content", [b"", b"text", b"PK\x05\x06" + bytes(18), b"\x93NUMPY\x01\x00"]
)
def test_what_is_no_file_of_golden_numbers(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(Malformed, match=r"a\.npz"):
        load_goldens(tmp_path / "a.npz")


def test_a_shape_that_nothing_could_hold(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as stream:
        save_arrays(stream, {"input/x": np.zeros(10**6, np.int8), "output/y": array(1)})
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content.replace(b"(1000000,)", b"(10**99,)", 1))
    with pytest.raises(Malformed):
        load_goldens(tmp_path / "a.npz")
