"""For each rule contexts that break it, with a word of the message, and some that do not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from contexts import (
    DLR_SCRIPT,
    OUTSIDE,
    SCRIPT,
    context,
    darknet,
    entries,
    entry,
    keras,
    keras_info,
    mxnet,
    mxnet_info,
    onnx,
    onnx_info,
    pickled,
    pytorch,
    saved_entries,
    spec,
    tensorflow,
    tensorflow_info,
    tflite,
    torch_info,
    xgboost,
    xgboost_info,
)
from test_catalogue import ALL

from neopack import facts
from neopack.checks import engine
from neopack.frameworks.mxnet.facts import SymbolFacts, SymbolOperator
from neopack.frameworks.onnx.forms import AttributeForm, NodeForm
from neopack.frameworks.onnx.tvm_calls import OtherCall
from neopack.frameworks.pytorch.facts import MixedCall
from neopack.frameworks.tensorflow.facts import SignatureTensors
from neopack.rules.rule import CheckContext, Returned
from neopack.values.model import ModelInfo, facts_of
from neopack.values.signature import Signature

NVIDIA = '{"gpu-code":"sm_70","trt-ver":"6.0.1","cuda-ver":"10.0"}'
CODE = "code/inference.py"
ML = "ai.onnx.ml"
GPU = "ml_p3"
PAIR = ("model-0000.params", "model-symbol.json")
OF_TVM = OtherCall(text="Mean: of several tensors", place="node of y", sure=True)
FOR_SOME = OtherCall(text="PRelu: its slope", place="node of z", sure=False)


def config(value: Any, **changes: Any) -> CheckContext:
    return pytorch(data_input_config=json.dumps(value), **changes)


def coreml(value: Any) -> CheckContext:
    return pytorch(target="coreml", data_input_config=json.dumps({"x": value}))


def script(text: str, framework: str = "PYTORCH") -> CheckContext:
    return context(framework, code={CODE: text})


def traced(**known: Any) -> CheckContext:
    return pytorch(info=torch_info(**known))


def frozen(framework_version: str | None = None, **known: Any) -> CheckContext:
    return tensorflow(
        entries=entries("model.pb"),
        models=("model.pb",),
        framework_version=framework_version,
        info=tensorflow_info("frozen graph", **known),
    )


def options(text: str | None, target: str = "ml_c5", framework: str = "PYTORCH") -> CheckContext:
    return context(framework, target, compiler_options=text)


def using(*operators: str) -> ModelInfo:
    return replace(torch_info(), operators=dict.fromkeys(operators, 1))


def called(operator: str, *calls: str) -> ModelInfo:
    info = torch_info(calls={operator: calls}, called_in={operator: "Net.forward"})
    return replace(info, operators={operator: len(calls)})


ALIGNED = "Tensor, Tensor, float, int, int, int, bool"
DEFORMED_1_7 = ", ".join(["Tensor"] * 4 + ["int"] * 8)


def vision(version: str, operator: str, *calls: str) -> CheckContext:
    """A model that calls an operator of torchvision, compiled with that PyTorch."""
    name = f"torchvision::{operator}"
    info = torch_info(custom_ops=(name,), calls={name: calls})
    return pytorch(framework_version=version, info=replace(info, operators={name: 1}))


def mixing(operator: str, *kinds: str) -> ModelInfo:
    dtypes = ("float32", "int64")
    call = MixedCall(operator=f"aten::{operator}", dtypes=dtypes, kinds=kinds, function="f")
    return torch_info(mixed_calls=(call,))


def written(form: NodeForm, opset: int = 12) -> ModelInfo:
    return onnx_info(opset=opset, operators=(), forms=(form,))


def node(operator: str, inputs: int = 1, **known: Any) -> NodeForm:
    """With the attributes that its schema requires."""
    required = {"Slice": {"starts": "ints", "ends": "ints"}, "Concat": {"axis": "int"}}
    attributes = required.get(operator, {})
    plain: dict[str, Any] = {
        "domain": "", "outputs": 1, "empty_inputs": (), "empty_outputs": (), "place": "n",
        "attributes": tuple(AttributeForm(name=n, kind=kind) for n, kind in attributes.items()),
    }  # fmt: skip
    return NodeForm(operator=operator, inputs=inputs, **{**plain, **known})


def of_operator(
    operator: str, written: str = "1.5.1", version: str = "1.8.0", **attributes: str
) -> CheckContext:
    """A symbol of one operator, by an MXNet, for another."""
    one = SymbolOperator(operator=operator, attributes=attributes, place="a")
    info = mxnet_info(version=written)
    facts_ = replace(facts_of(info, SymbolFacts), operators=(one,))
    return mxnet(info=replace(info, facts=facts_), framework_version=version)


def for_tvm(operator: str, *beside: str, **attributes: str) -> CheckContext:
    """A symbol of an operator, and of others that are only named, for an edge device."""
    one, info = SymbolOperator(operator=operator, attributes=attributes, place="a"), mxnet_info()
    places = dict.fromkeys((operator, *beside), "a")
    facts_ = replace(facts_of(info, SymbolFacts), operators=(one,), places=places)
    return mxnet("rasp4b", info=replace(info, facts=facts_))


def untold(**known: Any) -> ModelInfo:
    return replace(torch_info(**known), signature=None)


def came_back(**known: Any) -> CheckContext:
    return context("PYTORCH", returned=Returned(**{"kind": "TVM graph", **known}))


WARM = """
import torch
def model_fn(model_dir):
    model = torch.jit.load(model_dir + "/model.pt").cuda()
    model(torch.zeros(1, 3, 8, 8).cuda())
    return model
"""
COLD = WARM.replace("    model(torch.zeros(1, 3, 8, 8).cuda())\n", "")
LOADS = """
import mxnet as mx
def model_fn(model_dir):
    return mx.model.load_checkpoint("compiled", 0)
"""


def on(target: str, text: str, framework: str = "PYTORCH") -> CheckContext:
    return context(framework, target, code={CODE: text})


def serving(body: str, before: str = "", target: str = "ml_c5") -> CheckContext:
    """A script whose model_fn does this, beside model.pth."""
    return on(target, f"{before}\ndef model_fn(model_dir):\n{body}\n")


def with_files(script: str, *names: str, text: str = "") -> CheckContext:
    code = {CODE: script, **{name: text for name in names if name.endswith(".py")}}
    return pytorch(code=code, entries=entries("model.pth", CODE, *names))


def required_by(script: str, requirements: str) -> CheckContext:
    return pytorch(code={CODE: script, "code/requirements.txt": requirements})


def required(text: str, *names: str, framework: str = "PYTORCH") -> CheckContext:
    held = {"code/requirements.txt": text}
    return context(framework, code=held, entries=entries("model.pth", *held, *names))


def sklearn(config: str) -> CheckContext:
    return context("SKLEARN", data_input_config=config, entries=entries("m.joblib"))


def artifact_of(*names: str, kind: str) -> CheckContext:
    back = context("PYTORCH", entries=entries(*names), returned=Returned(kind=kind))
    return replace(back, code={})


NO_TENSORS = SignatureTensors(inputs={}, outputs={})


ENDING_IN_ZERO = {
    "serving_default": SignatureTensors(inputs={}, outputs={"scores": "scores/out0:0"})
}

# id: [(an context that breaks it, a word of what is said)]


def imported(*operators: str, framework: str = "PYTORCH", version: str = "") -> CheckContext:
    """A model of these operators for a device."""
    places = {name: f"Net.{at}" for at, name in enumerate(operators)}
    known = {
        "PYTORCH": lambda: torch_info(called_in=places),
        "ONNX": lambda: onnx_info(places=places),
        "KERAS": lambda: keras_info(places=places),
        "MXNET": lambda: mxnet_info(places=places),
        "TENSORFLOW": lambda: tensorflow_info(imported=places),
    }
    changes = {"framework_version": version} if version else {}
    return context(framework, "rasp4b", info=known[framework](), **changes)


def on_chip(*order: str, **changes: Any) -> CheckContext:
    return pytorch(
        "ml_inf1",
        info=torch_info(order=order, called_in={"aten::im2col": "Net.forward"}),
        **changes,
    )


BREAKS: dict[str, list[tuple[CheckContext, str]]] = {
    "NEO-NC-001": [
        (on_chip("aten::mul", "aten::add"), "2 of 2 operators run on Inferentia, in 1 subgraph"),
        (
            on_chip("aten::mul", "aten::absolute", "aten::im2col", "aten::relu", "aten::add"),
            "4 of 5 operators run on Inferentia, in 2 subgraphs; on the CPU: aten::im2col (Net.f",
        ),
        (
            on_chip("aten::add", "aten::im2col", "prim::If", "aten::mul", "aten::add"),
            "on the CPU: aten::im2col (Net.forward), and 1 operator between those",
        ),
        (
            mxnet("ml_inf1", info=mxnet_info(order=("Convolution", "khatri_rao"))),
            "1 of 2 operators",
        ),
        (
            tensorflow("ml_inf1", info=tensorflow_info(order=("Const", "Conv2D"))),
            "1 of 1 operators",
        ),
    ],
    "NEO-NC-002": [
        (on_chip("aten::im2col", "aten::im2col"), "none of 2 operators"),
        (on_chip("aten::im2col", "aten::add", "aten::im2col"), "none of 3 operators"),
    ],
    "NEO-NC-003": [
        (pytorch("ml_inf1", info=replace(torch_info(), parameter_bytes=2 * 10**9)), "2.0 GB")
    ],
    "NEO-TV-001": [
        (imported("aten::relu", "aten::im2col"), "convert: aten::im2col (Net.1)"),
        (imported("aten::divide_", "aten::zero_"), "convert: aten::zero_ (Net.1)"),
        (imported("com.example::Gelu", "ai.onnx.ml::ZipMap", framework="ONNX"), "ZipMap (Net.1)"),
        (imported("Conv2D", "Bidirectional", framework="KERAS"), "Bidirectional (Net.1)"),
        (imported("_Plus", "_foreach", framework="MXNET"), "convert: _foreach (Net.1)"),
        (imported("Relu", "Cumsum", framework="TENSORFLOW", version="1.15"), "Cumsum (Net.1)"),
        (
            imported("TensorListStack", framework="TENSORFLOW", version="1.15"),
            "TensorListStack (Net.0)",
        ),
    ],
    "NEO-TV-003": [
        (
            pytorch("rasp4b", info=torch_info(seen_changes=("aten::mul_ in Net.forward",))),
            "sees the change by 'aten::mul_ in Net.forward'",
        )
    ],
    "NEO-TV-004": [
        (
            pytorch(
                "rasp4b", info=torch_info(tvm_calls={"aten::add: alpha is left out": "Net.f"})
            ),
            "aten::add: alpha is left out",
        )
    ],
    "NEO-TV-005": [
        (
            pytorch("rasp4b", info=torch_info(tvm_calls={"may: aten::round: halves": "Net.f"})),
            "otherwise: aten::round: halves",
        )
    ],
    "NEO-TV-002": [
        (imported("aten::new_full"), "aten::new_full (TVM 0.10 and later)"),
        (imported("aten::exp_"), "aten::exp_ (TVM 0.9 and later)"),
        (imported("GRU", "SequenceConstruct", framework="ONNX"), "SequenceConstruct (TVM 0.9"),
    ],
    "NEO-AR-001": [
        (pytorch(archive_name="model.pth"), "end in .tar.gz"),
        (pytorch(archive_name="model.tgz"), ".tar.gz"),
    ],
    "NEO-AR-002": [
        (pytorch(entries=entries("model.bin"), models=()), "no .pth or .pt"),
        (onnx(entries=(), models=()), "no .onnx"),
        (pytorch(entries=entries("._model.pth"), models=()), "no .pth"),
    ],
    "NEO-AR-003": [
        (pytorch(entries=entries("a.pth", "b/c.pth")), "'a.pth', 'b/c.pth'"),
        (pytorch(entries=entries("a.pth", "a.pt")), "2 model files"),
        (onnx(entries=entries("a.onnx", "b.onnx", "c.onnx")), "3 model files"),
    ],
    "NEO-AR-004": [
        (pytorch(entries=entries("/model.pth")), "absolute"),
        (pytorch(entries=entries("../model.pth")), "outside"),
        (pytorch(entries=entries("a/../../model.pth")), "outside"),
        (pytorch(entries=entries("C:model.pth")), "absolute"),
        (pytorch(entries=entries("a\\model.pth")), "backslash"),
        (pytorch(entries=entries("a\nmodel.pth")), "control character"),
    ],
    "NEO-AR-005": [
        (pytorch(entries=(entry("model.pth", "symlink", link="/etc/passwd"),)), "/etc/passwd"),
        (pytorch(entries=(entry("model.pth", "hardlink", link="other"),)), "hardlink"),
    ],
    "NEO-AR-006": [
        (pytorch(entries=(entry("null", "device"),)), "device"),
        (pytorch(entries=(entry("pipe", "fifo"),)), "fifo"),
        (pytorch(entries=(entry("what", "other"),)), "not define"),
    ],
    "NEO-AR-007": [
        (pytorch(entries=entries("model.pth", "model.pth")), "2 times"),
        (pytorch(entries=entries("model.pth", "./model.pth")), "2 times"),
    ],
    "NEO-AR-008": [(pytorch(entries=entries("", "model.pth")), "1 of 2")],
    "NEO-AR-009": [(pytorch(entries=entries("model.pth", "Model.pth")), "only in case")],
    "NEO-AR-010": [
        (pytorch(entries=entries("model.pth", "._model.pth")), "1 of them written by macOS"),
        (pytorch(entries=entries("model.pth", "__MACOSX/x")), "macOS"),
        (pytorch(entries=entries("model.pth", "a/.DS_Store")), "hidden"),
    ],
    "NEO-AR-011": [(onnx(entries=entries("MODEL.ONNX")), "looks for .onnx")],
    "NEO-AR-012": [(pytorch(unreadable="torn at byte 3", info=None), "torn at byte 3")],
    "NEO-AR-017": [
        (pytorch(unreadable="depth 9 (raise it)", over_limit=True, info=None), "raise it"),
        (pytorch(unreadable="depth 9", over_limit=True, info=None, models=()), "depth 9"),
    ],
    "NEO-AR-013": [(pytorch(entries=(entry("model.pth", size=0),)), "is empty")],
    "NEO-AR-014": [(pytorch(entries=entries("model.pth", "model.tar.gz")), "inside")],
    "NEO-CA-001": [(came_back(untouched=True), "byte for byte")],
    "NEO-CA-002": [(came_back(runtime="DLR", lacking=("*.json",)), "without '*.json'")],
    "NEO-CA-003": [(came_back(kind=""), "'model.pth'")],
    "NEO-CA-004": [(came_back(maker="neopack's emulator of AWS"), "emulator")],
    "NEO-CA-005": [(came_back(doubled={"*.json": ("a.json", "labels.json")}), "'labels.json'")],
    "NEO-CA-006": [(came_back(device="gpu"), "compiled for gpu; ml_c5 is cpu")],
    "NEO-CA-007": [
        (artifact_of("a.pt", "b.pth", kind="PyTorch, compiled"), "model.pt, or one"),
        (artifact_of("deep/model.pt", kind="PyTorch, compiled"), "at the root"),
        (artifact_of("compiled-symbol.json", kind="MXNet, compiled"), "model-shapes.json"),
    ],
    "NEO-CA-008": [(came_back(unsafe_options=("CACHE_DIR='/x'",)), "sets CACHE_DIR")],
    "NEO-TL-001": [
        (tflite([spec("a"), spec("b", dtype="int8")]), "input 'b' is int8"),
        (tflite([spec("ids", dtype="int64")]), "float32 or uint8"),
    ],
    "NEO-TL-002": [
        (tflite([spec("a")], spec("mask", dtype="bool")), "output 'mask' is bool"),
        (tflite([spec("a")], spec("b"), spec("c", dtype="type 99")), "type 99"),
    ],
    "NEO-DK-001": [
        (darknet(weights=9), "need 10 numbers, and there are 9"),
        (darknet(weights=12), "there are 12"),
    ],
    "NEO-DK-002": [(darknet(activations={"mish": "line 7"}), "'mish' (line 7)")],
    "NEO-DK-003": [
        (darknet(joins={"line 9": 4}), "[route] in line 9 joins 4 layers"),
        (darknet(uneven_means=("line 3",)), "not square"),
        (darknet("linux/x86_64", reorganized=("line 3",)), "[reorg] in line 3"),
    ],
    "NEO-DK-004": [(darknet(options_of_forks={"groups of [route]": "line 2"}), "groups of")],
    "NEO-DK-005": [(darknet(detectors=("line 8",)), "boxes: line 8")],
    "NEO-TL-003": [(tflite([spec("a")], dynamic_range=("CONV_2D",)), "alone: CONV_2D")],
    "NEO-TL-004": [(tflite([spec("a")], dense_by_channel=2), "2 quantized FULLY_CONNECTED")],
    "NEO-SK-001": [(sklearn('{"x":[1,2,3]}'), "3 dims")],
    "NEO-SK-002": [(sklearn('{"x":[1,-1]}'), "-1 columns")],
    "NEO-HD-014": [
        (
            script("import cv2, transformers\nfrom models.common import X"),
            "'transformers', 'models'",
        ),
        (script('import importlib\nimportlib.import_module("timm")'), "'timm'"),
        (script("from .net import Net"), "'net'"),
        (with_files("from nets.big import Net", "code/nets/small.py"), "'nets.big'"),
        (serving("    import timm"), "'timm'"),
        (
            with_files("from helper import f", "code/helper.py", text="import detectron2"),
            "detectron2",
        ),
        (required_by("import transformers", "numpy\nPillow>=9\n"), "'transformers'"),
        (script("import torch", "MXNET"), "'torch'"),
    ],
    "NEO-HD-015": [
        (serving('    open("labels.txt")'), "open reads 'labels.txt'"),
        (serving('    open(os.path.join(model_dir, "code", "v.json"))'), "'code/v.json'"),
        (serving('    with open("/opt/ml/model/names.txt") as f: pass'), "'names.txt'"),
        (serving('    (Path(model_dir) / "a" / "b.txt").read_text()'), "'a/b.txt'"),
        (serving('    np.load(f"{model_dir}/mean.npy")'), "np.load reads 'mean.npy'"),
        (serving('    path = model_dir + "/best.pt"\n    torch.jit.load(path)'), "'best.pt'"),
        (serving('    open(Path(__file__).parent / "l.txt")'), "'code/l.txt'"),
        (
            serving(
                "    helper(1)",
                "HERE = os.path.dirname(__file__)\ndef helper(x):\n"
                '    return open(os.path.join(HERE, "deep.txt"))',
            ),
            "'code/deep.txt'",
        ),
    ],
    "NEO-HD-016": [
        (serving('    torch.jit.load(os.path.join(model_dir, "model.pt"))'), "has 'model.pth'"),
        (serving('    torch.jit.load(f"{model_dir}/compiled.pt")'), "'compiled.pt'"),
    ],
    "NEO-HD-017": [
        (serving('    m.load_state_dict(torch.load(f"{model_dir}/model.pth"))'), "'model.pth'"),
        (serving('    p = Path(model_dir, "model.pt")\n    torch.load(p)'), "'model.pt'"),
        (
            serving('    with open(f"{model_dir}/model.pth", "rb") as f:\n        torch.load(f)'),
            "torch.load reads 'model.pth'",
        ),
    ],
    "NEO-HD-018": [
        (serving("    return net.cuda()"), "net.cuda() needs a GPU, which ml_c5 lacks"),
        (serving('    return net.to("cuda:0")'), "net.to() needs a GPU"),
        (serving("    return net", 'DEVICE = torch.device("cuda")'), "torch.device() needs a GPU"),
        (serving('    torch.jit.load("x", map_location="cuda")', target="ml_inf1"), "ml_inf1"),
    ],
    "NEO-HD-009": [(script(LOADS, "MXNET"), "not neomx")],
    "NEO-HD-010": [
        (script(LOADS, "MXNET"), "'compiled'"),
        (script("import torch\nx = torch.jit.load('model.pt')"), "'model.pt'"),
        (script("g = SymbolBlock.imports('./compiled-symbol.json', ['data'])"), "relative"),
    ],
    "NEO-HD-011": [(on(GPU, COLD), "without running"), (on("ml_g4dn", COLD), "model_fn")],
    "NEO-HD-012": [
        (required("numpy\ntorch==2.3.0  # newest\n"), "'torch==2.3.0'"),
        (required("MXNet-MKL>=1.8; python_version>'3'", framework="MXNET"), "MXNet-MKL"),
    ],
    "NEO-HD-013": [
        (required("-r more.txt\n"), "'more.txt'"),
        (required("./wheels/own-1.0-py3-none-any.whl"), "own-1.0"),
        (required("-e ../package"), "../package"),
    ],
    "NEO-AR-015": [(pytorch(entries=entries("a/m.pth"), models=("a/m.pth",)), "a/m.pth")],
    "NEO-AR-016": [
        (onnx(info=replace(onnx_info(), operators={"RandomNormalLike": 1})), "RandomNormalLike"),
    ],
    "NEO-DC-001": [
        (onnx(data_input_config=None), "do not tell"),
        (pytorch(target="ml_inf1", data_input_config=None), "ml_inf1"),
        (pytorch(framework_version="1.13", data_input_config=None), "PyTorch 2.0"),
        (
            pytorch(data_input_config=None, info=torch_info(stored_inputs=False)),
            "does not store",
        ),
        (context("XGBOOST", as_of="2021-12-22"), "2023-09-05"),
    ],
    "NEO-DC-002": [
        (pytorch(data_input_config="{'input0':[1,3,8,8]}"), '{"input0":[1,3,8,8]}'),
        (pytorch(data_input_config='{"a":[1,3,8,8],}'), '{"a":[1,3,8,8]}'),
        (pytorch(data_input_config="{"), "line 1 column 2"),
        (pytorch(data_input_config='{"a":[NaN]}'), "NaN"),
        (pytorch(data_input_config="[" * 9000), "deep"),
        (pytorch(data_input_config='{"a":[' + "9" * 9000 + "]}"), "digit"),
        (pytorch(data_input_config=" "), "strict JSON"),
    ],
    "NEO-DC-003": [
        (pytorch(data_input_config=""), "0 characters"),
        (pytorch(data_input_config=" " * 16385), "16385 characters"),
    ],
    "NEO-DC-004": [
        (pytorch(data_input_config="null"), "null"),
        (pytorch(data_input_config='"a"'), "a string"),
        (pytorch(data_input_config="3"), "a number"),
    ],
    "NEO-DC-005": [(onnx(data_input_config="[[1,3,8,8]]"), "ONNX needs an object")],
    "NEO-DC-006": [(pytorch(data_input_config='{"a":[1],"a":[2]}'), "'a' occurs twice")],
    "NEO-DC-007": [(config({}), "no input"), (config([]), "no input")],
    "NEO-DC-008": [
        (config({"a": [None, 3]}), "dim 0 is null"),
        (config({"a": [1, 2.0]}), "the number 2.0"),
        (config({"a": [True]}), "a boolean"),
        (config({"a": ["1"]}), "the string '1'"),
        (config({"a": [[1]]}), "nested"),
        (config({"a": 3}), "the number 3"),
        (config({"a": None}), "null"),
        (config([1, 3, 8, 8]), "[[1, 3, 8, 8]]"),
    ],
    "NEO-DC-009": [
        (config({"a": [-1, 3]}), "dim 0 is -1"),
        (config({"a": [1, 0]}), "dim 1 is 0"),
    ],
    "NEO-DC-010": [
        (onnx(data_input_config='{"input1":[1,3,8,8]}'), "did you mean input.1?"),
        (onnx(data_input_config='{"zzzz":[1,3,8,8]}'), "it has input.1"),
    ],
    "NEO-DC-011": [
        (
            onnx(info=onnx_info([spec("input.1"), spec("mask", (1, 8))])),
            "'mask' has no shape here; it is [1,8]",
        )
    ],
    "NEO-DC-012": [
        (onnx(data_input_config='{"input.1":[2,3,8,8]}'), "the shape is [2,3,8,8]"),
        (onnx(data_input_config='{"input.1":[3,8,8]}'), "[1,3,8,8]"),
        (tensorflow(data_input_config='{"input":[1,3,8,8]}'), "[?,8,8,3]"),
    ],
    "NEO-DC-013": [(config({"a": {"shape": [1, 3]}}), "list of integers")],
    "NEO-DC-014": [
        (coreml({"shapes": [1, 3]}), "shape?"),
        (coreml({"shape": [-1, 3]}), "ranges"),
        (coreml({"shape": ["10..1", 3], "default_shape": [1, 3]}), "ranges"),
        (coreml({"shape": ["1..10", 3]}), "default_shape"),
        (coreml({"shape": [[1, 3], [2, 3]]}), "default_shape"),
        (coreml({"shape": [1, 3], "default_shape": [1, 3]}), "only"),
        (coreml({"shape": [1, 3], "type": "Picture"}), "Tensor or Image"),
    ],
    "NEO-DC-015": [
        (coreml({"shape": [1, 3, 8, 8], "type": "Image", "scale": 1}), "bias"),
        (coreml({"shape": [1, 3, 8, 8], "type": "Image", "bias": [-1]}), "scale"),
    ],
    "NEO-TG-001": [
        (context("TFLITE"), "takes no TensorFlow Lite"),
        (pytorch(target="ml_eia2"), "it takes TensorFlow"),
        (onnx(target="ml_inf1"), "ml_inf1"),
        (onnx(target="coreml"), "TensorFlow, PyTorch"),
        (pytorch(target="ml_inf2", as_of="2022-12-30"), "it takes none"),
    ],
    "NEO-TG-002": [
        (pytorch(framework_version="1.10"), "nearest are 1.8 and 1.12"),
        (pytorch(framework_version="1.13", as_of="2022-12-30"), "nearest are 1.12"),
        (pytorch(framework_version="2.13"), "nearest are 2.0"),
        (pytorch(framework_version="1.10", target="ml_inf1"), "1.9"),
        (pytorch(framework_version="1.12", target="rasp4b"), "1.8"),
        (context("MXNET", "ml_inf1", framework_version="1.6"), "1.5 and 1.8"),
        (context("XGBOOST", framework_version="2.1"), "1.3.3"),
    ],
    "NEO-TG-003": [
        (pytorch(framework_version="latest"), "major.minor"),
        (pytorch(framework_version="2"), "major.minor"),
    ],
    "NEO-TG-004": [
        (pytorch(target="ml_c6g"), "ml_c6g"),
        (pytorch(target="lambda"), "lambda"),
        (pytorch(target="linux/x86"), "platform"),
    ],
    "NEO-TG-005": [(tensorflow(target="ml_eia2"), "2023-04-15")],
    "NEO-TG-006": [(context("SKLEARN"), "SKLEARN")],
    "NEO-TG-007": [(pytorch(target="ml_trn1"), "1.13.1")],
    "NEO-TG-008": [(pytorch(target="ml_inf2"), "us-east-2")],
    "NEO-CO-001": [
        (options("{}"), "leave them out"),
        (options(""), "0 characters"),
        (options(" " * 1025), "shorten"),
    ],
    "NEO-CO-002": [
        (options("{'dtype':'int64'}"), '{"dtype":"int64"}'),
        (options("--verbose 1", "ml_inf1"), '"--neuroncore-pipeline-cores 1"'),
    ],
    "NEO-CO-003": [
        (options('{"dtype":"float32"}', "ml_inf1"), "one JSON string"),
        (options('"--verbose 1"'), "object"),
        (options("[1]"), "object"),
    ],
    "NEO-CO-004": [
        (options(None, "linux/arm64/nvidia"), "gpu-code, trt-ver, cuda-ver"),
        (options('{"gpu-code":"sm_62"}', "linux/arm64/nvidia"), "trt-ver, cuda-ver"),
    ],
    "NEO-CO-005": [
        (options('{"gpu-code":"sm_53"}', "jetson_nano"), "missing: trt-ver, cuda-ver"),
        (
            options('{"JETPACK_VERSION":"4.6"}', "jetson_nano", "TENSORFLOW"),
            "missing: gpu_code",
        ),
    ],
    "NEO-CO-006": [
        (options('{"dtypes":"int64"}'), "did you mean dtype"),
        (options('{"zzz":1}'), "it takes dtype"),
        (options('{"gpu_code":"sm_62"}', "jetson_tx2"), "did you mean gpu-code"),
        (options('{"dtype":"float32"}', framework="ONNX"), "there are none"),
    ],
    "NEO-CO-007": [
        (options('{"dtype":"float16"}'), "int64"),
        (options('{"dtype":1}'), "a string"),
        (options('{"ANDROID_PLATFORM":20}', "qcs605"), "21 to 29"),
        (options('{"ANDROID_PLATFORM":"27"}', "android/arm64"), "21 to 29"),
        (options('{"mattr":"+neon"}', "rasp3b"), "a list of strings"),
        (options('{"gpu-code":"53"}', "jetson_nano"), "sm_"),
        (options('{"precision_mode":"INT8"}', "ml_eia2", "TENSORFLOW"), "FP32, FP16"),
    ],
    "NEO-CO-008": [(options('{"class_labels":"labels.txt"}', "coreml"), "not in the archive")],
    "NEO-CO-009": [
        (
            options('{"signature_def_key":"a","output_names":["b:0"]}', "ml_eia2", "TENSORFLOW"),
            "exclude",
        )
    ],
    "NEO-CO-010": [(options('"--framework PYTORCH -O2"', "ml_inf1"), "--framework")],
    "NEO-HD-001": [
        (script("def f(:"), "line 1"),
        (pytorch(code={"code/other.py": "print 'a'"}), "line 1"),
        (script("a = '\0'"), ""),
    ],
    "NEO-HD-002": [
        (script("def model_fn(d): ..."), "missing functions: transform_fn"),
        (
            script("def input_fn(a, b): ...\ndef predict_fn(a, b): ..."),
            "missing functions: output_fn",
        ),
        (script("def neo_preprocess(a, b): ...", "ONNX"), "neo_postprocess"),
        (script("def input_handler(a, b): ...", "TENSORFLOW"), "handler"),
    ],
    "NEO-HD-003": [
        (script(SCRIPT + "def transform_fn(a, b, c, d): ..."), "transform_fn and input_fn")
    ],
    "NEO-HD-004": [
        (script("def model_fn(): ..."), "takes 0 arguments; the container passes 1"),
        (script("def input_fn(a, b, c, d): ..."), "takes 4"),
        (script("def neo_postprocess(a, b, c): ...", "ONNX"), "passes 1"),
    ],
    "NEO-HD-005": [(pytorch(code={"code/serve.py": SCRIPT}), "no code/inference.py")],
    "NEO-HD-006": [
        (pytorch(entries=entries("model.pth", "requirements.txt")), "code/requirements.txt")
    ],
    "NEO-HD-007": [
        (pytorch(entries=entries("model.pth", "inference.py")), "belongs in code/"),
        (pytorch(entries=entries("model.pth", "src/inference.py")), "src/inference.py"),
    ],
    "NEO-HD-008": [
        (pytorch(entries=entries("model.pth", "code/best.pth")), "another model"),
        (context("MXNET", entries=entries("code/config.json")), "code/config.json"),
    ],
    "NEO-PT-001": [
        (pytorch(entries=entries("model.pt")), "rename it to model.pth"),
        (pytorch(target="rasp4b", entries=entries("a/net.pt")), "a/net.pth"),
    ],
    "NEO-PT-002": [
        (pytorch(info=torch_info("state_dict")), "weights only"),
        (pytorch(info=torch_info("checkpoint")), "checkpoint"),
        (pytorch(info=torch_info("pickled-module")), "pickled nn.Module"),
        (pytorch(info=torch_info("safetensors")), "safetensors"),
        (pytorch(info=torch_info("pt2")), "exported program"),
    ],
    "NEO-PT-003": [
        (traced(training=("net.py: dropout in Net.forward",)), "net.py"),
        (traced(training=("BatchNorm2d.forward",)), "training mode"),
    ],
    "NEO-PT-004": [(traced(code_devices=("cpu", "cuda:0")), "'cuda:0', which ml_c5 lacks")],
    "NEO-PT-025": [
        (pytorch(GPU, info=using("prepacked::linear_clamp_run")), "ml_p3 compiles for others"),
        (pytorch("ml_inf1", info=using("quantized::linear_dynamic")), "on CPUs"),
        (pytorch("rasp4b", info=using("prepacked::conv2d_clamp_run")), "TVM does not convert"),
        (pytorch("ml_c6g", info=using("prim::mkldnn_convolution")), "oneDNN computes them on x86"),
        (pytorch(info=using("aten::to_mkldnn")), "TVM does not convert"),
        (pytorch(info=using("aten::cudnn_convolution_relu")), "on NVIDIA GPUs"),
    ],
    "NEO-PT-026": [(traced(random=("a.py: randn in Net.forward",)), "randn in Net.forward")],
    "NEO-PT-027": [
        (traced(code_devices=("mps:0",)), "'mps:0', which no target"),
        (pytorch(GPU, info=torch_info(code_devices=("xla:1", "cuda:0"))), "names 'xla:1', which"),
    ],
    "NEO-PT-028": [
        (traced(devices=("cuda:0",)), "stored on 'cuda:0'"),
        (pytorch(GPU, info=torch_info(devices=("mps:0", "cuda:0"))), "stored on 'mps:0'"),
        (pytorch("rasp4b", info=torch_info(devices=("xpu:0",))), "stored on 'xpu:0'"),
    ],
    "NEO-PT-029": [
        (pytorch("rasp4b", info=torch_info(devices=("mps:0",))), "PyTorch 1.8 refuses"),
        (pytorch(framework_version="1.6", info=torch_info(devices=("xpu",))), "1.6 refuses"),
        (pytorch(GPU, info=torch_info(devices=("meta",))), "no values"),
    ],
    "NEO-PT-030": [(traced(has_forward=False), "no method named forward")],
    "NEO-PT-031": [(pytorch(info=using("prim::ConstantMKLDNNTensor")), "not in the file")],
    "NEO-PT-032": [
        (traced(legacy=True), "PyTorch 2.0 does not read"),
        (pytorch(framework_version="1.12", info=torch_info(legacy=True)), "1.12 does not read"),
    ],
    "NEO-PT-033": [
        (
            pytorch(
                framework_version="1.7",
                info=torch_info(particular={"aten::median(index)": "Net.forward"}),
            ),
            "aten::median in Net.forward",
        )
    ],
    "NEO-PT-005": [(traced(control_flow=("net.py: Net.forward (if)",)), "Net.forward")],
    "NEO-PT-006": [
        (traced(origin="scripted"), "torch.jit.script"),
        (traced(origin="traced with scripted parts"), "in part"),
    ],
    "NEO-PT-007": [(traced(dict_outputs=True), "dictionary")],
    "NEO-PT-008": [(traced(nested_inputs=("past",)), "'past'")],
    "NEO-PT-009": [
        (
            traced(globals=("a.B", "posix.system"), executing=("posix.system",)),
            "posix",
        )
    ],
    "NEO-PT-010": [(traced(globals=("mynet.Net",), executing=()), "mynet.Net")],
    "NEO-PT-011": [
        (traced(custom_ops=("mine::op", "torchvision::nms")), "'mine::op'"),
        (traced(custom_ops=("torchvision::decode_jpeg",)), "torchvision::decode_jpeg"),
        (
            vision("1.4", "roi_align", ALIGNED),
            "torchvision: 'torchvision::roi_align(7 arguments)'",
        ),
        (vision("1.8", "deform_conv2d", DEFORMED_1_7), "torchvision::deform_conv2d"),
        (vision("1.9", "_new_empty_tensor_op"), "torchvision::_new_empty_tensor_op"),
        (vision("1.12", "_interpolate_linear_aa"), "torchvision::_interpolate_linear_aa"),
    ],
    "NEO-PT-024": [
        (traced(custom_ops=("mine::op", "torchvision::nms")), "torchvision: 'torchvision::nms'"),
    ],
    "NEO-PT-012": [
        (traced(dtypes={"float16": 3, "float32": 1}), "3 float16"),
        (traced(dtypes={"bfloat16": 1}), "bfloat16"),
        (traced(dtypes={"float64": 1}), "float64"),
        (traced(dtypes={"qint8": 1}), "qint8"),
    ],
    "NEO-PT-013": [(traced(inputs=[spec("x", dtype="float16")]), "float32 or int64")],
    "NEO-PT-014": [(traced(inputs=[spec("a"), spec("b", dtype="int64")]), "float32 and int64")],
    "NEO-PT-015": [
        (traced(inputs=[spec("x", dtype="int64")]), "CompilerOptions say float32"),
        (pytorch(compiler_options='{"dtype":"long"}'), "say int64"),
    ],
    "NEO-PT-016": [
        (pytorch("rasp4b", info=torch_info(inputs=[spec("ids", dtype="int64")])), "'ids'"),
        (pytorch("ml_inf1", info=torch_info(inputs=[spec("ids", dtype="int64")])), "'ids'"),
    ],
    "NEO-PT-034": [
        (pytorch(framework_version="1.8", info=mixing("where", "different")), "where(float32"),
        (pytorch(framework_version="1.4", info=mixing("div", "integers")), "PyTorch 1.4"),
        (pytorch(framework_version="1.7", info=mixing("exp", "first", "integers")), "exp("),
    ],
    "NEO-PT-017": [
        (config({f"input{at}": [1, 3] for at in range(11)}), "input00, input01"),
        (config([[1, 3]] * 11), "more than ten"),
        (config({"ids": [1], "attention": [1]}), "attention, ids"),
        (
            config(
                {"a": [1], "z": [1]}, info=torch_info(inputs=[spec("z", (1,)), spec("a", (1,))])
            ),
            "a, z",
        ),
    ],
    "NEO-PT-018": [
        (config({"a": [1], "b": [1]}), "2 shapes for the 1 arguments of forward(): x"),
        (config([[1]], info=untold(input_names=("x", "y"))), "1 shapes for the 2"),
    ],
    "NEO-PT-019": [
        (config([[1, 3, 9, 9]]), "traced with [1,3,8,8]"),
        (config([[1, 3, 8]]), "[1,3,8] is given"),
    ],
    "NEO-PT-020": [(pytorch(info=untold()), "none compared")],
    "NEO-PT-023": [
        (
            pytorch("rasp4b", info=torch_info(readable_since={"1.9": "NoneType is written"})),
            "PyTorch 1.8 does not read",
        ),
    ],
    "NEO-PT-022": [
        (
            pytorch("rasp4b", info=using("aten::relu", "aten::mish", "aten::pad", "my::op")),
            "PyTorch 1.8 has no aten::mish, aten::pad",
        ),
        (pytorch("rasp4b", info=using("mkldnn::_linear_pointwise")), "no mkldnn::_linear"),
        (pytorch("rasp4b", info=using("prim::MKLDNNLayerNorm")), "no prim::MKLDNNLayerNorm"),
        (
            pytorch("rasp4b", info=called("aten::meshgrid", "Tensor[], indexing=str")),
            "PyTorch 1.8 has no aten::meshgrid(Tensor[], indexing=str) in Net.forward",
        ),
    ],
    "NEO-PT-021": [
        (pytorch(framework_version="1.4"), "format 3; PyTorch 1.4 reads 2"),
        (pytorch("rasp4b", info=torch_info(file_format="10")), "PyTorch 1.8 reads 5"),
    ],
    "NEO-ON-001": [
        (onnx(info=onnx_info(opset=17)), "opset 17 came with ONNX 1.12.0"),
        (onnx(info=onnx_info(opset=13), target="rasp4b"), "which is opset 12"),
        (onnx(info=onnx_info(opset=99)), "a newer ONNX"),
        (
            onnx(info=onnx_info(opsets={"": 12, ML: 3})),
            "opset 3 of ai.onnx.ml came with ONNX 1.11.0",
        ),
    ],
    "NEO-ON-002": [(onnx(info=onnx_info(ir=8)), "IR version 8 came with ONNX 1.10.0")],
    "NEO-ON-003": [
        (
            onnx(
                entries=entries("m/model.onnx", "m/w.data"),
                models=("m/model.onnx",),
                info=onnx_info(external_data=(OUTSIDE,)),
            ),
            "'w.data'",
        )
    ],
    "NEO-ON-004": [
        (
            onnx(info=onnx_info(external_data=(OUTSIDE,))),
            "not in the archive",
        )
    ],
    "NEO-ON-005": [(onnx(info=onnx_info(custom_domains=("com.microsoft",))), "com.microsoft")],
    "NEO-ON-006": [
        (
            onnx(data_input_config=None, info=onnx_info([spec("x", (None, 3, None, 8))])),
            "x [?,3,?,8]",
        ),
        (onnx(data_input_config=None, info=onnx_info(dynamic_inputs=("y",))), "'y'"),
    ],
    "NEO-ON-007": [(onnx(info=onnx_info(quantised={"QLinearConv": 2})), "QLinearConv")],
    "NEO-ON-008": [(onnx(info=onnx_info(sparse_initializers=2)), "2 of")],
    "NEO-ON-009": [(onnx(info=onnx_info(opsets={"com.microsoft": 1})), "no opset")],
    "NEO-ON-010": [(onnx(info=onnx_info(operators=["Gelu", "Conv"])), "'Gelu'")],
    "NEO-ON-011": [(onnx(info=onnx_info(non_tensor_inputs={"s": "sequence"})), "a sequence")],
    "NEO-ON-012": [
        (
            onnx(
                data_input_config='{"a":[1,8],"b":[2,8]}',
                info=onnx_info(symbolic_dims={"a": ("n", None), "b": ("n", "?")}),
            ),
            "the dim 'n' is 1 in a and 2 in b",
        )
    ],
    "NEO-ON-013": [
        (
            onnx(info=onnx_info(non_tensor_outputs={"p": "sequence"})),
            "the output 'p' is a sequence",
        ),
        (
            onnx(info=onnx_info([spec("words", dtype="str")])),
            "the input 'words' is a tensor of strings",
        ),
    ],
    "NEO-TF-001": [(tensorflow(entries=saved_entries("code/graph.pbtxt")), "2 graphs")],
    "NEO-TF-002": [
        (tensorflow(entries=saved_entries("export/keras_metadata.pb")), "keras_metadata.pb"),
        (tensorflow(entries=saved_entries("export/fingerprint.pb")), "fingerprint.pb"),
        (tensorflow(entries=saved_entries("export/assets/labels.pbtxt")), "labels.pbtxt"),
    ],
    "NEO-TF-003": [
        (tensorflow(entries=saved_entries()[1:]), "'export' is not a member"),
        (
            tensorflow(
                entries=entries("saved_model.pb", "variables/variables.index"),
                models=("saved_model.pb",),
            ),
            "at the root",
        ),
    ],
    "NEO-TF-004": [(tensorflow(entries=saved_entries()[:2]), "no export/variables/")],
    "NEO-TF-005": [
        (tensorflow(entries=saved_entries("2/variables/variables.index")), "'2', 'export'")
    ],
    "NEO-TF-006": [(tensorflow(entries=saved_entries("export/checkpoint")), "export/checkpoint")],
    "NEO-TF-007": [(frozen(text=True), "in text form")],
    "NEO-TF-008": [
        (
            tensorflow(info=tensorflow_info(shards_missing=("variables.data-00000-of-00001",))),
            "data-00000",
        ),
        (
            tensorflow(info=tensorflow_info(shards_cut=("variables.data-00000-of-00001",))),
            "end before the values",
        ),
    ],
    "NEO-MX-023": [
        (of_operator("Activating"), "Activating (a) is not an operator of it"),
        (of_operator("Activation", act_type="swish"), "has act_type='swish', and takes 'relu'"),
        (of_operator("Activation"), "lacks the attribute 'act_type'"),
        (
            of_operator("FullyConnected", num_hidden="3", units="3"),
            "not take the attribute 'units'",
        ),
        (of_operator("FullyConnected", num_hidden="3.0"), "num_hidden='3.0', which is not int"),
        (of_operator("FullyConnected", num_hidden="3", no_bias="yes"), "which is not bool"),
        (of_operator("_npx_relu", version="1.5.1"), "by MXNet 1.5.1"),
    ],
    "NEO-MX-024": [
        (for_tvm("LeakyReLU", act_type="selu"), "LeakyReLU (a): act_type=selu"),
        (for_tvm("Activation", act_type="softsign"), "an act_type other than"),
        (for_tvm("InstanceNorm"), "eps is 0.00001"),
        (for_tvm("softmax", temperature="2.0"), "temperature is left out"),
        (for_tvm("Pooling", pool_type="max", kernel="(2,)"), "a kernel of one dim"),
        (for_tvm("RNN", mode="gru"), "weights in one row"),
        (for_tvm("_zeros", shape="(0, 5)"), "dims that are to be inferred"),
        (for_tvm("Deconvolution", dilate="(2, 2)"), "dilate"),
    ],
    "NEO-MX-025": [
        (for_tvm("sum"), "over all axes"),
        (for_tvm("cbrt"), "negative numbers"),
        (for_tvm("GroupNorm", num_groups="2"), "a scale for each group"),
    ],
    "NEO-MX-026": [
        (mxnet("rasp4b", info=mxnet_info(dtypes={"float32": 2, "float64": 3})), "3 float64"),
    ],
    "NEO-TF-009": [(tensorflow(info=tensorflow_info(signatures={})), "no signature")],
    "NEO-TF-010": [
        (
            tensorflow(info=tensorflow_info(signatures={"a": NO_TENSORS, "b": NO_TENSORS})),
            "2 signatures: 'a', 'b'",
        )
    ],
    "NEO-TF-011": [
        (tensorflow(info=tensorflow_info(tags=(("serve",), ("serve", "gpu")))), "'serve+gpu'")
    ],
    "NEO-TF-012": [
        (tensorflow(info=tensorflow_info(keras=True)), "Keras wrote"),
        (tensorflow(entries=saved_entries("export/keras_metadata.pb")), "Keras wrote"),
    ],
    "NEO-TF-013": [(tensorflow(info=tensorflow_info(unranked=("boxes",))), "'boxes'")],
    "NEO-TF-014": [(frozen(loose_variables={"VariableV2": 3}), "'VariableV2'")],
    "NEO-TF-015": [(frozen(), "a frozen graph for TensorFlow 2.9")],
    "NEO-TF-016": [(frozen(training={"ReluGrad": 1}), "'ReluGrad'")],
    "NEO-TF-017": [
        (frozen(outputs=(("logits_10", "Relu"),)), "'logits_10' would be read as 'logits_1'"),
        (tensorflow(info=tensorflow_info(signatures=ENDING_IN_ZERO)), "'scores/out0'"),
    ],
    "NEO-TF-018": [(frozen(outputs=(("a", "Relu"), ("b", "Identity"))), "b (Identity)")],
    "NEO-TF-019": [
        (
            frozen(framework_version="1.15.3", newer=("DenseBincount", "MaxPool.x")),
            "'DenseBincount', 'MaxPool.x'",
        )
    ],
    "NEO-TF-020": [
        (
            tensorflow(info=tensorflow_info(version="2.21.0", newer=("DenseBincount",))),
            "written by TensorFlow 2.21.0, read by 2.9",
        )
    ],
    "NEO-TF-021": [(frozen(framework_version="1.15.3", min_consumer=500), "version 500")],
    "NEO-TF-022": [(frozen(operators={"DenseBincount": 1, "Conv2D": 2}), "'DenseBincount'")],
    "NEO-TF-023": [(frozen(framework_version="1.15.3", grouped=("a/conv",)), "'a/conv'")],
    "NEO-TF-025": [
        (tensorflow(info=tensorflow_info(dtype="str")), "inputs of strings: 'input:0'"),
        (
            tensorflow(
                info=replace(
                    tensorflow_info(),
                    signature=Signature(inputs=(), outputs=(spec("label", (1,), "str"),)),
                )
            ),
            "outputs of strings: 'label'",
        ),
    ],
    "NEO-TF-026": [(frozen(random=("RandomUniform",)), "'RandomUniform'")],
    "NEO-TF-029": [
        (
            tensorflow("rasp4b", info=tensorflow_info(imported={"Dilation2D": "d"})),
            "Dilation2D: b",
        ),
        (
            tensorflow("rasp4b", info=tensorflow_info(half_pixels=("ResizeBilinear",))),
            "ResizeBilinear: half_pixel_centers is left out",
        ),
    ],
    "NEO-TF-030": [
        (tensorflow("rasp4b", info=tensorflow_info(imported={"Round": "r"})), "Round: halves"),
    ],
    "NEO-TF-028": [
        (
            tensorflow(
                "rasp4b", framework_version="1.15", info=tensorflow_info(trained_objects=True)
            ),
            "an optimizer with its state",
        ),
        (
            tensorflow(
                "rasp4b",
                framework_version="1.15",
                info=tensorflow_info(imported={"ResourceGather": "ids"}),
            ),
            "ResourceGather reads variables",
        ),
    ],
    "NEO-TF-027": [(tensorflow("ml_inf1", framework_version="1.15.0"), "of TensorFlow 2")],
    "NEO-TF-024": [(frozen(framework_version="1.15.3", dilated_depthwise=("b",)), "'b'")],
    "NEO-ON-014": [
        (onnx(info=onnx_info(operators=["ATen"])), "opset 12 has no 'ATen'"),
        (onnx(info=onnx_info(operators=["Gelu"], opset=11)), "opset 11 has no 'Gelu'"),
        (onnx(info=onnx_info(operators=["Upsample"], opset=10)), "opset 10 has no 'Upsample'"),
        (onnx(info=onnx_info(operators=["ResizeNearest"], opset=4)), "'ResizeNearest'"),
        (onnx(info=onnx_info(operators=["Affine"], opset=10)), "opset 10 has no 'Affine'"),
        (
            onnx(info=onnx_info(operators=["ai.onnx.ml::Scalar"], opsets={"": 12, ML: 2})),
            "opset 2 of ai.onnx.ml has no 'Scalar'",
        ),
    ],
    "NEO-ON-015": [
        (
            onnx(info=written(node("Squeeze", inputs=2), 11)),
            "has the input 'axes'; it takes 'data'",
        ),
        (onnx(info=written(node("Slice", attributes=()), 10)), "lacks the input 'starts', 'ends'"),
        (onnx(info=written(node("Relu", outputs=2))), "has 2 outputs; it gives 'Y'"),
        (
            onnx(info=written(node("Resize", inputs=3, empty_inputs=(1,)), 11)),
            "out the input 'roi'",
        ),
    ],
    "NEO-ON-016": [
        (onnx(info=onnx_info(ir=3, unlisted_initializers=("w",))), "in IR 3 'w' of the"),
    ],
    "NEO-ON-017": [
        (onnx(info=onnx_info(unranked_outputs=("y",))), "no shape is stated of 'y'"),
        (onnx(info=onnx_info(unranked_inputs=("x",))), "no shape is stated of 'x'"),
    ],
    "NEO-ON-018": [
        (onnx(info=written(node("Add"), 6)), "opset 6 has older forms of 'Add'"),
        (onnx(info=written(node("Upsample"), 6)), "Upsample"),
        (onnx(info=written(node("Relu"), 5)), "Relu"),
    ],
    "NEO-ON-019": [
        (
            onnx(
                info=written(
                    node("Constant", attributes=(AttributeForm(name="value_float", kind=""),))
                )
            ),
            "has value_float",
        )
    ],
    "NEO-ON-020": [
        (onnx(info=onnx_info(tvm_calls=(OF_TVM, FOR_SOME))), "otherwise: Mean: of several"),
    ],
    "NEO-ON-021": [
        (onnx(info=onnx_info(tvm_calls=(OF_TVM, FOR_SOME))), "otherwise: PRelu: its slope"),
    ],
    "NEO-XG-001": [
        (xgboost(entries=entries("xgboost.model", "code/inference.py")), "2 members"),
        (xgboost(entries=(entry("m/", "directory"), entry("m/xgboost-model"))), "2 members"),
    ],
    "NEO-XG-002": [
        (xgboost(info=xgboost_info("json")), "the model is JSON"),
        (xgboost(info=xgboost_info("ubj")), "the model is UBJSON"),
    ],
    "NEO-XG-003": [
        (xgboost(info=xgboost_info("pickle")), "a pickle"),
        (xgboost(info=pickled("XGBRegressor", "1.3")), "a pickled XGBRegressor"),
        (xgboost(info=pickled("Booster", "0.0")), "a pickled Booster"),
        (xgboost(info=pickled("Booster", "1.7.6")), "a pickled Booster"),
    ],
    "NEO-XG-010": [(xgboost(info=pickled("Booster", "1.3")), "that XGBoost 1.3 pickled")],
    "NEO-XG-011": [
        (xgboost(info=xgboost_info(in_turns=False, outputs=3)), "of the 3 classes do not come")
    ],
    "NEO-XG-004": [(xgboost(info=xgboost_info("dump")), "a dump")],
    "NEO-XG-005": [(xgboost(info=xgboost_info(largest_tree=2**31)), "2147483648 nodes")],
    "NEO-XG-006": [(xgboost(info=xgboost_info(version="2.1")), "written by XGBoost 2.1")],
    "NEO-XG-007": [
        (xgboost(info=xgboost_info(inexpressible="splits on categories")), "no splits on cat")
    ],
    "NEO-XG-008": [
        (
            xgboost(info=xgboost_info(best_iteration=3, rounds=9)),
            "stopped early at round 4 of 9",
        )
    ],
    "NEO-XG-009": [(xgboost(info=xgboost_info(booster="gblinear")), "the booster is gblinear")],
    "NEO-MX-001": [
        (mxnet(entries=entries("a-symbol.json", "b-symbol.json", "a-0000.params")), "2 symbols"),
    ],
    "NEO-MX-002": [
        (mxnet("rasp4b", entries=entries(*PAIR, "more/config.json")), "'more/config.json'"),
        (mxnet(entries=entries(*PAIR, "labels.json")), "may count as another"),
    ],
    "NEO-MX-003": [(mxnet(entries=entries(*PAIR, "model-0001.params")), "2 parameter files")],
    "NEO-MX-004": [
        (mxnet(entries=entries("net-symbol.json", "model-0000.params")), "prefix 'net'"),
        (mxnet("rasp4b", entries=entries("net.json", "model-0000.params")), "prefix 'net'"),
    ],
    "NEO-MX-005": [
        (mxnet(entries=entries("model-symbol.json", "model-best.params")), "no epoch"),
    ],
    "NEO-MX-006": [(mxnet(info=mxnet_info(unprefixed=("0.weight",))), "'0.weight'")],
    "NEO-MX-007": [(mxnet(info=mxnet_info(missing=("fc_weight",))), "1 parameters of the symbol")],
    "NEO-MX-008": [(mxnet(info=mxnet_info(extra=("fc9_weight",))), "are not the symbol's")],
    "NEO-MX-009": [
        (mxnet(info=mxnet_info(misfits={"w": "is [2], the symbol has [3]"})), "'w' is"),
    ],
    "NEO-MX-010": [
        (mxnet(info=mxnet_info(parameters_form="npz")), "an .npz of MXNet 2"),
        (mxnet(info=mxnet_info(form="npz")), "an .npz of MXNet 2"),
        (mxnet(info=mxnet_info(array_versions={"3": 8})), "NumPy's shapes"),
    ],
    "NEO-MX-011": [
        (mxnet("ml_inf1", info=mxnet_info(dtypes={"float16": 2, "float32": 1})), "2 float16"),
    ],
    "NEO-MX-012": [(mxnet(info=mxnet_info(cycle=("a", "b"))), "'a', 'b'")],
    "NEO-MX-013": [(mxnet(info=mxnet_info(dangling=("a takes node 9 of 2",))), "node 9 of 2")],
    "NEO-MX-014": [(mxnet(info=mxnet_info(forward_references=("r",))), "stand before")],
    "NEO-MX-015": [
        (mxnet(info=mxnet_info(version="1.9.1")), "MXNet 1.9.1; Neo runs 1.8.0"),
        (mxnet("ml_inf1", framework_version="1.5", info=mxnet_info(version="1.8.0")), "runs 1.5"),
    ],
    "NEO-MX-016": [(mxnet(info=mxnet_info(custom_operators=("triple",))), "'triple'")],
    "NEO-MX-017": [(mxnet("rasp4b", info=mxnet_info(subgraphs=("_foreach",))), "'_foreach'")],
    "NEO-MX-018": [(mxnet(info=mxnet_info(channel_last=("conv0",))), "'conv0'")],
    "NEO-MX-019": [(mxnet(info=mxnet_info(labels=("softmax_label",))), "'softmax_label'")],
    "NEO-MX-021": [
        (mxnet(info=mxnet_info(training=("MakeLoss (loss)",), labels=("label",))), "'label'"),
        (mxnet("rasp4b", info=mxnet_info(training=("MakeLoss (loss)",))), "'MakeLoss (loss)'"),
    ],
    "NEO-MX-022": [(mxnet(info=mxnet_info(random=("Dropout (drop)",))), "'Dropout (drop)'")],
    "NEO-MX-020": [(mxnet(info=mxnet_info(operators=["_contrib_ROIAlign"])), "ROIAlign")],
    "NEO-KR-001": [
        (keras(info=keras_info(form="keras")), "a .keras file"),
        (keras(entries=entries("m.hdf5"), models=("m.hdf5",)), "looks for .h5"),
        (keras(entries=entries("M.H5"), models=("M.H5",)), "looks for .h5"),
    ],
    "NEO-KR-002": [
        (keras(info=keras_info(version="2.2.5")), "2.2.4 and earlier"),
        (keras(info=keras_info(version="3.15.1")), "written by Keras 3.15.1"),
        (keras(target="rasp4b", info=keras_info(version="2.11.0")), "2.2 and earlier"),
    ],
    "NEO-KR-003": [(keras(info=keras_info(form="weights")), "without a model")],
    "NEO-KR-004": [
        (keras(info=keras_info([spec("image", (None, 8))])), "of 2 dims"),
        (keras(info=keras_info([spec("a", (None, 8, 8, 3)), spec("b", (None, 3))])), "'b'"),
    ],
    "NEO-KR-005": [
        (keras(info=keras_info([spec("image", (None, None, None, 3))])), "[?,?,?,3]"),
        (keras(info=keras_info([spec("image", (1, 8, 8, None))])), "leaves its size open"),
    ],
    "NEO-KR-006": [
        (keras(data_input_config='{"image":[1,8,8,3]}'), "channels last, as in the file"),
        (keras(data_input_config='{"image":[1,3,9,9]}'), "Neo wants [?,3,8,8]"),
        (keras(data_input_config='{"image":[1,3,8]}'), "another size"),
    ],
    "NEO-KR-007": [
        (keras(info=keras_info(data_formats=("channels_first", "channels_last"))), "first")
    ],
    "NEO-KR-008": [(keras(info=keras_info(lambdas=("block/twice",))), "block/twice")],
    "NEO-KR-009": [(keras(info=keras_info(custom=("own (Mine)",))), "own (Mine)")],
    "NEO-KR-010": [(keras(info=keras_info(new_layers=("Rescaling",))), "Rescaling")],
    "NEO-KR-011": [
        (keras(info=keras_info(training_config=True)), "a training configuration"),
        (
            keras(info=keras_info(training_config=True, optimizer_weights=2048)),
            "2048 bytes of the optimizer's state",
        ),
    ],
    "NEO-KR-013": [
        (keras(info=keras_info(unknown_names=("activation relu6 (act)",))), "activation relu6")
    ],
    "NEO-KR-015": [(keras(info=keras_info(not_taken=("se (Dense on 4 dims)",))), "Dense on 4")],
    "NEO-KR-016": [(keras(info=keras_info(misfits=("a: bias is 3, not 4",))), "bias is 3, not 4")],
    "NEO-KR-017": [
        (keras(info=keras_info(missing=("a (Conv2D without filters)",))), "without filters")
    ],
    "NEO-KR-018": [(keras(info=keras_info(version="1.2.2")), "written by Keras 1.2.2")],
    "NEO-KR-019": [
        (keras(info=keras_info(mixed_types=("c (Conv2D of int32)",))), "c (Conv2D of int32)")
    ],
    "NEO-KR-014": [(keras(info=keras_info(in_training=("drop (Dropout)",))), "drop (Dropout)")],
    "NEO-KR-012": [(keras(info=keras_info(backend="theano")), "written on theano")],
}

_ids = torch_info(inputs=[spec("ids", (1, 8), "int64")])
# id: contexts near to breaking it that do not; a clean model is tried on every rule besides.
HOLDS: dict[str, list[CheckContext]] = {
    "NEO-NC-001": [on_chip(), pytorch("ml_inf2", info=torch_info(order=("aten::mul",) * 2))],
    "NEO-NC-002": [on_chip(), on_chip("prim::If"), on_chip("aten::mul", "aten::add")],
    "NEO-NC-003": [pytorch("ml_inf1", info=replace(torch_info(), parameter_bytes=10**9))],
    "NEO-TV-001": [
        imported("aten::relu_", "aten::absolute", "aten::new_full", "prim::Loop"),
        imported("TensorListStack", framework="TENSORFLOW", version="2.4"),
        imported("identity", "_Plus", "stop_gradient", framework="MXNET"),
        replace(imported("aten::im2col"), path="integrated", info=None),
        pytorch(info=torch_info(called_in={"aten::im2col": "a"}, folded=("aten::im2col",))),
        pytorch(info=torch_info(called_in={"aten::im2col": "a"}, unreached=("aten::im2col",))),
    ],
    "NEO-TV-003": [
        pytorch("rasp4b", info=torch_info()),
        pytorch("rasp4b", info=torch_info("state_dict")),
    ],
    "NEO-TV-004": [
        pytorch("rasp4b", info=torch_info()),
        pytorch("rasp4b", info=torch_info(tvm_calls={"may: aten::round: halves": "Net.f"})),
    ],
    "NEO-TV-005": [
        pytorch("rasp4b", info=torch_info("state_dict")),
        pytorch("rasp4b", info=torch_info(tvm_calls={"aten::add: alpha is left out": "Net.f"})),
    ],
    "NEO-TV-002": [imported("aten::im2col"), imported("aten::relu_", "aten::clip")],
    "NEO-CA-001": [came_back(), pytorch()],
    "NEO-CA-002": [came_back()],
    "NEO-CA-003": [came_back(), came_back(kind="", untouched=True)],
    "NEO-CA-004": [came_back()],
    "NEO-AR-001": [pytorch(archive_name="a.b.tar.gz")],
    "NEO-AR-002": [pytorch(entries=entries("a/b/model.pt")), pytorch(entries=entries("M.PTH"))],
    "NEO-AR-003": [
        pytorch(entries=entries("model.pth", "._model.pth", "code/x.pth")),
        pytorch(target="rasp4b", entries=entries("model.pth", "model.pt")),
        onnx(entries=entries("model.onnx", "labels.txt")),
    ],
    "NEO-AR-004": [pytorch(entries=entries("./model.pth", "a/b..c"))],
    "NEO-AR-006": [pytorch(entries=(entry("code/", "directory"), entry("model.pth")))],
    "NEO-AR-007": [pytorch(entries=(entry("a/", "directory"), entry("a", "directory")))],
    "NEO-AR-009": [pytorch(entries=entries("model.pth", "model.txt"))],
    "NEO-AR-010": [pytorch(entries=(entry("./", "directory"), *entries("./model.pth")))],
    "NEO-AR-012": [
        pytorch(unreadable="no model", models=()),
        pytorch(unreadable="depth 9", over_limit=True, info=None),
    ],
    "NEO-AR-017": [pytorch(unreadable="torn at byte 3", info=None), pytorch()],
    "NEO-AR-013": [pytorch(entries=(entry("model.pth"), entry("code/__init__.py", size=0)))],
    "NEO-AR-015": [pytorch(models=("./model.pth",))],
    "NEO-AR-016": [onnx(info=replace(onnx_info(), operators={"RandomNormal": 1, "If": 1}))],
    "NEO-DC-001": [context("XGBOOST"), pytorch(data_input_config=None)],
    "NEO-DC-003": [pytorch(data_input_config=None), pytorch(data_input_config=" " * 16384)],
    "NEO-DC-004": [pytorch(data_input_config="{'")],
    "NEO-DC-005": [config([[1, 3, 8, 8]])],
    "NEO-DC-008": [config([[1, 3, 8, 8]]), coreml({"shape": ["1..10", 3]})],
    "NEO-DC-010": [tensorflow(data_input_config='{"input:0":[1,8,8,3]}'), config({"any": [1]})],
    "NEO-DC-011": [
        tensorflow(),
        mxnet(
            info=mxnet_info(
                [spec("data"), spec("label")], labels=("label",), training=("MakeLoss (loss)",)
            )
        ),
    ],
    "NEO-DC-012": [
        onnx(info=onnx_info([spec("input.1", (None, 3, None, None))])),
        onnx(info=onnx_info([spec("input.1", ())])),
        tensorflow(data_input_config='{"input":[7,8,8,3]}'),
        context(
            "KERAS",
            data_input_config='{"x":[1,3,8,8]}',
            info=ModelInfo(
                framework="KERAS",
                format="h5",
                signature=tensorflow().info.signature,  # type: ignore[union-attr]
            ),
        ),
    ],
    "NEO-DC-013": [coreml({"shape": [1, 3]})],
    "NEO-DC-014": [
        coreml({"shape": [1, 3, 8, 8]}),
        coreml({"shape": ["1..10", 3], "default_shape": [1, 3], "type": "Tensor"}),
        coreml({"shape": [[1, 3], [2, 3]], "default_shape": [1, 3]}),
        coreml([1, 3, 8, 8]),
    ],
    "NEO-DC-015": [
        coreml({"shape": [1, 3, 8, 8], "type": "Image", "bias": [-1, -1, -1], "scale": 0.0078})
    ],
    "NEO-TG-001": [
        context("SKLEARN"),
        pytorch(target="ml_c6g"),
        context("TFLITE", "rasp3b"),
    ],
    "NEO-TG-002": [
        pytorch(framework_version="1.8.1"),
        pytorch(framework_version="1.13.1+cpu"),
        pytorch(framework_version="1.3", target="ml_inf1"),
        tensorflow(framework_version="1.15"),
        context("TFLITE", framework_version="9.9"),
        context("DARKNET", "rasp3b", framework_version="1.0"),
        pytorch(target="ml_trn1", framework_version="2.1"),
        pytorch(target="ml_c6g", framework_version=""),
    ],
    "NEO-TG-003": [pytorch(framework_version="1.13.1"), pytorch(framework_version="")],
    "NEO-TG-004": [pytorch(target="linux/x86_64/intel_graphics")],
    "NEO-CO-001": [options(None), options('{"dtype":"float32"}')],
    "NEO-CO-002": [options('"--verbose 1"', "ml_inf1")],
    "NEO-CO-003": [options('"-O2"', "ml_inf1"), options('"-O2"', "ml_trn1")],
    "NEO-CO-004": [
        options(NVIDIA, "linux/arm64/nvidia"),
        options(None, "linux/arm64"),
        options(None, "jetson_nano"),
        options(None, "ml_p3"),
    ],
    "NEO-CO-005": [
        options(NVIDIA, "jetson_nano"),
        options('{"JETPACK_VERSION":"4.6","gpu_code":"sm_72"}', "jetson_nano", "TENSORFLOW"),
    ],
    "NEO-CO-006": [options('{"mcpu":"core-avx2"}', "sbe_c"), options('{"a":1}', "ml_inf2")],
    "NEO-CO-007": [
        options('{"dtype":"long"}'),
        options('{"ANDROID_PLATFORM":29}', "android/arm64"),
        options('{"mattr":["+neon","+vfpv4"]}', "rasp3b"),
        options(NVIDIA, "linux/x86_64/nvidia"),
    ],
    "NEO-CO-008": [
        pytorch(
            target="coreml",
            compiler_options='{"class_labels":"labels.txt"}',
            entries=entries("model.pth", "./labels.txt"),
        )
    ],
    "NEO-CO-009": [options('{"signature_def_key":"a"}', "ml_eia2", "TENSORFLOW")],
    "NEO-CO-010": [options('"--frameworks --verbose 1"', "ml_inf1")],
    "NEO-HD-001": [script(SCRIPT), pytorch(code={"code/requirements.txt": "numpy==1"})],
    "NEO-HD-002": [
        script(SCRIPT),
        script("def transform_fn(a, b, c, d): ..."),
        script("from serving import input_fn, predict_fn, output_fn"),
        script("from serving import *"),
        script("try:\n    import x\nexcept ImportError:\n    x = 1\ntransform_fn = x"),
        script(DLR_SCRIPT, "ONNX"),
        script("def handler(data, context): ...", "TENSORFLOW"),
        pytorch(target="rasp4b", code={CODE: ""}),
    ],
    "NEO-HD-003": [script(SCRIPT)],
    "NEO-HD-004": [
        script(SCRIPT),
        script("def model_fn(model_dir, context): ..."),
        script("def model_fn(*given): ..."),
        script("model_fn = None"),
    ],
    "NEO-HD-005": [script(SCRIPT), pytorch(code={"tools/other.py": ""})],
    "NEO-HD-006": [
        pytorch(entries=entries("model.pth", "code/requirements.txt", "requirements.txt"))
    ],
    "NEO-HD-007": [pytorch(entries=entries("model.pth", CODE))],
    "NEO-HD-008": [
        pytorch(entries=entries("model.pth", CODE)),
        onnx(entries=entries("model.onnx", "code/labels.json")),
        context("MXNET", entries=entries("code/hyperparams.json")),
    ],
    "NEO-PT-001": [pytorch(entries=entries("model.pth", "extra.pt"))],
    "NEO-PT-004": [
        traced(code_devices=("cpu",)),
        traced(devices=("cuda:0",)),
        pytorch(target="ml_p3", info=torch_info(code_devices=("cuda:0",))),
    ],
    "NEO-PT-025": [
        pytorch(info=using("quantized::linear_dynamic", "aten::conv2d")),
        pytorch("jetson_nano", info=using("quantized::conv2d")),
        pytorch(info=using("prim::ConstantMKLDNNTensor")),
    ],
    "NEO-PT-026": [traced(training=("a.py: dropout in Net.forward",))],
    "NEO-PT-027": [traced(code_devices=("cpu", "cuda:0")), traced(devices=("mps:0",))],
    "NEO-PT-028": [
        pytorch(GPU, info=torch_info(devices=("cuda:0",))),
        traced(devices=("meta",)),
        pytorch(info=torch_info("state_dict", devices=("cuda:0",))),
    ],
    "NEO-PT-029": [
        traced(devices=("mps:0",)),
        pytorch("rasp4b", info=torch_info(devices=("cuda:0", "xla:0"))),
        pytorch(framework_version="latest", info=torch_info(devices=("mps:0",))),
    ],
    "NEO-PT-030": [traced()],
    "NEO-PT-031": [pytorch(info=using("aten::conv2d", "prim::NumToTensor"))],
    "NEO-PT-033": [traced(particular={"aten::median(index)": "Net.forward"})],
    "NEO-PT-032": [
        pytorch("rasp4b", info=torch_info(legacy=True)),
        pytorch(framework_version="latest", info=torch_info(legacy=True)),
    ],
    "NEO-PT-009": [traced(globals=("mynet.Net",), executing=())],
    "NEO-PT-010": [traced(globals=("posix.system",), executing=("posix.system",))],
    "NEO-PT-012": [traced(dtypes={"float32": 9, "int64": 2, "bool": 1})],
    "NEO-PT-013": [pytorch(info=_ids), traced(inputs=[spec("x", dtype="")])],
    "NEO-PT-014": [traced(inputs=[spec("a"), spec("b"), spec("c", dtype="")])],
    "NEO-PT-015": [
        pytorch(info=_ids, compiler_options='{"dtype":"int64"}'),
        pytorch(info=_ids, compiler_options='{"dtype":"long"}'),
        pytorch(compiler_options='{"dtype":"float"}'),
        pytorch(info=_ids, target="rasp4b"),
    ],
    "NEO-PT-016": [
        pytorch("ml_inf1", info=_ids, compiler_options='"--dtype int64 -O2"'),
        pytorch("rasp4b"),
        pytorch(
            "rasp4b",
            info=torch_info(inputs=[spec("ids", dtype="int64")], cast_inputs=("ids",)),
        ),
    ],
    "NEO-PT-034": [
        pytorch(framework_version="1.12", info=mixing("where", "different")),
        pytorch(framework_version="1.8", info=mixing("div", "integers")),
        pytorch(framework_version="1.4", info=mixing("where", "integers")),
        pytorch(framework_version="latest", info=mixing("where", "different")),
    ],
    "NEO-PT-017": [
        config([[1, 3]] * 10),
        config({f"input{at:02}": [1, 3] for at in range(11)}),
        config({"z": [1], "a": [1]}, info=torch_info(inputs=[spec("a", (1,)), spec("z", (1,))])),
    ],
    "NEO-PT-011": [
        traced(custom_ops=("torchvision::nms", "quantized::conv2d")),
        vision("1.8.1", "roi_align", ALIGNED),
        vision("1.4", "roi_align", ALIGNED.removesuffix(", bool")),
        vision("1.7", "deform_conv2d", DEFORMED_1_7),
        vision("1.5", "_new_empty_tensor_op"),
        vision("1.9", "_interpolate_linear_aa"),
        pytorch(framework_version="latest", info=torch_info(custom_ops=("torchvision::nms",))),
    ],
    "NEO-PT-024": [traced(custom_ops=("mine::op", "quantized::conv2d"))],
    "NEO-PT-018": [
        config([[1, 3]], info=untold(input_names=("x",))),
        config([[1]], info=untold()),
    ],
    "NEO-PT-020": [pytorch(info=replace(torch_info("state_dict"), signature=None))],
    "NEO-PT-021": [
        pytorch(framework_version="1.8.1", info=torch_info(file_format="5")),
        pytorch(framework_version="1.5"),
        pytorch(framework_version="9.9", info=torch_info(file_format="99")),
        pytorch(framework_version="latest"),
        traced(file_format=""),
    ],
    "NEO-PT-023": [
        pytorch("rasp4b", info=torch_info(readable_since={"1.7": "a convolution"})),
        pytorch(framework_version="latest", info=torch_info(readable_since={"1.9": "None"})),
    ],
    "NEO-PT-022": [
        pytorch("rasp4b", info=using("aten::relu", "aten::silu")),
        pytorch("rasp4b", info=using("prim::If", "prim::fork", "prim::shape", "mine::op")),
        pytorch("rasp4b", info=using("torchvision::nms", "prepacked::linear_clamp_run")),
        pytorch("rasp4b", info=called("quantized::linear_dynamic", "Tensor, _, bool")),
        pytorch("rasp4b", info=called("aten::meshgrid", "Tensor[]", "_")),
        pytorch(framework_version="1.12", info=called("aten::meshgrid", "_, indexing=str")),
        pytorch(framework_version="2.0", info=using("aten::mish")),
        pytorch(framework_version="latest", info=using("aten::mish")),
    ],
    "NEO-PT-019": [
        config([[7, 3, 8, 8]]),
        config([[1, 3]], info=torch_info(inputs=[spec("x", ())])),
        config([[1, 3]], info=torch_info(inputs=[spec("x", (None, None))])),
    ],
    "NEO-ON-001": [
        onnx(info=onnx_info(opset=11)),
        onnx(info=onnx_info(opset=17), target="ml_c6g"),
        onnx(info=onnx_info(opsets={"": 12, ML: 2})),
    ],
    "NEO-ON-002": [onnx(info=onnx_info(ir=3)), onnx(info=onnx_info(ir_version=0))],
    "NEO-ON-003": [onnx(info=onnx_info(external_data=(OUTSIDE,)))],
    "NEO-ON-004": [
        onnx(
            entries=entries("m/model.onnx", "m/w.data"),
            models=("m/model.onnx",),
            info=onnx_info(external_data=(OUTSIDE,)),
        )
    ],
    "NEO-ON-005": [onnx(info=onnx_info(custom_domains=()))],
    "NEO-ON-006": [onnx(info=onnx_info([spec("input.1", (None, 3, 8, 8))]))],
    "NEO-ON-009": [onnx(info=onnx_info(opsets={"ai.onnx": 12}))],
    "NEO-ON-010": [onnx(info=onnx_info(operators=["com.example::Own"]))],
    "NEO-ON-012": [
        onnx(
            data_input_config='{"a":[1,8],"b":[1,9]}',
            info=onnx_info(symbolic_dims={"a": ("n", "?"), "b": ("n", "?"), "c": ("n",)}),
        )
    ],
    "NEO-TF-001": [tensorflow(entries=saved_entries("export/assets/labels.pbtxt"))],
    "NEO-TF-002": [tensorflow(entries=saved_entries("export/assets/labels.txt"))],
    "NEO-TF-003": [
        tensorflow(entries=(entry("./export/", "directory"), *saved_entries()[1:])),
        frozen(),
    ],
    "NEO-TF-004": [
        tensorflow(entries=(*saved_entries()[:2], entry("export/variables", "directory"))),
        frozen(),
    ],
    "NEO-TF-005": [tensorflow(entries=saved_entries("export/variables/more"))],
    "NEO-TF-006": [tensorflow(entries=saved_entries("export/checkpoint.txt"))],
    "NEO-TF-007": [frozen(text=False), tensorflow(info=tensorflow_info(text=True))],
    "NEO-TF-008": [tensorflow(info=tensorflow_info(shards_missing=()))],
    "NEO-MX-023": [
        of_operator("Activation", act_type="relu"),
        of_operator("Flatten", anything="1"),
        of_operator("Pooling", p_value="None", kernel="(3,3)"),
        of_operator("LeakyReLU", slope="1e-3"),
        of_operator("FullyConnected", num_hidden=" 3", no_bias="True"),
        of_operator("Custom", op_type="mine"),
        of_operator("add_n", num_args="2"),
        of_operator("Activating", written="0.8.0"),
        of_operator("Activating", version="1.9.1"),
    ],
    "NEO-MX-024": [
        for_tvm("LeakyReLU", act_type="leaky"),
        for_tvm("InstanceNorm", eps="1e-5"),
        for_tvm("softmax", temperature="None", axis="1"),
        for_tvm("Pooling", pool_type="max", kernel="(2, 2)"),
        for_tvm("Pooling", pool_type="avg", global_pool="True", kernel="(1,)"),
        for_tvm("RNN", "_rnn_param_concat", mode="gru"),
        for_tvm("_zeros", "RNN", shape="(0, 5)"),
        for_tvm("Deconvolution", dilate="(1, 1)"),
    ],
    "NEO-MX-025": [for_tvm("sum", axis="(1,)"), for_tvm("mean", keepdims="True"), mxnet()],
    "NEO-MX-026": [mxnet("rasp4b")],
    "NEO-TF-009": [frozen()],
    "NEO-TF-010": [tensorflow(), frozen()],
    "NEO-TF-011": [tensorflow()],
    "NEO-TF-012": [tensorflow(info=tensorflow_info(keras=False))],
    "NEO-TF-013": [tensorflow(info=tensorflow_info(unranked=()))],
    "NEO-TF-014": [frozen(loose_variables={})],
    "NEO-TF-015": [frozen(framework_version="1.15.3"), tensorflow()],
    "NEO-TF-016": [frozen(training={})],
    "NEO-TF-017": [frozen(outputs=(("logits_1", "Relu"),)), tensorflow()],
    "NEO-TF-018": [frozen(outputs=(("a", "Relu"),)), tensorflow()],
    "NEO-TF-019": [frozen(newer=("DenseBincount",)), frozen(framework_version="1.15.3", newer=())],
    "NEO-TF-020": [
        tensorflow(info=tensorflow_info(version="2.21.0", newer=())),
        tensorflow(info=tensorflow_info(version="2.9.2", newer=("DenseBincount",))),
        tensorflow(framework_version="1.15.3", info=tensorflow_info(newer=("DenseBincount",))),
    ],
    "NEO-TF-021": [frozen(framework_version="1.15.3", min_consumer=12), frozen(min_consumer=500)],
    "NEO-TF-022": [frozen(operators={"Conv2D": 1, "Const": 4}), tensorflow()],
    "NEO-TF-023": [frozen(grouped=("a",)), frozen(framework_version="1.15.3", grouped=())],
    "NEO-TF-025": [tensorflow(), frozen()],
    "NEO-TF-026": [tensorflow(), frozen()],
    "NEO-TF-029": [tensorflow("rasp4b", info=tensorflow_info(imported={"ResizeBilinear": "r"}))],
    "NEO-TF-030": [tensorflow("rasp4b", info=tensorflow_info(imported={"Floor": "f"}))],
    "NEO-TF-028": [
        tensorflow("rasp4b", framework_version="2.4", info=tensorflow_info(trained_objects=True)),
        tensorflow("rasp4b", framework_version="1.15"),
        tensorflow(
            "rasp4b",
            framework_version="1.15",
            info=tensorflow_info(objects=False, imported={"ResourceGather": "ids"}),
        ),
    ],
    "NEO-TF-027": [
        tensorflow("ml_inf1", framework_version="2.5"),
        tensorflow("ml_inf1", framework_version="1.15", info=tensorflow_info(objects=False)),
        replace(frozen(), target=facts.target("ml_inf1"), framework_version="1.15"),
    ],
    "NEO-TF-024": [frozen(dilated_depthwise=("a",)), frozen(framework_version="1.15.3")],
    "NEO-ON-014": [
        onnx(info=onnx_info(operators=["Upsample", "Scatter"], opset=9)),
        onnx(info=onnx_info(operators=["Gelu"], opset=20)),
        onnx(info=onnx_info(operators=["Mine", "com.microsoft::Gelu"], functions=("Mine",))),
        onnx(info=onnx_info(operators=["ImageScaler"], opset=7)),
        onnx(info=onnx_info(operators=["Affine"], opset=9)),
        onnx(info=onnx_info(operators=["ai.onnx.ml::Scaler"], opsets={"": 12, ML: 2})),
    ],
    "NEO-ON-015": [
        onnx(info=written(node("Squeeze", inputs=2), 13)),
        onnx(info=written(node("Slice"), 9)),
        onnx(info=written(node("Concat", inputs=9))),
        onnx(info=written(node("Clip", inputs=3, empty_inputs=(1,)), 11)),
        onnx(info=written(node("Conv", domain="com.microsoft", inputs=9))),
    ],
    "NEO-ON-016": [
        onnx(info=onnx_info(ir=4, unlisted_initializers=("w",))),
        onnx(info=onnx_info(ir=3)),
    ],
    "NEO-ON-018": [onnx(info=written(node("Relu"), 6)), onnx(info=written(node("Add"), 7))],
    "NEO-ON-019": [
        onnx(info=written(node("Constant", attributes=(AttributeForm(name="value", kind=""),))))
    ],
    "NEO-ON-020": [onnx(info=onnx_info(tvm_calls=(FOR_SOME,)))],
    "NEO-ON-021": [onnx(info=onnx_info(tvm_calls=(OF_TVM,)))],
    "NEO-ON-017": [onnx(info=onnx_info(inputs=[spec("x", (None, None))]))],
    "NEO-XG-001": [xgboost(entries=entries("._xgboost-model", "xgboost-model"))],
    "NEO-XG-002": [xgboost()],
    "NEO-XG-003": [xgboost(info=xgboost_info("json")), xgboost(info=pickled("Booster", "1.0"))],
    "NEO-XG-010": [xgboost(), xgboost(info=pickled("Booster", "1.7.6"))],
    "NEO-XG-011": [xgboost(), xgboost(info=xgboost_info(in_turns=False, booster="gblinear"))],
    "NEO-XG-004": [xgboost()],
    "NEO-XG-005": [xgboost(info=xgboost_info(largest_tree=2**31 - 1))],
    "NEO-XG-006": [xgboost(info=xgboost_info(version="0.90"))],
    "NEO-XG-007": [xgboost()],
    "NEO-XG-008": [
        xgboost(),
        xgboost(info=xgboost_info(best_iteration=8, rounds=9)),
        xgboost(info=xgboost_info(best_iteration=-1, rounds=9)),
    ],
    "NEO-XG-009": [xgboost(), xgboost(info=xgboost_info(booster="dart"))],
    "NEO-MX-001": [mxnet(entries=entries(*PAIR, "model-shapes.json"))],
    "NEO-MX-002": [
        mxnet("rasp4b", entries=entries(*PAIR, "model-shapes.json", "code/inference.py")),
        mxnet("rasp4b", entries=entries(*PAIR, "hyperparams.json", "._labels.json")),
        mxnet("rasp4b", entries=entries(*PAIR, "code/config.json")),
    ],
    "NEO-MX-003": [mxnet(entries=entries(*PAIR, "code/spare.params"))],
    "NEO-MX-004": [mxnet(entries=entries("net-symbol.json", "net-large-0000.params"))],
    "NEO-MX-005": [mxnet(entries=entries("m-symbol.json", "m-0123.params"))],
    "NEO-MX-006": [mxnet(info=mxnet_info(unprefixed=()))],
    "NEO-MX-007": [
        mxnet(entries=entries("model-symbol.json"), info=mxnet_info(missing=("fc_weight",)))
    ],
    "NEO-MX-008": [mxnet()],
    "NEO-MX-009": [mxnet()],
    "NEO-MX-010": [mxnet(info=mxnet_info(array_versions={"0": 4, "1": 1, "2": 2}))],
    "NEO-MX-011": [mxnet("ml_inf1")],
    "NEO-MX-012": [mxnet(info=mxnet_info(forward_references=("r",)))],
    "NEO-MX-013": [mxnet()],
    "NEO-MX-014": [mxnet(info=mxnet_info(forward_references=("r",), cycle=("r", "s")))],
    "NEO-MX-015": [
        mxnet(info=mxnet_info(version="1.8.0")),
        mxnet(info=mxnet_info(version="")),
        mxnet("ml_inf1", info=mxnet_info(version="1.8.0")),
    ],
    "NEO-MX-016": [mxnet()],
    "NEO-MX-017": [mxnet("rasp4b")],
    "NEO-MX-018": [mxnet()],
    "NEO-MX-019": [mxnet(), mxnet(info=mxnet_info(training=("MakeLoss (l)",), labels=("label",)))],
    "NEO-MX-021": [mxnet(), mxnet(info=mxnet_info(labels=("softmax_label",)))],
    "NEO-MX-022": [mxnet()],
    "NEO-MX-020": [mxnet()],
    "NEO-KR-001": [keras(), keras(entries=entries("a/b.h5"), models=("a/b.h5",))],
    "NEO-KR-002": [
        keras(),
        keras(info=keras_info(version="1.2.2")),
        keras(target="rasp4b"),
        keras(info=keras_info(version="")),
    ],
    "NEO-KR-003": [keras()],
    "NEO-KR-004": [keras()],
    "NEO-KR-005": [keras(), keras(info=keras_info([spec("image", (2, 8, 8, 3))]))],
    "NEO-KR-006": [
        keras(),
        keras(data_input_config='{"image":[7,3,8,8]}'),
        keras(
            info=keras_info([spec("image", (None, None, None, 3))]),
            data_input_config='{"image":[1,3,99,9]}',
        ),
    ],
    "NEO-KR-007": [keras(info=keras_info(data_formats=("channels_last",)))],
    "NEO-KR-008": [keras()],
    "NEO-KR-009": [keras()],
    "NEO-KR-010": [keras()],
    "NEO-KR-011": [keras(info=keras_info(training_config=False, optimizer_weights=0))],
    "NEO-KR-013": [keras()],
    "NEO-KR-015": [keras()],
    "NEO-KR-014": [keras()],
    "NEO-KR-016": [keras()],
    "NEO-KR-017": [keras()],
    "NEO-KR-019": [keras()],
    "NEO-KR-018": [keras(info=keras_info(version="2.0.0")), keras(info=keras_info(version=""))],
    "NEO-KR-012": [keras(), keras(info=keras_info(backend=""))],
    "NEO-CA-005": [came_back()],
    "NEO-CA-006": [
        came_back(device="cpu"),
        replace(came_back(device="gpu"), target=facts.target("ml_p3")),
        replace(came_back(device="gpu"), target=facts.target("ml_inf1")),
    ],
    "NEO-CA-007": [
        came_back(),
        artifact_of("model.pt", "other.pt", kind="PyTorch, compiled"),
        artifact_of("net.pth", kind="PyTorch, compiled"),
        artifact_of("a.pt", "b.pt", "code/inference.py", kind="PyTorch, compiled"),
    ],
    "NEO-CA-008": [came_back()],
    "NEO-TL-001": [
        tflite([spec("a"), spec("b", dtype="uint8")], spec("at", dtype="bool")),
    ],
    "NEO-TL-002": [
        tflite([spec("a", dtype="bool")], spec("at", dtype="int64"), spec("to", dtype="int32")),
    ],
    "NEO-DK-001": [darknet(), darknet(numbers=None), darknet(weights=None)],
    "NEO-DK-002": [darknet()],
    "NEO-DK-003": [darknet(), darknet("rasp4b", reorganized=("line 3",))],
    "NEO-DK-004": [darknet()],
    "NEO-DK-005": [darknet()],
    "NEO-TL-003": [tflite([spec("a")], byte_tensors=3)],
    "NEO-TL-004": [tflite([spec("a")], byte_tensors=3)],
    "NEO-SK-001": [sklearn('{"x":[1,2]}'), sklearn("nothing")],
    "NEO-SK-002": [sklearn('{"x":[1,4]}')],
    "NEO-HD-014": [
        with_files("from nets.small import Net\nimport nets", "code/nets/small.py"),
        script("import os, torch, torchvision.ops, numpy as np\nfrom PIL import Image"),
        script("try:\n    import timm\nexcept ImportError:\n    timm = None"),
        script("if TYPE_CHECKING:\n    import timm"),
        script("def never_called():\n    import timm"),
        script("from . import helper"),
        script("import subprocess\nsubprocess.run(['pip', 'install', 'timm'])\nimport timm"),
        with_files(
            "from helper import f\nimport pkg.sub", "code/helper.py", "code/lib/pkg/sub.py"
        ),
        with_files("import _fast", "code/_fast.cpython-38-x86_64-linux-gnu.so"),
        required_by("import transformers, tokenizers", "transformers==4.30\n"),
        required_by("import anything", "something-unknown\n"),
        required_by("import anything", "git+https://github.com/a/b\n"),
    ],
    "NEO-HD-015": [
        serving('    open(os.path.join(model_dir, "model.pth"))'),
        serving('    open(model_dir + "/" + NAME)'),
        serving('    p = f"{model_dir}/x.txt"\n    if os.path.exists(p):\n        open(p)'),
        serving(
            '    if not os.path.exists("x"):\n        return None\n    open(f"{model_dir}/x")'
        ),
        serving('    try:\n        open(f"{model_dir}/x")\n    except OSError: pass'),
        serving('    open(f"{model_dir}/x") if OPTIONAL else None'),
        serving('    open(f"{model_dir}/log.txt", "w")'),
        serving('    urlretrieve(URL, f"{model_dir}/x")\n    open(f"{model_dir}/x")'),
        serving('    open("/etc/hosts"), open("labels"), open(f"{model_dir}/../x")'),
        with_files('def model_fn(d):\n    open("v.json")', "code/v.json"),
        serving('    for n in names: open(f"{model_dir}/{n}")'),
        serving('    model_dir = "/tmp"\n    open(f"{model_dir}/x")'),
        with_files('def model_fn(d):\n    open(f"{d}/code/v.json")', "code/v.json"),
    ],
    "NEO-HD-016": [
        serving('    torch.jit.load(os.path.join(model_dir, "model.pth"))'),
        serving('    for n in ("model.pt", "model.pth"):\n        torch.jit.load(n)'),
        serving('    torch.jit.load(os.path.join(model_dir, "best.pt"))'),
    ],
    "NEO-HD-017": [
        serving('    torch.jit.load(f"{model_dir}/model.pth")'),
        serving('    torch.load(f"{model_dir}/optimizer.pth")'),
    ],
    "NEO-HD-018": [
        serving("    return net.cuda()", target="ml_g4dn"),
        serving('    d = "cuda" if torch.cuda.is_available() else "cpu"\n    net.to(d)'),
        serving("    if torch.cuda.is_available():\n        net.cuda()"),
        serving("    if GPU:\n        net.cuda()\n    torch.cuda.synchronize"),
        serving("    return net", "def never_called(x):\n    return x.cuda()"),
    ],
    "NEO-HD-009": [
        script(f"import neomx\n{LOADS}", "MXNET"),
        script(f"from neomx import thing\n{LOADS}", "MXNET"),
        script("import numpy", "MXNET"),
        script("import mxnet(", "MXNET"),
    ],
    "NEO-HD-010": [
        script(LOADS.replace('"compiled"', 'model_dir + "/compiled"'), "MXNET"),
        script(f"import os\nos.chdir('/opt/ml/model')\n{LOADS}", "MXNET"),
        script("import json\nx = json.load(open('labels.json'))"),
    ],
    "NEO-HD-011": [
        on(GPU, WARM),
        on(GPU, COLD.replace("return model\n", "predict_fn(x, model)\n    return model\n")),
        on("ml_c5", COLD),
        on(GPU, "def transform_fn(model, body, kind, accept): ..."),
    ],
    "NEO-HD-012": [required("numpy\ntorchmetrics==1.0\n# torch==1\n-r torch\n"), pytorch()],
    "NEO-HD-013": [
        required("-r more.txt", "code/more.txt"),
        required("./wheels/own.whl", "code/wheels/own.whl"),
        required("-e ./package", "code/package/setup.py"),
        required("own @ https://example.com/own-1.0.tar.gz\n--index-url https://x.org\nnumpy"),
    ],
}

RULES = {rule.id: rule for rule in ALL}


def cases(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(id_, case, id=f"{id_}-{at}")
        for id_, held in table.items()
        for at, case in enumerate(held)
    ]


@pytest.mark.parametrize(("id_", "case"), cases(BREAKS))
def test_the_rule_finds_it(id_: str, case: tuple[CheckContext, str]) -> None:
    judged, word = case
    hits = list(RULES[id_].test(judged))
    assert hits
    assert word in " ".join(hit.message for hit in hits)
    assert all("\n" not in hit.message.strip() or id_ == "NEO-AR-004" for hit in hits)


@pytest.mark.parametrize(("id_", "case"), cases(HOLDS))
def test_the_rule_lets_it_pass(id_: str, case: CheckContext) -> None:
    assert list(RULES[id_].test(case)) == []


@pytest.mark.parametrize("id_", facts.error_ids())
def test_every_rule_has_both_cases(id_: str) -> None:
    assert BREAKS.get(id_)
    clean = onnx() if "ONNX" in facts.error_row(id_).frameworks else pytorch()
    assert engine.run([RULES[id_]], clean).findings == ()
