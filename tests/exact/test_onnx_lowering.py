"""Models of today's ONNX, lowered by neopack, in ONNX 1.7.0 and the ONNX Runtime of its time: they
compute what they compute today, for random numbers and those that real data holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from onnx_models import LOWERED, cases_of, model

import neopack
from neopack.frameworks.onnx.lowering.lower import lower, release_for
from neopack.goldens.comparison import worst
from neopack.runtimes import Worker
from neopack.values.artifact import Array


@pytest.mark.parametrize("name", LOWERED)
def test_onnx_1_7_0_computes_alike(name: str, tmp_path: Path, onnx_1_7_0: Worker) -> None:
    given = model(*LOWERED[name])
    cases = cases_of(given)
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(given.SerializeToString())
    shapes = {key: array.shape for key, array in cases[0].inputs.items()}
    lower(path, path, release_for("1.7.0"), shapes, name)
    handle, _ = onnx_1_7_0.call("load", {"path": str(path)})

    def compute(inputs: Mapping[str, Array]) -> dict[str, Array]:
        return onnx_1_7_0.call("predict", handle, arrays=dict(inputs))[1]

    off = worst(cases, compute)
    onnx_1_7_0.call("release", handle)
    # half precision has 11 bits
    assert off.difference < (2e-3 if name.endswith("half") else 2e-6), off


@pytest.mark.parametrize("name", ["cnn-opset18", "local-function", "symbolic-batch"])
def test_a_file_that_was_lowered_is_proven(name: str, tmp_path: Path, fixtures: Path) -> None:
    shapes = {"image": (2, 3, 8, 8)} if name == "symbolic-batch" else {}
    path = fixtures / f"onnx/{name}.onnx"
    made = neopack.package(
        path, inputs=shapes, path=tmp_path / "m.tar.gz", verify=True, compiler=False
    )
    (evidence,) = made.report.evidence
    assert evidence.runtime == "onnx-1.7.0"
    assert evidence.difference <= 1e-6
