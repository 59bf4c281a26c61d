"""Inspections to put before rules: a clean one of each framework, and changes to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from neopack import facts
from neopack.formats.tar import EntryKind, TarEntry
from neopack.frameworks.darknet.facts import DarknetFacts
from neopack.frameworks.keras.facts import KerasFacts
from neopack.frameworks.mxnet.facts import MXNetFacts, SymbolFacts
from neopack.frameworks.onnx.facts import ExternalTensor, OnnxFacts
from neopack.frameworks.pytorch.facts import (
    PyTorchFacts,
    SafetensorsFacts,
    SavedFacts,
    TorchScriptFacts,
)
from neopack.frameworks.tensorflow.facts import (
    FrozenGraphFacts,
    SavedModelFacts,
    SignatureTensors,
    TensorFlowFacts,
)
from neopack.frameworks.tflite.facts import TFLiteFacts
from neopack.frameworks.xgboost.facts import LearnerFacts, XGBoostFacts
from neopack.rules.rule import CheckContext
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


TRACED = TorchScriptFacts(
    origin="traced",
    root_class="Net",
    training_attribute=False,
    training=(),
    control_flow=(),
    input_names=("x",),
    input_types={"x": "Tensor"},
    nested_inputs=(),
    output_type="Tensor",
    dict_outputs=False,
    stored_inputs=True,
    called_in={},
    folded=(),
    unreached=(),
    order=(),
    calls={},
    custom_ops=(),
    generated_files=(),
    records=(),
    buffers=0,
    buffer_bytes=0,
    constants=0,
    constant_bytes=0,
    frozen=False,
    mobile=False,
    devices=(),
    code_devices=(),
    random=(),
    mixed_calls=(),
    cast_inputs=(),
    has_forward=True,
    legacy=False,
    particular={},
    seen_changes=(),
    tvm_calls={},
    globals=(),
    executing=(),
    readable_since={},
)
SAVED = SavedFacts(keys=(), weights_key="", tensors=0, devices=(), globals=(), executing=())
TORCH_FACTS: dict[str, PyTorchFacts] = {
    "torchscript": TRACED,
    "safetensors": SafetensorsFacts(keys=(), tensors=0, metadata={}),
    "pt2": PyTorchFacts(),
}


def torch_info(
    form: str = "torchscript", inputs: Iterable[TensorSpec] = (spec("x"),), **known: Any
) -> ModelInfo:
    """``known`` are facts, but for ``dtypes`` and ``file_format``."""
    versions = {"file_format": known.pop("file_format", "3")}
    dtypes = known.pop("dtypes", {"float32": 4, "int64": 1})
    return ModelInfo(
        framework="PYTORCH",
        format=form,
        versions=versions,
        signature=signature(*inputs),
        dtypes=dtypes,
        facts=replace(TORCH_FACTS.get(form, SAVED), **known),
    )


ONNX_FACTS = OnnxFacts(
    ir_version=7,
    opsets={"": 12},
    training_info=0,
    dynamic_inputs=(),
    symbolic_dims={},
    unranked_inputs=(),
    non_tensor_inputs={},
    non_tensor_outputs={},
    initializers=0,
    initializers_in_inputs=0,
    graph="main",
    nodes=2,
    subgraphs=0,
    external_data=(),
    places={},
    custom_domains=(),
    functions=(),
    sparse_initializers=0,
    quantised={},
    quantization_annotations=0,
    constant_bytes=0,
)
OUTSIDE = ExternalTensor(tensor="w", location="w.data")


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
        facts=replace(ONNX_FACTS, **{"ir_version": ir, "opsets": {"": opset}, **known}),
    )


LEARNER = LearnerFacts(
    booster="gbtree",
    objective="binary:logistic",
    num_feature=6,
    num_class=0,
    outputs=1,
    trees=3,
    nodes=21,
    largest_tree=7,
    base_score=(0.5,),
    categorical=False,
    leaf_vector=0,
    attributes=(),
    feature_names=0,
    rounds=3,
    best_iteration=-1,
    in_turns=True,
    inexpressible="",
)


def xgboost_info(form: str = "binary", version: str = "1.3", **known: Any) -> ModelInfo:
    return ModelInfo(
        framework="XGBOOST",
        format=form,
        versions={"xgboost": version},
        signature=signature(spec("data", (None, 6))),
        facts=XGBoostFacts() if form in ("pickle", "dump") else replace(LEARNER, **known),
    )


def pickled(kind: str, version: str) -> ModelInfo:
    return replace(xgboost_info(version=version, pickled=kind), format="pickle")


SYMBOL_FACTS = SymbolFacts(
    arrays=8,
    array_versions={"2": 8},
    storages={"dense": 8},
    unprefixed=(),
    parameters="model-0000.params",
    parameters_form="params",
    missing=(),
    extra=(),
    misfits={},
    nodes=9,
    cycle=(),
    dangling=(),
    forward_references=(),
    outputs=("softmax",),
    labels=(),
    unranked_inputs=(),
    places={},
    order=(),
    custom_operators=(),
    training=(),
    random=(),
    subgraphs=(),
    channel_last=(),
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
        facts=MXNetFacts() if form == "npz" else replace(SYMBOL_FACTS, **known),
    )


FROZEN_FACTS: TensorFlowFacts = FrozenGraphFacts(
    text=False,
    producer=27,
    min_consumer=12,
    nodes=1,
    functions=(),
    placeholders=(),
    training={},
    random=(),
    newer=(),
    imported={},
    order=(),
    grouped=(),
    dilated_depthwise=(),
    dynamic_inputs=(),
    outputs=(),
    loose_variables={},
)
SAVED_MODEL_FACTS: TensorFlowFacts = SavedModelFacts(
    text=False,
    producer=27,
    min_consumer=12,
    nodes=1,
    functions=(),
    placeholders=(),
    training={},
    random=(),
    newer=(),
    imported={},
    order=(),
    grouped=(),
    dilated_depthwise=(),
    dynamic_inputs=(),
    tags=(("serve",),),
    signature_key="serving_default",
    signatures={
        "serving_default": SignatureTensors(inputs={"input": "input:0"}, outputs={"y": "y:0"})
    },
    objects=True,
    keras=False,
    assets=(),
    variables=1,
    optimizer_slots=0,
    trained_objects=False,
    shards_missing=(),
    shards_cut=(),
    unranked=(),
)
SAVED_MODEL = ("export/saved_model.pb", "export/variables/variables.index")


def saved_entries(*more: str) -> tuple[TarEntry, ...]:
    return (entry("export", "directory"), *entries(*SAVED_MODEL, *more))


def tensorflow_info(form: str = "savedmodel", version: str = "2.9.2", **known: Any) -> ModelInfo:
    operators = known.pop("operators", {"Conv2D": 1})
    dtype = known.pop("dtype", "float32")
    return ModelInfo(
        framework="TENSORFLOW",
        format=form,
        versions={"tensorflow": version} if form == "savedmodel" else {},
        signature=signature(spec("input:0", (None, 8, 8, 3), dtype)),
        operators=operators,
        facts=replace(SAVED_MODEL_FACTS if form == "savedmodel" else FROZEN_FACTS, **known),
    )


KERAS_FACTS = KerasFacts(
    missing=(),
    misfits=(),
    mixed_types=(),
    layers=2,
    weights=4,
    training_config=False,
    optimizer_weights=0,
    sample_weight_mode=False,
    strangers=(),
    links=(),
    places={},
    lambdas=(),
    custom=(),
    data_formats=(),
    new_layers=(),
    unknown_names=(),
    not_taken=(),
    in_training=(),
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
        facts=replace(KERAS_FACTS, **known),
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


def darknet(target: str = "rasp4b", **facts_of_it: Any) -> CheckContext:
    known: dict[str, Any] = {
        "layers": 1,
        "imported": {"CONVOLUTIONAL": "line 5"},
        "numbers": 10,
        "weights": 10,
        "activations": {"leaky": "line 5"},
        "options_of_forks": {},
        "joins": {"line 9": 2},
        "uneven_means": (),
        "reorganized": (),
        "detectors": (),
    }
    own = DarknetFacts(**{**known, **facts_of_it})
    info = ModelInfo(framework="DARKNET", format="cfg", facts=own)
    return context("DARKNET", target, info=info, entries=entries("m.cfg", "m.weights"))


def tflite(inputs: Iterable[TensorSpec], *outputs: TensorSpec, **facts_of_it: Any) -> CheckContext:
    info = ModelInfo(
        framework="TFLITE",
        format="tflite",
        signature=Signature(inputs=tuple(inputs), outputs=outputs),
        facts=TFLiteFacts(subgraphs=1, custom_operators=(), operators=(), **facts_of_it),
    )
    return context("TFLITE", "rasp4b", info=info, entries=entries("m.tflite"))


def context(framework: str = "PYTORCH", target: str = "ml_c5", **changes: Any) -> CheckContext:
    """A clean archive of a framework for a target, but for the changes."""
    aim = facts.target(target)
    clean: dict[str, Any] = dict(CLEAN.get(framework, {"entries": ()}))
    version = changes.pop("framework_version", None)
    if version is None:
        version = facts.default_version(framework, aim, changes.get("as_of"))
    made = CheckContext(
        framework=framework,
        framework_version=version,
        target=aim,
        path=facts.compiler_path(framework, aim, version),
        as_of=facts.newest(),
        **clean,
    )
    return replace(made, **changes)


def pytorch(target: str = "ml_c5", **changes: Any) -> CheckContext:
    return context("PYTORCH", target, **changes)


def onnx(target: str = "ml_c5", **changes: Any) -> CheckContext:
    return context("ONNX", target, **changes)


def xgboost(target: str = "ml_c5", **changes: Any) -> CheckContext:
    return context("XGBOOST", target, **changes)


def mxnet(target: str = "ml_c5", **changes: Any) -> CheckContext:
    return context("MXNET", target, **changes)


def keras(target: str = "ml_c5", **changes: Any) -> CheckContext:
    return context("KERAS", target, **changes)


def tensorflow(target: str = "ml_c5", **changes: Any) -> CheckContext:
    return context("TENSORFLOW", target, **changes)
