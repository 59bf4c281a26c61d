"""The built-in frameworks, as any plug-in would be held to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.frameworks import registry
from neopack.testing import Sample, assert_framework_conforms
from neopack.values.signature import InputRequest

FIXTURES = Path(__file__).parents[2] / "fixtures"
SAMPLES = {
    "PYTORCH": [
        Sample(path=FIXTURES / "pytorch" / "cnn-traced.pt"),
        Sample(path=FIXTURES / "pytorch" / "cnn.pt2"),
        Sample(path=FIXTURES / "pytorch" / "tokens-traced.pt", target="ml_inf1"),
        Sample(
            path=FIXTURES / "pytorch" / "torch-1.4.0" / "cnn-traced.pt",
            inputs=(InputRequest(name="image", shape=(1, 3, 8, 8)),),
        ),
    ],
    "XGBOOST": [
        Sample(path=FIXTURES / "xgboost" / "logistic.json"),
        Sample(path=FIXTURES / "xgboost" / "dart.ubj", target="ml_m5"),
        Sample(path=FIXTURES / "xgboost" / "softprob-1.3.3.model", target="rasp4b"),
    ],
    "TENSORFLOW": [
        Sample(
            path=FIXTURES / "tensorflow" / "2" / "saved-model" / "saved_model.pb",
            inputs=(InputRequest(name="images", shape=(2, 8, 8, 3)),),
        ),
        Sample(
            path=FIXTURES / "tensorflow" / "1.15" / "saved-model" / "saved_model.pb",
            inputs=(InputRequest(name="images", shape=(1, 8, 8, 3)),),
            target="ml_eia2",
        ),
        Sample(path=FIXTURES / "tensorflow" / "2" / "two-inputs" / "saved_model.pb"),
        Sample(
            path=FIXTURES / "tensorflow" / "1.15" / "frozen.pbtxt",
            inputs=(InputRequest(name="x", shape=(1, 8, 8, 3)),),
            target="rasp4b",
        ),
        Sample(path=FIXTURES / "tensorflow" / "1.15" / "names-end-in-zero.pb"),
    ],
    "KERAS": [
        Sample(path=FIXTURES / "keras" / "cnn-2.2.4.h5"),
        Sample(path=FIXTURES / "keras" / "nested-2.11.h5"),
        Sample(path=FIXTURES / "keras" / "newer.keras", target="linux/arm64"),
        Sample(
            path=FIXTURES / "keras" / "free-size-2.2.4.h5",
            inputs=(InputRequest(name="image", shape=(2, 8, 9, 3)),),
            target="rasp4b",
        ),
    ],
    "ONNX": [
        Sample(path=FIXTURES / "onnx" / "cnn-opset12.onnx"),
        Sample(path=FIXTURES / "onnx" / "external-data.onnx", target="linux/arm64"),
        Sample(
            path=FIXTURES / "onnx" / "symbolic-batch.onnx",
            inputs=(InputRequest(name="image", shape=(2, 3, 8, 8)),),
        ),
    ],
    "DARKNET": [
        Sample(path=FIXTURES / "darknet" / f"{name}.cfg", target="rasp4b")
        for name in ("classifier", "residual", "region", "yolo")
    ],
    "TFLITE": [
        Sample(path=FIXTURES / "tflite" / "cnn.tflite", target="rasp4b"),
        Sample(path=FIXTURES / "tflite" / "int8.tflite", target="linux/arm64"),
        Sample(
            path=FIXTURES / "tflite" / "free-batch.tflite",
            inputs=(InputRequest(name="image", shape=(2, 8, 8, 3)),),
            target="rasp4b",
        ),
    ],
    "MXNET": [
        Sample(
            path=FIXTURES / "mxnet" / "gluon" / "gluon-symbol.json",
            inputs=(InputRequest(name="data", shape=(1, 3, 8, 8)),),
        ),
        Sample(path=FIXTURES / "mxnet" / "sagemaker" / "model-symbol.json", target="ml_inf1"),
        Sample(
            path=FIXTURES / "mxnet" / "mxnet-0.9.5" / "module-symbol.json",
            inputs=(InputRequest(name="data", shape=(2, 3, 8, 8)),),
            target="rasp4b",
        ),
    ],
}


def test_every_framework_has_samples() -> None:
    assert set(SAMPLES) == set(registry.names())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_built_in_framework_conforms(name: str) -> None:
    assert_framework_conforms(registry.get(name), SAMPLES[name])


def test_a_framework_that_takes_everything_does_not_conform() -> None:
    class Greedy(type(registry.get("ONNX"))):  # type: ignore[misc]
        def recognize(self, source: object) -> str:
            return "anything"

    with pytest.raises(AssertionError, match="nothing"):
        assert_framework_conforms(Greedy("ONNX", "neopack.frameworks.onnx"), SAMPLES["ONNX"])
