"""Models lowered below opset 12 in ONNX 1.7.0 and the ONNX Runtime of its time, which computes
opset 7 and newer by kernels of their own: the numbers stay."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx_models import model
from onnx_older import NOT_IN_2020, OLDER, apart, numbers_of

from neopack.facts import onnx_releases
from neopack.frameworks.onnx.lowering.lower import lower
from neopack.frameworks.onnx.run import OnnxRuntimeRunner
from neopack.runtimes import Worker
from neopack.values.signature import Signature


@pytest.mark.parametrize("name", [name for name in OLDER if name not in NOT_IN_2020])
def test_every_opset_computes_alike_in_2020(name: str, tmp_path: Path, onnx_1_7_0: Worker) -> None:
    case = OLDER[name]
    given = model(case.opset, case.graph)
    inputs = numbers_of(given)
    golden = OnnxRuntimeRunner(given.SerializeToString(), Signature(inputs=())).predict(inputs)
    (tmp_path / "given.onnx").write_bytes(given.SerializeToString())
    shapes = {key: array.shape for key, array in inputs.items()}
    for release in onnx_releases():
        if not case.floor <= release.opset < case.opset or release.opset < 7:
            continue
        path = tmp_path / f"{release.opset}.onnx"
        lower(tmp_path / "given.onnx", path, release, shapes, name)
        assert onnx.load(path).opset_import[0].version == release.opset
        handle, _ = onnx_1_7_0.call("load", {"path": str(path)})
        _, computed = onnx_1_7_0.call("predict", handle, arrays=inputs)
        onnx_1_7_0.call("release", handle)
        assert apart(golden, computed) == "", release.opset
