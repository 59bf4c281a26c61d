"""Symbols written as ONNX compute what MXNet 1.8.0 computes, operator by operator."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import neopack as package
from neopack import runtimes
from neopack.errors import Malformed, NeopackError, Unsupported
from neopack.frameworks.mxnet.onnx_form.onnx_model import as_onnx
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array
from neopack.values.signature import Signature, TensorSpec

# those that ONNX has no operator for, or no plain form
REFUSED = ("topk_mask", "lstm", "dropout_always", "sum_exclude", "batch_norm_last", "take_wrap")
HALF = {"float16": 1e-2}


def computed(model: bytes, data: Array) -> dict[str, Array]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {"data": data}), strict=True))


def signature(shape: list[int], golden: dict[str, Array]) -> Signature:
    outputs = tuple(
        TensorSpec(name=name, dtype=str(array.dtype), shape=array.shape)
        for name, array in golden.items()
    )
    data = TensorSpec(name="data", dtype="float32", shape=tuple(shape))
    return Signature(inputs=(data,), outputs=outputs)


def test_each_operator_computes_as_in_mxnet(fixtures: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(fixtures / "mxnet/operators.zip") as archive:
        archive.extractall(tmp_path)
    index = json.loads((tmp_path / "index.json").read_text())
    alike, refused = set(), set()
    with runtimes.worker("mxnet-1.8.0") as worker:
        for name, shape in index.items():
            symbol = tmp_path / f"{name}-symbol.json"
            data = np.random.default_rng(0).uniform(0.1, 0.9, shape).astype("float32")
            try:
                as_onnx(symbol, signature(shape, {"?": data}))
            except Unsupported:
                refused.add(name)
                continue
            except Malformed:
                pass  # of several outputs, and MXNet names them
            parts = [str(tmp_path / f"{name}-0000.params")]
            try:
                loaded, _ = worker.call("load", {"path": str(symbol), "parts": parts})
                golden = worker.call("predict", loaded, arrays={"data": data})[1]
            except NeopackError:
                continue  # MXNet does not compute it here, or wants a label too
            answer = computed(as_onnx(symbol, signature(shape, golden)), data)
            assert difference(golden, answer) <= HALF.get(name, 1e-5), name
            alike.add(name)
    assert len(alike) >= 145
    assert set(REFUSED) <= refused


@pytest.mark.parametrize("name", ["softmax_output", "logistic_output"])
def test_an_output_of_training_compiles_with_its_label(
    fixtures: Path, tmp_path: Path, name: str
) -> None:
    with zipfile.ZipFile(fixtures / "mxnet/operators.zip") as archive:
        archive.extractall(tmp_path)
    shape = json.loads((tmp_path / "index.json").read_text())[name]
    symbol = tmp_path / f"{name}-symbol.json"
    info = package.inspect(symbol).info
    assert info is not None
    assert info.signature is not None
    label = info.signature.inputs[1].name
    of_label = shape[:1] if name == "softmax_output" else shape
    made = package.package(
        symbol, inputs={"data": shape, label: of_label}, path=tmp_path / "m.tar.gz"
    )
    artifact = package.compile(made.path, target="ml_c5")
    assert artifact.engine == "openvino"
    assert artifact.difference is not None
    assert artifact.difference < 1e-5
