"""Models of today's ONNX, lowered by neopack, in ONNX 1.7.0 and the ONNX Runtime of its time: they
compute what they compute today."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx_models import LOWERED, inputs_of, model

import neopack
from neopack.frameworks.onnx.lowering.lower import lower, release_for
from neopack.frameworks.onnx.run import OnnxRuntimeRunner
from neopack.goldens.comparison import difference
from neopack.runtimes import Worker
from neopack.values.signature import Signature


@pytest.mark.parametrize("name", LOWERED)
def test_onnx_1_7_0_computes_alike(name: str, tmp_path: Path, onnx_1_7_0: Worker) -> None:
    given = model(*LOWERED[name])
    inputs = inputs_of(given)
    golden = OnnxRuntimeRunner(given.SerializeToString(), Signature(inputs=())).predict(inputs)
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(given.SerializeToString())
    shapes = {key: array.shape for key, array in inputs.items()}
    lower(path, path, release_for("1.7.0"), shapes, name)
    handle, _ = onnx_1_7_0.call("load", {"path": str(path)})
    _, computed = onnx_1_7_0.call("predict", handle, arrays=inputs)
    onnx_1_7_0.call("release", handle)
    # half precision has 11 bits
    assert difference(golden, computed) < (2e-3 if name.endswith("half") else 1e-6)


@pytest.mark.parametrize("name", ["cnn-opset18", "local-function", "symbolic-batch"])
def test_a_file_that_was_lowered_is_proven(name: str, tmp_path: Path, fixtures: Path) -> None:
    shapes = {"image": (2, 3, 8, 8)} if name == "symbolic-batch" else {}
    path = fixtures / f"onnx/{name}.onnx"
    made = neopack.package(path, inputs=shapes, path=tmp_path / "m.tar.gz", verify=True)
    (evidence,) = made.report.evidence
    assert evidence.runtime == "onnx-1.7.0"
    assert evidence.difference <= 1e-6
