"""Inspections to put before rules: a clean one of each framework, and changes to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from neopack import facts
from neopack.formats.tar import EntryKind, TarEntry
from neopack.rules.rule import Inspection
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature, TensorSpec

SCRIPT = """
def model_fn(model_dir): ...
def input_fn(body, content_type): ...
def predict_fn(data, model): ...
def output_fn(prediction, accept): ...
"""
DLR_SCRIPT = """
def neo_preprocess(payload, content_type): ...
def neo_postprocess(result): ...
"""


def entry(name: str, kind: EntryKind = "file", size: int = 9, link: str = "") -> TarEntry:
    return TarEntry(name=name, kind=kind, size=size, offset=512, link=link)


def entries(*names: str) -> tuple[TarEntry, ...]:
    return tuple(entry(name) for name in names)


def spec(
    name: str, shape: tuple[int | None, ...] = (1, 3, 8, 8), dtype: str = "float32"
) -> TensorSpec:
    return TensorSpec(name=name, dtype=dtype, shape=shape)


def signature(*inputs: TensorSpec) -> Signature:
    return Signature(inputs=inputs, outputs=(spec("out", (1, 10)),))


def torch_info(
    form: str = "torchscript", inputs: Iterable[TensorSpec] = (spec("x"),), **known: Any
) -> ModelInfo:
    """``known`` are facts, but for ``dtypes`` and ``file_format``."""
    return ModelInfo(
        framework="PYTORCH",
        format=form,
        versions={"file_format": known.pop("file_format", "3")},
        signature=signature(*inputs),
        dtypes=known.pop("dtypes", {"float32": 4, "int64": 1}),
        facts={"stored_inputs": True, "origin": "traced", "globals": [], **known},
    )


def onnx_info(
    inputs: Iterable[TensorSpec] = (spec("input.1"),),
    *,
    ir: int = 7,
    opset: int = 12,
    operators: Iterable[str] = ("Conv", "Relu"),
    **known: Any,
) -> ModelInfo:
    return ModelInfo(
        framework="ONNX",
        format="onnx",
        versions={"ir_version": str(ir), "opset": str(opset)},
        signature=signature(*inputs),
        operators=dict.fromkeys(operators, 1),
        facts={"ir_version": ir, "opsets": {"": opset}, **known},
    )


def xgboost_info(form: str = "binary", version: str = "1.3", **known: Any) -> ModelInfo:
    return ModelInfo(
        framework="XGBOOST",
        format=form,
        versions={"xgboost": version},
        signature=signature(spec("data", (None, 6))),
        facts={"trees": 3, "largest_tree": 7, "inexpressible": "", **known},
    )


def mxnet_info(
    inputs: Iterable[TensorSpec] = (spec("data", (None, 3, None, None)),),
    *,
    form: str = "symbol",
    version: str = "1.8.0",
    operators: Iterable[str] = ("Convolution", "Activation"),
    dtypes: dict[str, int] | None = None,
    **known: Any,
) -> ModelInfo:
    return ModelInfo(
        framework="MXNET",
        format=form,
        versions={"mxnet": version} if version else {},
        signature=signature(*inputs),
        operators=dict.fromkeys(operators, 1),
        dtypes=dtypes or {"float32": 8},
        facts={
            "parameters": "model-0000.params",
            "parameters_form": "params",
            "array_versions": {"2": 8},
            **known,
        },
    )


SAVED_MODEL = ("export/saved_model.pb", "export/variables/variables.index")


def saved_entries(*more: str) -> tuple[TarEntry, ...]:
    return (entry("export", "directory"), *entries(*SAVED_MODEL, *more))


def tensorflow_info(form: str = "savedmodel", version: str = "2.9.2", **known: Any) -> ModelInfo:
    operators = known.pop("operators", {"Conv2D": 1})
    told = {
        "signatures": {
            "serving_default": {"inputs": {"input": "input:0"}, "outputs": {"y": "y:0"}}
        },
        "signature_key": "serving_default",
        "tags": [["serve"]],
    }
    return ModelInfo(
        framework="TENSORFLOW",
        format=form,
        versions={"tensorflow": version} if form == "savedmodel" else {},
        signature=signature(spec("input:0", (None, 8, 8, 3))),
        operators=operators,
        facts={**(told if form == "savedmodel" else {}), **known},
    )


def keras_info(
    inputs: Iterable[TensorSpec] = (spec("image", (None, 8, 8, 3)),),
    *,
    form: str = "h5",
    version: str = "2.2.4",
    backend: str = "tensorflow",
    **known: Any,
) -> ModelInfo:
    return ModelInfo(
        framework="KERAS",
        format=form,
        versions={"keras": version, "backend": backend},
        signature=signature(*inputs),
        facts={"lambdas": [], "custom": [], "new_layers": [], **known},
    )


CLEAN = {
    "PYTORCH": {
        "entries": entries("model.pth"),
        "models": ("model.pth",),
        "info": torch_info(),
        "data_input_config": '{"input0":[1,3,8,8]}',
    },
    "ONNX": {
        "entries": entries("model.onnx"),
        "models": ("model.onnx",),
        "info": onnx_info(),
        "data_input_config": '{"input.1":[1,3,8,8]}',
    },
    "XGBOOST": {
        "entries": entries("xgboost-model"),
        "models": ("xgboost-model",),
        "info": xgboost_info(),
    },
    "MXNET": {
        "entries": entries("model-0000.params", "model-symbol.json"),
        "models": ("model-symbol.json",),
        "info": mxnet_info(),
        "data_input_config": '{"data":[1,3,8,8]}',
    },
    "KERAS": {
        "entries": entries("model.h5"),
        "models": ("model.h5",),
        "info": keras_info(),
        "data_input_config": '{"image":[1,3,8,8]}',
    },
    "TENSORFLOW": {
        "entries": saved_entries(),
        "models": ("export/saved_model.pb",),
        "info": tensorflow_info(),
        "data_input_config": '{"input":[1,8,8,3]}',
    },
}


def tflite(inputs: Iterable[TensorSpec], *outputs: TensorSpec) -> Inspection:
    info = ModelInfo(
        framework="TFLITE",
        format="tflite",
        signature=Signature(inputs=tuple(inputs), outputs=outputs),
    )
    return inspection("TFLITE", "rasp4b", info=info, entries=entries("m.tflite"))


def inspection(framework: str = "PYTORCH", target: str = "ml_c5", **changes: Any) -> Inspection:
    """A clean archive of a framework for a target, but for the changes."""
    aim = facts.target(target)
    clean: dict[str, Any] = dict(CLEAN.get(framework, {"entries": ()}))
    version = changes.pop("framework_version", None)
    if version is None:
        version = facts.default_version(framework, aim, changes.get("as_of"))
    made = Inspection(
        framework=framework,
        framework_version=version,
        target=aim,
        path=facts.compiler_path(framework, aim, version),
        as_of=facts.newest(),
        **clean,
    )
    return replace(made, **changes)


def pytorch(target: str = "ml_c5", **changes: Any) -> Inspection:
    return inspection("PYTORCH", target, **changes)


def onnx(target: str = "ml_c5", **changes: Any) -> Inspection:
    return inspection("ONNX", target, **changes)


def xgboost(target: str = "ml_c5", **changes: Any) -> Inspection:
    return inspection("XGBOOST", target, **changes)


def mxnet(target: str = "ml_c5", **changes: Any) -> Inspection:
    return inspection("MXNET", target, **changes)


def keras(target: str = "ml_c5", **changes: Any) -> Inspection:
    return inspection("KERAS", target, **changes)


def tensorflow(target: str = "ml_c5", **changes: Any) -> Inspection:
    return inspection("TENSORFLOW", target, **changes)
