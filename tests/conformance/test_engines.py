"""The built-in engines, as any plug-in would be held to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import neopack
from neopack import facts
from neopack.archive.manifest import golden_path, read_manifest
from neopack.archive.read import extract_member, scan
from neopack.engines import registry
from neopack.frameworks import registry as frameworks
from neopack.testing import assert_engine_conforms
from neopack.values.artifact import CompilationRequest

FIXTURES = Path(__file__).parents[2] / "fixtures"
MODELS = {
    "pytorch": "pytorch/cnn-traced.pt",
    "pytorch-int64": "pytorch/tokens-traced.pt",
    "onnx": "onnx/cnn-opset12.onnx",
    "trees": "xgboost/softprob.ubj",
}


def request_of(model: str, folder: Path) -> CompilationRequest:
    """The request that ``neopack compile`` would make of a packaged fixture."""
    archive = folder / "model.tar.gz"
    neopack.package(FIXTURES / model, path=archive)
    manifest = read_manifest(archive)
    assert manifest is not None
    (member,) = manifest.archive.members
    return CompilationRequest(
        framework=manifest.framework,
        model=extract_member(scan(archive), member.name, folder / member.name),
        target=facts.target("linux/x86_64"),
        signature=manifest.signature,
        goldens=golden_path(archive),
    )


@pytest.mark.parametrize(
    ("name", "model"),
    [
        *(("openvino", model) for model in MODELS if model != "trees"),
        ("onnxruntime", "trees"),
        ("tvm", "onnx"),
    ],
)
def test_a_built_in_engine_conforms(name: str, model: str, tmp_path: Path) -> None:
    request = request_of(MODELS[model], tmp_path)
    if not registry.takes_original(name):
        framework = frameworks.get(request.framework)
        request = replace(
            request, model=framework.lifted(request.model, tmp_path, request.signature)
        )
    assert_engine_conforms(registry.get(name), request)


def test_each_built_in_engine_is_held_to_that() -> None:
    # onnxruntime-gpu where there is a GPU: tests/unit/engines
    assert registry.names() == ("openvino", "onnxruntime", "onnxruntime-gpu", "tvm")


def test_an_engine_that_hands_out_its_buffers_does_not_conform(tmp_path: Path) -> None:
    class Runner:
        def __init__(self, inner: Any) -> None:
            self.inner, self.signature, self.kept = inner, inner.signature, {}  # type: ignore[var-annotated]

        def predict(self, inputs: Any) -> Any:
            answer = self.inner.predict(inputs)
            for name, array in answer.items():
                self.kept.setdefault(name, array.copy())[...] = array
            return self.kept

    class Careless(type(registry.get("openvino"))):  # type: ignore[misc]
        def load(self, *given: Any) -> Any:
            return Runner(super().load(*given))

    with pytest.raises(AssertionError, match="copy it"):
        assert_engine_conforms(Careless(), request_of(MODELS["onnx"], tmp_path))
