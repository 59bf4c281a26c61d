"""``verify --compiler``: what Neo's public loader and the compiler behind it take, build and
compute, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import xgboost
from desk import Call, Desk
from onnx import TensorProto, helper

import neopack as package
from neopack import InputRequest, facts
from neopack.archive.manifest import read_manifest
from neopack.errors import Unsupported, VerificationFailed
from neopack.goldens.cases import FIRST, GoldenCase, save_cases
from neopack.proving import compiler
from neopack.proving.proof import Proof
from neopack.values.log import SilentLog
from neopack.values.signature import Signature, TensorSpec

CPU = "llvm"
ARM = "llvm -device=arm_cpu -mtriple=aarch64-linux-gnu -mattr=+neon"
TREES = "C by Treelite, compiled with gcc"
OF_1_15 = {"framework_version": "1.15", "inputs": {"images": (1, 8, 8, 3)}}
SAVED_MODEL = "tensorflow/1.15/saved-model"
# framework: file, choices, target; the code that is built and that computes; what the loader has
MODELS: dict[str, Any] = {
    "PYTORCH": ("pytorch/cnn-traced.pt", {}, "jetson_nano", ARM, CPU, ("torch", "1.8.1")),
    "MXNET": (
        "mxnet/gluon",
        {"inputs": {"data": (1, 3, 8, 8)}},
        "linux/x86_64",
        CPU,
        CPU,
        ("mxnet", "1.8.0"),
    ),
    "KERAS": ("keras/cnn.h5", {}, "linux/x86_64", CPU, CPU, ("tensorflow", "1.15.0")),
    "TENSORFLOW": (
        SAVED_MODEL,
        OF_1_15,
        "linux/x86_64",
        CPU,
        CPU,
        ("mera-tvm-host-only", "1.3.1"),
    ),
    "XGBOOST": ("xgboost/softprob.json", {}, "ml_c4", TREES, TREES, ("treelite", "1.1.0")),
}
# where the compiled model has other names or axes than the source, or is not a program of TVM
NAMED_OTHERWISE = ("KERAS", "TENSORFLOW", "XGBOOST")


@pytest.mark.parametrize("framework", MODELS)
def test_the_loader_takes_a_model_of_each_other_framework(
    framework: str, tmp_path: Path, fixtures: Path
) -> None:
    file, choices, target, code, computed_in, (name, version) = MODELS[framework]
    path = tmp_path / "m.tar.gz"
    package.package(fixtures / file, path=path, target=target, **choices)
    evidence = package.verify_compiler(path)
    assert evidence.exact
    assert evidence.target == target
    assert (evidence.code, evidence.computed_in) == (code, computed_in)
    assert evidence.versions["neo-loader"] == "1.0.1"
    assert evidence.versions[name] == version
    assert evidence.difference <= 1e-5
    assert all(not case.remark for case in evidence.cases)
    assert ("nn.conv2d" in evidence.operators) == (framework != "XGBOOST")
    report = package.check(path)
    assert report.compiler == (evidence,)
    assert report.evidence == ()
    if framework in NAMED_OTHERWISE:
        artifact = package.compile(path, target="linux/x86_64", engine="tvm")
        assert artifact.difference is not None
        assert artifact.difference <= 1e-5


@pytest.mark.filterwarnings("ignore")  # Keras 3 copies arrays with an old word of NumPy's
def test_keras_layers_that_the_loader_does_not_take_are_written_otherwise(tmp_path: Path) -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    image = keras.Input((7, 6, 4))
    excite = layers.Reshape((1, 1, 4))(layers.GlobalAveragePooling2D()(image))
    x = layers.Multiply()([image, layers.Dense(4, activation="sigmoid")(excite)])
    x = layers.UpSampling2D((2, 3))(layers.ReLU(negative_slope=0.1)(x))
    x = layers.Conv2DTranspose(2, 3, strides=4, padding="same", dilation_rate=1)(x)
    x = layers.Reshape((-1, 16))(x)
    x = layers.Conv1D(4, 3, padding="causal", activation="tanh")(x)
    x = layers.SeparableConv1D(5, 3, dilation_rate=2)(x)
    x = layers.AveragePooling1D(40)(layers.BatchNormalization()(x))
    x = layers.Permute((2, 1))(layers.LSTM(3, return_sequences=True)(x))
    path = tmp_path / "m.tar.gz"
    package.package(keras.Model(image, [x, image]), path=path, target="ml_c5")
    assert package.verify(path).difference <= 1e-5
    assert package.verify_compiler(path).difference <= 1e-5
    rewrites = json.loads((tmp_path / "m.neopack.json").read_text())["rewrites"]
    assert sum(", for TVM (" in each for each in rewrites) >= 8


def test_onnx_forms_that_the_loader_does_not_take_are_written_otherwise(tmp_path: Path) -> None:
    node = helper.make_node
    weight = np.random.default_rng(0).standard_normal((3, 2, 3, 3)).astype(np.float32)
    weights = {"w": weight, "v": weight[:, 0, 0, 0], "rows": np.array([-1, 0])}
    weights |= {"line": np.array([-1, 4]), "first": np.array([0])}
    nodes = [
        node("FusedConv", ["x", "w"], ["c"], domain="com.microsoft", activation="Relu"),
        node("Softmax", ["c"], ["s"], axis=2),
        node("Gather", ["s", "rows"], ["g"], axis=1),
        node("Shape", ["g"], ["shape"]),
        node("Gather", ["shape", "first"], ["batch"]),
        node("Concat", ["batch", "line"], ["to"], axis=0),
        node("Reshape", ["g", "to"], ["r"]),
        node("Slice", ["r", "first", "last", "axis"], ["three"]),
        node("MatMul", ["three", "v"], ["m"]),
        node("Normalizer", ["m"], ["n"], domain="ai.onnx.ml", norm="L2"),
        node("Scaler", ["n"], ["y"], domain="ai.onnx.ml", offset=[0.5], scale=[3.0]),
    ]
    weights |= {"last": np.array([3]), "axis": np.array([2])}
    graph = helper.make_graph(
        nodes,
        "forms",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 8])],
        [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    domains = {"": 12, "ai.onnx.ml": 1, "com.microsoft": 1}
    opsets = [helper.make_opsetid(*each) for each in domains.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=7)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    path, inputs = tmp_path / "m.tar.gz", {"x": (2, 2, 6, 6)}
    package.package(tmp_path / "m.onnx", path=path, target="ml_c5", inputs=inputs)
    assert package.verify(path).difference <= 1e-5
    assert package.verify_compiler(path).difference <= 1e-5
    assert package.check(path).clean
    rewrites = json.loads((tmp_path / "m.neopack.json").read_text())["rewrites"]
    assert sum(", for TVM (" in each for each in rewrites) == 7


def test_integers_that_the_compiler_takes_as_floats_are_told(tmp_path: Path) -> None:
    """Neo's loader gives PyTorch's importer no dtypes: all inputs are float32, and forward casts
    them."""
    ones = torch.ones(2, 3, dtype=torch.int64)
    model, path = torch.jit.trace(Digits(), (ones, ones)), tmp_path / "m.tar.gz"
    # DataInputConfig calls several inputs by their places, and so does the compiled model
    inputs = [InputRequest(name=name, shape=(2, 3), dtype="int64") for name in ("x", "less")]
    package.package(model, path=path, target="rasp3b", inputs=inputs, ignore=["NEO-PT-016"])
    evidence = package.verify_compiler(path)
    assert evidence.difference == 0
    assert evidence.remarks[0] == "the compiled model takes the input 'x' as float32, not int64"
    assert not any("returns" in remark for remark in evidence.remarks)


class Digits(torch.nn.Module):  # type: ignore[misc]
    def forward(self, x: torch.Tensor, less: torch.Tensor) -> torch.Tensor:
        return x.clamp(0, 9) // 2 - less.clamp(0, 3)


def test_packaging_with_proof_has_both_proofs(
    neopack: Call, desk: Desk, tmp_path: Path, fixtures: Path
) -> None:
    model = fixtures / "onnx/cnn-opset12.onnx"
    answer = neopack("package", model, "-t", "rasp3b", "-o", "m.tar.gz", "--verify")
    assert "proven in onnx-1.7.0: loads" in answer.err
    assert "hhb-tvm 2.4.5" in answer.err
    assert "not Neo: builds for rasp3b, and its outputs differ by" in answer.err
    assert "builds for rasp3b, and its outputs" in neopack("check", "m.tar.gz").out
    other = " ".join(neopack("check", "m.tar.gz", "-t", "ml_c5").out.split())
    assert "builds for rasp3b, which does not count for ml_c5" in other
    assert not package.check(desk.path / "m.tar.gz", target="ml_c5").compiler[0].exact
    # as written before there were proofs of the compiler
    manifest = desk.path / "m.neopack.json"
    older = json.loads(manifest.read_text())
    del older["compiler"]
    manifest.write_text(json.dumps(older))
    assert package.check(desk.path / "m.tar.gz").compiler == ()


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
def test_a_forest_of_classes_computes_alike_in_treelite(booster: str, tmp_path: Path) -> None:
    """Treelite 1.1.0 takes the trees of classes in turns, whatever the model says."""
    rows = np.random.default_rng(0).standard_normal((200, 4), dtype=np.float32)
    labels = np.digitize(rows.sum(axis=1), [-1, 1])
    forest = {"booster": booster, "num_parallel_tree": 3, "subsample": 0.8, "verbosity": 0}
    multiclass = {"objective": "multi:softprob", "num_class": 3, "max_depth": 3}
    trained = xgboost.train(forest | multiclass, xgboost.DMatrix(rows, labels), 3)
    path = tmp_path / "m.tar.gz"
    package.package(trained, path=path, target="ml_c5")
    manifest = read_manifest(path)
    assert manifest is not None
    assert any("in turns" in rewrite for rewrite in manifest.rewrites)
    assert package.verify(path).difference <= 1e-6
    assert package.verify_compiler(path).difference <= 1e-5


def test_what_the_loader_refuses_is_an_error_in_its_own_words(
    refused: Call, neopack: Call, desk: Desk, fixtures: Path
) -> None:
    model = fixtures / "xgboost/linear.json"
    neopack("package", model, "-t", "ml_c5", "-o", "m.tar.gz", "--ignore", "NEO-XG")
    words = "Treelite failed to convert XGBoost model"
    answer = refused(1, (words, "must be gbtree or dart"), "verify", "m.tar.gz", "--compiler")
    assert "Traceback" not in answer.err
    assert "Stack trace" not in answer.err
    assert package.check(desk.path / "m.tar.gz").compiler == ()
    (line,) = answer.errors
    assert "takes trees only; this model is" in neopack("explain", line).out


CHOSEN = """
import torch

class Chosen(torch.nn.Module):
    def forward(self, x):
        return x[x > 0]
"""


def test_the_warnings_that_say_why_are_shown_where_the_proof_fails(
    refused: Call, desk: Desk
) -> None:
    (desk.path / "chosen.py").write_text(CHOSEN)
    options = ("-i", "x=2,3", "-t", "rasp3b", "-o", "m.tar.gz", "--verify")
    answer = refused(1, (), "package", "chosen.py:Chosen", *options)
    assert "NEO-TV-005, which may be why: calls that TVM converts otherwise" in answer.err


def onnx_proof(folder: Path, nodes: Sequence[onnx.NodeProto], *, golden: float = 0.0) -> Proof:
    """Of a graph from x to y, whose golden output is one number everywhere."""
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, (2, 2)) for n in "xy")
    model = helper.make_model(
        helper.make_graph(list(nodes), "graph", [x], [y]),
        opset_imports=[helper.make_opsetid("", 12)],
        ir_version=7,
    )
    onnx.save(model, folder / "model.onnx")
    case = GoldenCase(
        name=FIRST,
        inputs={"x": np.zeros((2, 2), np.float32)},
        outputs={"y": np.full((2, 2), golden, np.float32)},
    )
    save_cases(folder / "golden.npz", [case], seed=0)
    spec = TensorSpec(name="x", dtype="float32", shape=(2, 2))
    return Proof(
        subject="model.onnx",
        framework="ONNX",
        framework_version="1.7",
        model=folder / "model.onnx",
        parts=(),
        signature=Signature(inputs=(spec,), outputs=(replace(spec, name="y"),)),
        goldens=folder / "golden.npz",
        folder=folder,
        members=("model.onnx",),
        target=facts.target("linux/x86_64"),
        data_input_config='{"x": [2, 2]}',
    )


def test_other_parameters_are_found_out(tmp_path: Path) -> None:
    proof = onnx_proof(tmp_path, [helper.make_node("Exp", ["x"], ["y"])], golden=2.0)
    with pytest.raises(VerificationFailed, match=r"another result: output 'y' differs by 0\.5"):
        compiler.prove_compiler(proof, SilentLog())


SIZES = helper.make_tensor("value", TensorProto.INT64, (3,), (40000, 40000, 2000))
REFUSED = {
    "loader refuses it: .*for frontend ONNX: Det": [
        helper.make_node("Det", ["x"], ["d"]),
        helper.make_node("Add", ["x", "d"], ["y"]),
    ],
    "needs more memory than it may have": [
        helper.make_node("Constant", [], ["sizes"], value=SIZES),
        helper.make_node("ConstantOfShape", ["sizes"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["largest"], keepdims=0),
        helper.make_node("Add", ["x", "largest"], ["y"]),
    ],
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_the_importer_lacks_is_in_its_words_and_what_it_cannot_hold_in_ours(
    words: str, tmp_path: Path
) -> None:
    with pytest.raises(VerificationFailed, match=words):
        compiler.prove_compiler(onnx_proof(tmp_path, REFUSED[words]), SilentLog())


def test_what_neo_compiles_otherwise_has_no_such_proof(tmp_path: Path, fixtures: Path) -> None:
    model, path = fixtures / "pytorch/cnn-traced.pt", tmp_path / "m.tar.gz"
    package.package(model, path=path, target="jetson_nano")
    for target in ("ml_c5", "coreml", "ml_inf1"):
        with pytest.raises(Unsupported, match="without its loader"):
            package.verify_compiler(path, target=target)
