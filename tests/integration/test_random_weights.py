"""Random weights are told, and a checkpoint says which of its state_dicts was taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import weighted_models
from desk import Call

import neopack as package
from neopack.errors import SourceError, UsageError
from neopack.goldens.cases import load_goldens
from neopack.values.log import SilentLog

CODE = Path(weighted_models.__file__)
X = {"x": (2, 4)}


class Heard(SilentLog):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)

    warn = note


def warned(tmp_path: Path, name: str) -> list[str]:
    made = package.package(f"{CODE}:{name}", inputs=X, path=tmp_path / "m.tar.gz")
    manifest = json.loads(made.manifest.read_bytes())
    assert tuple(manifest["warnings"]) == made.warnings
    return [warning for warning in made.warnings if "random" in warning]


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("Net", "layer.weight and 1 more differ"),
        ("seeded", "layer.weight and 1 more differ"),
        ("seeded_by_an_imported_name", "layer.weight and 1 more differ"),
        ("drawn_by_numpy", "layer.weight differs"),
        ("with_a_new_head", "1.weight and 1 more differ"),
        ("Plain", "scale differs"),
        ("lazy", "weight and 1 more differ"),
    ],
)
def test_random_weights_are_told(tmp_path: Path, name: str, weight: str) -> None:
    (warning,) = warned(tmp_path, name)
    assert warning.startswith(f"its weights are random: {weight}")


def test_they_are_told_on_the_screen(neopack: Call, tmp_path: Path) -> None:
    call = ("package", f"{CODE}:Net", "-i", "x=2,4", "-o", tmp_path / "m.tar.gz")
    assert "warning: its weights are random" in neopack(*call).err


def test_trained_weights_are_not(tmp_path: Path) -> None:
    assert warned(tmp_path, "trained") == []
    torch.save(weighted_models.Net().state_dict(), tmp_path / "w.pth")
    made = package.package(
        f"{CODE}:Net", inputs=X, weights=tmp_path / "w.pth", path=tmp_path / "n.tar.gz"
    )
    assert made.warnings == ()


def test_what_cannot_be_built_twice_is_packaged_and_not_judged(tmp_path: Path) -> None:
    log = Heard()
    made = package.package(f"{CODE}:once", inputs=X, path=tmp_path / "m.tar.gz", log=log)
    assert made.warnings == ()
    assert any("whether its weights are random is not known" in text for text in log.said)


KERAS = """
import keras
import numpy as np
import tensorflow as tf

def net():
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.layers.Dropout(0.5)(keras.layers.Dense(3, name="dense")(x)))

def seeded():
    keras.utils.set_random_seed(1)
    return net()

def trained():
    model = net()
    model.set_weights([np.arange(w.size).reshape(w.shape) / 7 for w in model.get_weights()])
    return model

class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)
    def call(self, x):
        return self.dense(x)

class Module(tf.Module):
    def __init__(self, weights=None):
        super().__init__()
        self.w = tf.Variable(tf.random.normal((4, 3)) if weights is None else weights)
    def serve(self, x):
        return x @ self.w

def fixed():
    return Module(tf.reshape(tf.range(12.0), (4, 3)))
"""


@pytest.mark.parametrize(
    ("framework", "name", "random"),
    [
        ("KERAS", "net", True),
        ("KERAS", "seeded", True),
        ("KERAS", "trained", False),
        ("TENSORFLOW", "seeded", True),
        ("TENSORFLOW", "trained", False),
        ("TENSORFLOW", "Subclassed", True),
        ("TENSORFLOW", "Module", True),
        ("TENSORFLOW", "fixed", False),
    ],
)
def test_random_weights_of_keras_and_tensorflow_are_told(
    tmp_path: Path, framework: str, name: str, random: bool
) -> None:
    (tmp_path / "net.py").write_text(KERAS)
    made = package.package(
        f"{tmp_path}/net.py:{name}",
        framework=framework,
        inputs={"x": (1, 4)},
        ignore=["NEO-KR-004"] if framework == "KERAS" else [],
        path=tmp_path / "m.tar.gz",
    )
    assert any("its weights are random" in warning for warning in made.warnings) == random


# --- which state_dict -----------------------------------------------------------------------


def state(seed: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    return dict(weighted_models.Net().state_dict())


A, B, OTHER = state(1), state(2), {"w": torch.ones(2)}


def begun(prefix: str, tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def taken(tmp_path: Path, held: Any, key: str = "", file: str = "two.pth") -> tuple[Any, str]:
    """The state_dict that the packaged model has, and what was noted."""
    torch.save(held, tmp_path / file)
    log, weights = Heard(), f"{tmp_path / file}:{key}" if key else tmp_path / file
    made = package.package(
        f"{CODE}:Net", inputs=X, weights=weights, path=tmp_path / "m.tar.gz", log=log
    )
    inputs, golden = load_goldens(made.goldens)
    for each in (A, B):
        net = weighted_models.Net().eval()
        net.load_state_dict(each)
        with torch.no_grad():
            answer = net(torch.from_numpy(inputs["x"])).numpy()
        if np.allclose(answer, golden["output0"], atol=1e-6):
            return each, "\n".join(log.said)
    raise AssertionError("other weights")


@pytest.mark.parametrize(
    ("held", "key", "expected", "note"),
    [
        ({"net": A, "ema": B}, "ema", B, ""),
        ({"model": {"student": A, "teacher": B}}, "model.teacher", B, ""),
        ({"state_dict": {**begun("model", A), **begun("ema", B)}}, "state_dict.ema", B, ""),
        ({"net": begun("module", A), "ema": begun("module", B)}, "ema", B, "prefix 'module.'"),
        (
            {"net": OTHER, "ema": B},
            "",
            B,
            "took 'ema' out of the checkpoint two.pth, and left",
        ),
        ({"net": A, "ema": dict(A)}, "", A, "took 'net'"),
        ({"state_dict": {**begun("model", A), "loss.w": torch.ones(2)}}, "", A, "state_dict.loss"),
    ],
)
def test_a_checkpoint_gives_the_one_that_is_named_or_that_fits(
    tmp_path: Path, held: Any, key: str, expected: Any, note: str
) -> None:
    found, said = taken(tmp_path, held, key)
    assert found is expected
    assert note in said


def test_a_name_with_a_colon_is_a_file(tmp_path: Path) -> None:
    assert taken(tmp_path, A, file="a:b.pth")[0] is A


@pytest.mark.parametrize(
    "held",
    [
        {"net": A, "ema": B},
        {"model": {"student": A, "teacher": B}, "epoch": 1},
        {"state_dict": {**begun("model", A), **begun("model_ema", B)}},
    ],
)
def test_several_that_fit_are_refused_with_a_hint_that_works(tmp_path: Path, held: Any) -> None:
    with pytest.raises(UsageError, match="several state_dicts that fit the model") as caught:
        taken(tmp_path, held)
    key = caught.value.hint.rpartition(":")[2]
    assert taken(tmp_path, held, key)[0] is B


def test_the_end_of_a_path_is_enough_where_it_is_the_only_one(tmp_path: Path) -> None:
    held = {"state_dict": {"student": A, "teacher": B}}
    assert taken(tmp_path, held, "teacher")[0] is B


def test_a_key_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no state_dict 'enet'") as caught:
        taken(tmp_path, {"net": A, "ema": B}, "enet")
    assert caught.value.hint == "did you mean net? it holds net, ema"
    with pytest.raises(SourceError, match="no such file"):
        package.package(
            f"{CODE}:Net", inputs=X, weights=tmp_path / "no.pth:ema", path=tmp_path / "n.tar.gz"
        )
