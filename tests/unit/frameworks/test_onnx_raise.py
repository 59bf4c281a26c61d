"""Files of opset 6 and below become files of opset 7 that compute what their operators did."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import numpy_helper
from onnx_early import EARLY, early_model
from onnx_models import inputs_of
from onnx_older import apart

import neopack
from neopack.errors import SourceError
from neopack.frameworks.onnx.computing import runner_of
from neopack.frameworks.onnx.raising.raise_opset import needs_raising, raise_file
from neopack.frameworks.onnx.raising.reading import Reading
from neopack.goldens.cases import load_cases
from neopack.values.artifact import Array


def _numbers(model: Any) -> dict[str, Array]:
    weights = {tensor.name for tensor in model.graph.initializer}
    alone = onnx.ModelProto()
    alone.graph.input.extend(info for info in model.graph.input if info.name not in weights)
    return inputs_of(alone)


def _expected(
    name: str, inputs: Mapping[str, Array], like: Mapping[str, Array]
) -> dict[str, Array]:
    results = EARLY[name].oracle(*inputs.values())
    several = results if isinstance(results, tuple) else (results,)
    pairs = zip(like.items(), several, strict=True)
    return {key: np.asarray(value).astype(array.dtype) for (key, array), value in pairs}


@pytest.mark.parametrize("name", EARLY)
def test_the_definitions_and_the_raised_file_compute_what_numpy_and_pytorch_say(
    name: str, tmp_path: Path
) -> None:
    model = early_model(EARLY[name])
    inputs, path = _numbers(model), tmp_path / "model.onnx"
    read = Reading(model).predict(inputs)
    assert apart(_expected(name, inputs, read), read) == ""
    path.write_bytes(model.SerializeToString())
    raise_file(path, {key: array.shape for key, array in inputs.items()}, name)
    raised = onnx.load(path)
    assert not needs_raising(raised)
    assert raised.opset_import[0].version == max(EARLY[name].opset, 7)
    assert apart(read, dict(runner_of(path, name)(inputs))) == ""


def _files_of_onnx() -> list[Path]:
    """Models of opset 6 that PyTorch exported, with numbers that it and Caffe2 gave for them."""
    data = Path(onnx.__file__).parent / "backend/test/data"
    paths = sorted([*data.glob("pytorch-*/*/model.onnx"), *data.glob("simple/*/model.onnx")])
    return [path for path in paths if needs_raising(onnx.load(path))]


def _stored(folder: Path, side: str) -> list[Array]:
    files = sorted(folder.glob(f"test_data_set_0/{side}_*.pb"))
    return [numpy_helper.to_array(onnx.load_tensor(file)) for file in files]


@pytest.mark.parametrize("path", _files_of_onnx(), ids=lambda path: path.parent.name)
def test_files_of_onnx_compute_the_numbers_that_are_stored_with_them(
    path: Path, tmp_path: Path
) -> None:
    model, copy = onnx.load(path), tmp_path / "model.onnx"
    weights = {tensor.name for tensor in model.graph.initializer}
    names = [info.name for info in model.graph.input if info.name not in weights]
    inputs = dict(zip(names, _stored(path.parent, "input"), strict=True))
    shutil.copyfile(path, copy)
    raise_file(copy, {name: array.shape for name, array in inputs.items()}, path.parent.name)
    for compute in (Reading(model).predict, runner_of(copy, path.parent.name)):
        computed = [*compute(inputs).values()]
        for expected, array in zip(_stored(path.parent, "output"), computed, strict=True):
            assert np.allclose(expected, array, rtol=1e-4, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("name", EARLY)
def test_package_takes_it_with_golden_numbers(name: str, tmp_path: Path) -> None:
    model = early_model(EARLY[name])
    inputs, path = _numbers(model), tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    archive = neopack.package(path, path=tmp_path / "m.tar.gz")
    first, *more = load_cases(archive.path.with_name("m.golden.npz"))
    assert more
    assert list(first.inputs) == list(inputs)
    expected = _expected(name, first.inputs, first.outputs)
    assert apart(expected, dict(first.outputs)) == ""


def test_operators_whose_form_is_that_of_opset_7_are_kept_byte_for_byte(tmp_path: Path) -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 3, opset_import: ["": 6]> g (float[1,3] x) => (float[1,3] y) '
        "{a = Relu(x) y = Softmax(a)}"
    )
    assert not needs_raising(model)


def test_operators_in_a_branch_are_raised_too(tmp_path: Path) -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 4, opset_import: ["": 6]> g (bool c, float[2,3,4] x) => (float[2,3,4] y) '
        "<float[3] w = {1,2,3}> {n = Neg(x) y = If(c) <then_branch = t () => (float[2,3,4] a) "
        "{a = Add<broadcast=1, axis=1>(n, w)}, else_branch = e () => (float[2,3,4] b) "
        "{b = Mul<broadcast=1, axis=1>(n, w)}>}"
    )
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    raise_file(path, {"c": (), "x": (2, 3, 4)}, "model.onnx")
    x = np.ones((2, 3, 4), np.float32)
    for chosen, numbers in ((True, [0, 1, 2]), (False, [-1, -2, -3])):
        inputs = {"c": np.array(chosen), "x": x}
        for compute in (runner_of(path, "model.onnx"), Reading(model).predict):
            assert compute(inputs)["y"][0, :, 0].tolist() == numbers


@pytest.mark.parametrize(
    ("graph", "word", "instead"),
    [
        ('{y = ATen<operator="atan2">(x)}', "ATen (y)", "operators of PyTorch's own"),
        (
            "{y, m, v = BatchNormalization(x, w, w, w, w)}",
            "BatchNormalization that trains",
            "evaluation",
        ),
        ('{c = Cast<to="REAL">(x) y = Identity(c)}', "Cast to 'REAL' (c)", "TensorProto"),
    ],
)
def test_what_nothing_stands_for_is_named(
    graph: str, word: str, instead: str, tmp_path: Path
) -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 3, opset_import: ["": 5]> g (float[2,3] x, float[3] w) => (float[2,3] y) '
        + graph
    )
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(SourceError) as caught:
        raise_file(path, {"x": (2, 3)}, "model.onnx")
    assert word in caught.value.message
    assert instead in caught.value.hint
