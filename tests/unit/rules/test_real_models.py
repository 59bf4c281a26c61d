"""The readers and the rules speak of the same facts: real files, and what is found in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from contexts import context, entries
from test_catalogue import ALL

from neopack.checks import engine
from neopack.dataconfig.data_input_config import example
from neopack.formats.files import FolderFiles
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.frameworks import registry
from neopack.values.model import ModelInfo

FIXTURES = Path(__file__).parents[3] / "fixtures"

# What is found besides DataInputConfig's absence, which some of these forms bring about.
FOUND = {
    "pytorch/cnn-traced.pt": "",
    "pytorch/torch-1.8.1/cnn-traced.pt": "PT-020",
    "pytorch/torch-1.4.0/cnn-traced.pt": "PT-020",
    "pytorch/frozen.pt": "PT-020",
    "pytorch/branches-scripted.pt": "PT-005 PT-006 PT-008 PT-020",
    "pytorch/training-mode.pt": "PT-003",
    "pytorch/cuda.pt": "PT-004 PT-028",
    "pytorch/refused/deforming.pt": "PT-011 PT-020",
    "pytorch/refused/dropping.pt": "PT-003",
    "pytorch/refused/legacy.pt": "PT-020 PT-032",
    "pytorch/refused/mobile.pt": "PT-020 PT-025",
    "pytorch/refused/no-forward.pt": "PT-020 PT-030",
    "pytorch/refused/noise.pt": "PT-026",
    "pytorch/refused/on-meta.pt": "PT-005 PT-006 PT-020 PT-029",
    "pytorch/refused/optimized.pt": "PT-020 PT-025 PT-031",
    "pytorch/refused/quantized.pt": "PT-005 PT-006 PT-012 PT-020",
    "pytorch/dict-output.pt": "PT-007",
    "pytorch/nested-inputs.pt": "PT-008",
    "pytorch/tokens-traced.pt": "PT-015 PT-017",
    "pytorch/state-dict.pt": "PT-002",
    "pytorch/state-dict-legacy.pt": "PT-002",
    "pytorch/checkpoint.pt": "PT-002",
    "pytorch/pickled-module.pt": "PT-002 PT-010",
    "pytorch/malicious.pt": "PT-002 PT-009",
    "pytorch/malicious-legacy.pt": "PT-002 PT-009",
    "pytorch/cnn.safetensors": "PT-002",
    "pytorch/cnn.pt2": "PT-002",
    "onnx/cnn-opset12.onnx": "",
    "onnx/listed-initializers.onnx": "",
    "onnx/cnn-opset18.onnx": "ON-001 ON-002",
    "onnx/external-data.onnx": "ON-001 ON-002 ON-004",
    "onnx/custom-domain.onnx": "ON-001 ON-002 ON-005 TV-001",
    "onnx/quantised.onnx": "ON-001 ON-002 ON-007 ON-010",
    "onnx/odd-inputs.onnx": "ON-001 ON-002 ON-008 ON-010 ON-011 ON-013 ON-017 TV-002",
    "mxnet/gluon/gluon-symbol.json": "",
    "mxnet/mxnet-0.9.5/module-symbol.json": "MX-019",
    "mxnet/mxnet-0.11.0/module-symbol.json": "MX-019",
    "mxnet/mxnet-1.5.1/module-symbol.json": "MX-019",
    "mxnet/mxnet-1.8.0/module-symbol.json": "MX-019",
    "mxnet/mxnet-1.9.1/module-symbol.json": "MX-015 MX-019",
    "mxnet/sagemaker/model-symbol.json": "MX-019",
    "mxnet/plain-parameters/gluon-symbol.json": "MX-006",
    "mxnet/channel-last/nhwc-symbol.json": "MX-018 MX-019",
    "mxnet/custom-operator/custom-symbol.json": "MX-016 MX-019 MX-020",
    "mxnet/loop/loop-symbol.json": "MX-020",
    "mxnet/training/model_algo_1-symbol.json": "MX-020 MX-021",
    "mxnet/cycle/cycle-symbol.json": "MX-012",
    "mxnet/misfit/misfit-symbol.json": "MX-007 MX-008 MX-009",
}
FOUND |= {
    "xgboost/dart-1.3.3.model": "",
    "xgboost/linear-1.3.3.model": "XG-009",
    "xgboost/linear.ubj": "XG-002 XG-009",
    "keras/cnn-2.2.4.h5": "",
    "keras/keras-1.h5": "KR-018",
    "keras/nested-2.2.4.h5": "KR-015",
    "keras/cnn-2.11.h5": "KR-002",
    "keras/two-inputs.h5": "KR-002",
    "keras/trained-2.2.4.h5": "KR-011",
    "keras/lambda-2.2.4.h5": "KR-008",
    "keras/lambda.keras": "KR-001 KR-002 KR-008",
    "keras/newer.keras": "KR-001 KR-002 KR-010",
    "keras/weights-2.2.4.h5": "KR-003",
    "keras/sequential.weights.h5": "KR-003",
    "keras/free-size-2.2.4.h5": "KR-005",
}
NAMES = {
    "XGBOOST": "xgboost.model",
    "PYTORCH": "model.pth",
    "ONNX": "model.onnx",
    "MXNET": "model-symbol.json",
    "KERAS": "model.h5",
}
MORE = {"MXNET": ("model-0000.params",)}


def read(path: str) -> ModelInfo:
    framework = registry.get(path.partition("/")[0].upper())
    return framework.read(FolderFiles(FIXTURES), path, DEFAULT_LIMITS)


@pytest.mark.parametrize("path", FOUND)
def test_what_is_found_in_a_real_file(path: str) -> None:
    info = read(path)
    name = NAMES[info.framework]
    config = example(info.signature, info.framework) if info.signature else None
    judged = context(
        info.framework,
        entries=entries(name, *MORE.get(info.framework, ())),
        models=(name,),
        info=info,
        data_input_config=config,
    )
    report = engine.run(ALL, judged)
    found = {finding.id.removeprefix("NEO-") for finding in report.findings}
    assert {id_ for id_ in found if not id_.startswith("DC-")} == set(FOUND[path].split())
    assert report.clean or found
