"""What ``diff`` says of model files that other libraries changed in one place."""

from __future__ import annotations

import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from neopack.differences.comparing import diff
from neopack.differences.result import Difference, FileWeights
from neopack.errors import Malformed
from neopack.formats.mxparams import read_params
from neopack.formats.source import FileSource
from neopack.reports.differences import difference_text


def packed(folder: Path, name: str, *files: Path) -> Path:
    archive = folder / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for file in files:
            tar.add(file, file.name)
    return archive


def changed_onnx(source: Path, to: Path) -> str:
    import onnx
    from onnx import numpy_helper

    model = onnx.load(source)
    tensor = model.graph.initializer[0]
    numbers = numpy_helper.to_array(tensor).copy()
    numbers.flat[3] += 0.5
    tensor.CopyFrom(numpy_helper.from_array(numbers, tensor.name))
    onnx.save(model, to)
    return str(tensor.name)


def changed_h5(source: Path, to: Path) -> str:
    import h5py

    to.write_bytes(source.read_bytes())
    names: list[str] = []
    with h5py.File(to, "r+") as file:
        file.visititems(lambda name, node: names.append(name) if hasattr(node, "dtype") else None)
        numbers = file[names[0]][...]
        numbers.flat[3] += 0.5
        file[names[0]][...] = numbers
    return names[0]


def changed_params(source: Path, to: Path) -> str:
    data = bytearray(source.read_bytes())
    with FileSource(source) as opened:
        array = next(each for each in read_params(opened) if each.values.bytes >= 16)
    place = array.values.offset + 12
    (number,) = struct.unpack_from("<f", data, place)
    struct.pack_into("<f", data, place, number + 0.5)
    to.write_bytes(data)
    return array.name


def changed_torch(source: Path, to: Path) -> str:
    import torch

    model = torch.jit.load(source)
    with torch.no_grad():
        next(model.parameters()).flatten()[3] += 0.5
    model.save(to)
    return ""


def weights_of(difference: Difference) -> FileWeights:
    (weights,) = difference.sections.weights
    return weights


@pytest.mark.parametrize(
    ("model", "change", "read_as"),
    [
        ("onnx/cnn-opset12.onnx", changed_onnx, "ONNX initializers"),
        ("keras/cnn-2.2.4.h5", changed_h5, "HDF5 datasets"),
        ("mxnet/mxnet-1.8.0/module-0000.params", changed_params, "MXNet arrays"),
        ("pytorch/cnn-traced.pt", changed_torch, "PyTorch storages"),
    ],
)
def test_one_number_that_differs(
    tmp_path: Path,
    fixtures: Path,
    model: str,
    change: Callable[[Path, Path], str],
    read_as: str,
) -> None:
    source = fixtures / model
    other = tmp_path / source.name
    name = change(source, other)
    archives = packed(tmp_path, "first", source), packed(tmp_path, "second", other)
    difference = diff(*archives, target="ml_c5")
    weights = weights_of(difference)
    (array,) = weights.changes
    assert not difference.alike
    assert weights.read_as == read_as
    assert weights.alike > 0
    assert name in ("", array.name)
    assert array.differing == 1
    assert array.largest == pytest.approx(0.5, abs=1e-6)
    assert f"1 of {weights.alike + 1} {read_as} differ" in difference_text(difference)


def test_arrays_of_another_form_and_signatures(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    def model(path: Path, width: int, code: int, extra: bool) -> Path:
        names = ["w", *(["more"] if extra else [])]
        tensors = [helper.make_tensor(n, code, [width], [float("nan")] * width) for n in names]
        value = [helper.make_tensor_value_info("x", code, [1, width])]
        result = [helper.make_tensor_value_info("y", code, [1, width])]
        nodes = [helper.make_node("Add" if extra else "Mul", ["x", "w"], ["y"])]
        onnx.save(helper.make_model(helper.make_graph(nodes, "g", value, result, tensors)), path)
        return path

    first = model(tmp_path / "first.onnx", 4, TensorProto.FLOAT, False)
    second = model(tmp_path / "second.onnx", 6, TensorProto.FLOAT16, True)
    difference = diff(packed(tmp_path, "a", first), packed(tmp_path, "b", second), target="ml_c5")
    changes = {each.name: each for each in weights_of(difference).changes}
    assert (changes["w"].first, changes["w"].largest) == ("float32 4", None)
    assert changes["more"].first == ""
    operators = {each.name: (each.first, each.second) for each in difference.sections.operators}
    assert operators == {"Mul": (1, None), "Add": (None, 1)}
    assert [each.name for each in difference.sections.signature] == ["input 1", "output 1"]
    same = diff(packed(tmp_path, "c", first), packed(tmp_path, "a", first), target="ml_c5")
    assert same.alike


def test_what_no_reader_gives_is_compared_by_digest(tmp_path: Path, fixtures: Path) -> None:
    model = fixtures / "onnx/cnn-opset12.onnx"
    damaged = tmp_path / model.name
    damaged.write_bytes(model.read_bytes()[:-200])
    difference = diff(packed(tmp_path, "a", model), packed(tmp_path, "b", damaged), target="ml_c5")
    assert difference.sections.by_digest == (model.name,)
    assert difference.sections.weights == ()
    assert "its digest differs" in difference_text(difference)


def test_an_archive_that_is_cut_short(tmp_path: Path, fixtures: Path) -> None:
    whole = packed(tmp_path, "a", fixtures / "onnx/cnn-opset12.onnx")
    half = tmp_path / "b.tar.gz"
    half.write_bytes(whole.read_bytes()[:500])
    with pytest.raises(Malformed, match=r"b\.tar\.gz"):
        diff(whole, half)
