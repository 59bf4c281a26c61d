"""Names in .h5 files that Keras 2.2.4 knows or lacks: check says what Keras 2.2.4 does, and
package writes what it loads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import neopack
from neopack import runtimes
from neopack.errors import SourceError
from neopack.goldens.cases import load_goldens
from neopack.runtimes import Worker

Array = np.ndarray[Any, np.dtype[Any]]
KERNEL = np.linspace(-1, 1, 12, dtype=np.float32).reshape(1, 1, 3, 4)
BIAS = np.linspace(-0.5, 0.5, 4, dtype=np.float32)
SEEDED = {"seed": None}
# how a layer of the file below is changed, and whether Keras 2.2.4 knows all of it
CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, True),
    "relu6": ({"activation": "relu6"}, False),
    "swish": ({"activation": "swish"}, False),
    "gelu": ({"activation": "gelu"}, False),
    "mish": ({"activation": "mish"}, False),
    "own": ({"activation": "_hard_swish"}, False),
    "none": ({"activation": None}, True),
    "a configured activation": (
        {"activation": {"class_name": "ReLU", "config": {"max_value": 6.0}}},
        False,
    ),
    "exponential": ({"activation": "exponential"}, True),
    "by alias": ({"kernel_initializer": "he_normal", "kernel_regularizer": "l2"}, True),
    "HeNormal": ({"kernel_initializer": {"class_name": "HeNormal", "config": SEEDED}}, False),
    "no initializer": ({"bias_initializer": None}, False),
    "dtype of tf.keras": (
        {"bias_initializer": {"class_name": "Zeros", "config": {"dtype": "float32"}}},
        True,
    ),
    "dtype of a function": (
        {"bias_initializer": {"class_name": "zeros", "config": {"dtype": "float32"}}},
        True,
    ),
    "a word of he_normal": (
        {"kernel_initializer": {"class_name": "he_normal", "config": {"dtype": "float32"}}},
        False,
    ),
    "another distribution": (
        {
            "kernel_initializer": {
                "class_name": "VarianceScaling",
                "config": {"scale": 2.0, "distribution": "truncated_normal"},
            }
        },
        False,
    ),
    "L2": ({"kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.1}}}, False),
    "L1L2": ({"kernel_regularizer": {"class_name": "L1L2", "config": {"l2": 0.1}}}, True),
    "own regularizer": ({"activity_regularizer": {"class_name": "My", "config": {}}}, False),
    "RadialConstraint": (
        {"kernel_constraint": {"class_name": "RadialConstraint", "config": {}}},
        False,
    ),
    "MaxNorm": (
        {"kernel_constraint": {"class_name": "MaxNorm", "config": {"max_value": 2}}},
        True,
    ),
    "groups": ({"groups": 1}, False),
    "weights": ({"trainable": False, "dtype": "float32"}, True),
}


def written(path: Path, **changes: Any) -> Path:
    """A convolution and the mean of its pixels, as Keras 2.2.4 writes them."""
    conv = {"filters": 4, "kernel_size": [1, 1], "activation": "relu", **changes}
    layers = [
        entry("InputLayer", "image", [], batch_input_shape=[None, 4, 4, 3], dtype="float32"),
        entry("Conv2D", "conv", [[["image", 0, 0, {}]]], **conv),
        entry("GlobalAveragePooling2D", "mean", [[["conv", 0, 0, {}]]]),
    ]
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["mean", 0, 0]]}
    model = {"class_name": "Model", "config": {"name": "m", "layers": layers, **ends}}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = b"2.2.4", b"tensorflow"
        file.attrs["model_config"] = json.dumps(model).encode()
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = np.array([b"image", b"conv", b"mean"])
        for name in ("image", "conv", "mean"):
            arrays = {"kernel:0": KERNEL, "bias:0": BIAS} if name == "conv" else {}
            group = weights.create_group(name)
            group.attrs["weight_names"] = np.array([n.encode() for n in arrays], "S8")
            for weight, array in arrays.items():
                group.create_dataset(weight, data=array)
    return path


def entry(kind: str, name: str, nodes: list[Any], **config: Any) -> dict[str, Any]:
    return {
        "class_name": kind,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": nodes,
    }


@pytest.fixture(scope="module")
def keras_2_2_4() -> Iterator[Worker]:
    with runtimes.worker("keras-2.2.4") as worker:
        yield worker


@pytest.mark.parametrize("name", list(CASES))
def test_check_agrees_with_keras_2_2_4(name: str, keras_2_2_4: Worker, tmp_path: Path) -> None:
    changes, known = CASES[name]
    path = written(tmp_path / "m.h5", **changes)
    config, of_tvm = '{"image":[1,3,4,4]}', ["NEO-KR-015"]
    report = neopack.check(path, target="ml_c5", data_input_config=config, ignore=of_tvm)
    assert ("NEO-KR-013" in {f.id for f in report.findings}) != known
    assert report.clean == known
    loads = True
    try:
        keras_2_2_4.call("load", {"path": str(path), "outputs": ["mean"]})
    except neopack.NeopackError:
        loads = False
    assert loads == known


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu6": lambda x: np.clip(x, 0, 6),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "_hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
}


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_package_writes_what_keras_2_2_4_computes(activation: str, tmp_path: Path) -> None:
    source = written(
        tmp_path / "m.h5",
        activation=activation,
        kernel_initializer={"class_name": "HeUniformV2", "config": SEEDED},
        kernel_regularizer={"class_name": "MyReg", "config": {"l": 0.1}},
    )
    made = neopack.package(source, path=tmp_path / "m.tar.gz")
    assert neopack.check(made.path).clean
    assert neopack.verify(made.path).difference <= 1e-5
    inputs, outputs = load_goldens(made.goldens)
    seen = inputs["image"].astype(np.float64) @ KERNEL[0, 0] + BIAS
    expected = ACTIVATIONS[activation](seen).mean(axis=(1, 2))
    np.testing.assert_allclose(outputs["mean"], expected, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_built_is_named(tmp_path: Path) -> None:
    source = written(tmp_path / "m.h5", activation="my_own")
    with pytest.raises(SourceError, match="the activation my_own"):
        neopack.package(source, path=tmp_path / "m.tar.gz")
