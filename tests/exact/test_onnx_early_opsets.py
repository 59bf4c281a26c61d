"""Files of opset 6 and below are packaged and proven in ONNX 1.7.0, whose ONNX Runtime lacks the
forms that their operators had."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx_early import EARLY, early_model

import neopack
from neopack.runtimes import Worker


@pytest.mark.usefixtures("onnx_1_7_0")
@pytest.mark.parametrize("name", EARLY)
def test_an_early_file_is_proven(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(early_model(EARLY[name]).SerializeToString())
    made = neopack.package(path, path=tmp_path / "m.tar.gz", verify=True, compiler=False)
    (evidence,) = made.report.evidence
    assert evidence.runtime == "onnx-1.7.0"
    assert evidence.difference <= 1e-6


def test_its_runtime_does_not_load_the_file_itself(tmp_path: Path, onnx_1_7_0: Worker) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(early_model(EARLY["network"]).SerializeToString())
    with pytest.raises(neopack.NeopackError, match=r"BatchNormalization|consumed_inputs"):
        onnx_1_7_0.call("load", {"path": str(path)})
