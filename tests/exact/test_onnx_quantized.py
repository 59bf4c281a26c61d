"""Quantized models, and those of half precision, are proven in ONNX 1.7.0: without ONNX Runtime's
optimizations, which compute one step beside, and in integers that do not saturate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper
from onnx_quantized import HALVES, QUANTIZED, QuantizedCase, quantized_model

import neopack
from neopack.goldens.cases import GoldenCase, load_cases
from neopack.values.evidence import Evidence

pytestmark = pytest.mark.usefixtures("onnx_1_7_0")


def _proven(case: QuantizedCase, folder: Path) -> tuple[Evidence, tuple[GoldenCase, ...]]:
    path = folder / "model.onnx"
    path.write_bytes(quantized_model(case).SerializeToString())
    of_tvm = ["NEO-TV-001"]  # it takes no QGemm
    archive = neopack.package(
        path, path=folder / "m.tar.gz", verify=True, compiler=False, ignore=of_tvm
    )
    (evidence,) = archive.report.evidence
    return evidence, load_cases(folder / "m.golden.npz")


@pytest.mark.parametrize("name", QUANTIZED)
def test_a_quantized_model_is_proven(name: str, tmp_path: Path) -> None:
    evidence, _ = _proven(QUANTIZED[name], tmp_path)
    assert evidence.difference <= 1e-6


def test_golden_numbers_are_exact_where_products_of_int8_saturate(tmp_path: Path) -> None:
    _, cases = _proven(QUANTIZED["matrices"], tmp_path)
    weights = quantized_model(QUANTIZED["matrices"]).graph.initializer
    (w,) = [numpy_helper.to_array(tensor) for tensor in weights if tensor.name == "w"]
    for case in cases:
        if case.decides:
            q = np.clip(np.rint(case.inputs["x"] / np.float32(0.02)) + 128, 0, 255) - 128
            product = q.astype(np.int64) @ w.astype(np.int64)
            steps = np.clip(np.rint(product * np.float32(0.02 * 0.01 / 0.1)), -128, 127)
            assert np.allclose(case.outputs["y"], steps * np.float32(0.1), atol=1e-6), case.name


@pytest.mark.parametrize("name", HALVES)
def test_half_precision_may_differ_by_its_rounding(name: str, tmp_path: Path) -> None:
    evidence, _ = _proven(HALVES[name], tmp_path)
    assert evidence.allowed == 2e-3
    assert evidence.difference > 0


def test_other_models_may_not(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "onnx/cnn-opset12.onnx"
    (evidence,) = neopack.package(
        path, path=tmp_path / "m.tar.gz", verify=True, compiler=False
    ).report.evidence
    assert evidence.allowed == 1e-4
