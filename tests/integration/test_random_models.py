"""Models that are random at inference are told, and nothing is proven of their numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import pytest
import random_models
from desk import Call
from onnx import TensorProto, helper

import neopack as package
from neopack.reports.evidence import evidence_text
from neopack.reports.text import report_text
from neopack.values.artifact import NeoArchive

IMAGE = {"x": (1, 3, 16, 16)}
CASES = {
    "Dropout": "dropout in Dropout.forward",
    "RareDropout": "feature_dropout in RareDropout.forward",
    "Noise": "randn_like",
    "Gumbel": "exponential_",
    "Rrelu": "rrelu in Rrelu.forward",
    "Sampled": "multinomial",
    "Masked": "bernoulli",
    "ModuleInTraining": "dropout in",
}


def made(tmp_path: Path, name: str, **choices: Any) -> NeoArchive:
    model = getattr(random_models, name)()
    return package.package(model, inputs=IMAGE, path=tmp_path / "m.tar.gz", **choices)


def is_told(archive: NeoArchive, what: str) -> None:
    """By package, in the manifest, by check, and by verify, which proves no number."""
    assert any("the model is random" in warning for warning in archive.warnings)
    manifest = json.loads(archive.manifest.read_bytes())
    assert any(what in each for each in manifest["random"]), manifest["random"]
    found = {finding.id for finding in package.check(archive.path).findings}
    assert found & {"NEO-PT-003", "NEO-PT-026", "NEO-AR-016"}
    evidence = package.verify(archive.path)
    assert evidence.random == tuple(manifest["random"])
    told = evidence_text(evidence).splitlines()[0]
    assert told.startswith("not proven: the model is random")
    assert "loads, and its outputs have the right names, types and shapes" in told
    assert "\nproven in" not in report_text(package.check(archive.path))


@pytest.mark.parametrize("name", CASES)
def test_a_random_module_is_told(tmp_path: Path, name: str) -> None:
    is_told(made(tmp_path, name), CASES[name])


CHANCES = {
    "ByChance": "Python's random",
    "ByNumPysChance": "NumPy's random",
    "ByAChanceOfItsOwn": "a generator of its own (chance)",
}


@pytest.mark.parametrize("name", CHANCES)
def test_a_branch_that_chance_takes_is_told_and_never_called_proven(
    tmp_path: Path, name: str
) -> None:
    archive = made(tmp_path, name)
    assert any(f"its forward draws from {CHANCES[name]}" in each for each in archive.warnings)
    assert package.verify(archive.path).random


def test_a_number_that_decides_nothing_leaves_a_model_proven(tmp_path: Path) -> None:
    archive = made(tmp_path, "WithoutChance")
    assert any("its forward draws from" in each for each in archive.warnings)
    assert evidence_text(package.verify(archive.path)).startswith("proven in")


def test_it_is_told_on_the_screen_and_never_called_proven(neopack: Call, tmp_path: Path) -> None:
    source = f"{random_models.__file__}:RareDropout"
    call = ("package", source, "-i", "x=1,3,16,16", "--verify", "-o", tmp_path / "m.tar.gz")
    answer = neopack(*call)
    assert answer.code == 0
    assert "the model is random: it may answer" in answer.err
    assert "not proven: the model is random" in answer.err
    assert "\nproven in" not in answer.err


def test_the_fix_names_the_flag_in_the_code(tmp_path: Path) -> None:
    findings = package.check(made(tmp_path, "Dropout").path).findings
    fixes = {finding.id: finding.fix for finding in findings}
    assert "training=self.training" in fixes["NEO-PT-003"]


@pytest.mark.parametrize("script", [False, True])
def test_noise_in_training_alone_is_not_random(tmp_path: Path, script: bool) -> None:
    archive = made(tmp_path, "NoiseInTraining", script=script)
    assert json.loads(archive.manifest.read_bytes())["random"] == []
    assert evidence_text(package.verify(archive.path)).startswith("proven in")


def test_a_random_model_is_compiled_without_comparing(tmp_path: Path) -> None:
    compiled = package.compile(made(tmp_path, "Noise").path, target="ml_c5")
    assert compiled.difference is None


def onnx_model(path: Path, *nodes: Any) -> Path:
    row = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy"]
    held = [
        helper.make_tensor("ratio", TensorProto.FLOAT, [], [0.5]),
        helper.make_tensor("training", TensorProto.BOOL, [], [True]),
    ]
    names = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes, "g", row[:1], row[1:], [each for each in held if each.name in names]
    )
    opsets = [helper.make_opsetid("", 12)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=7), path)
    return path


def test_a_random_onnx_file_is_told(tmp_path: Path) -> None:
    noise = helper.make_node("RandomNormalLike", ["x"], ["noise"])
    added = helper.make_node("Add", ["x", "noise"], ["y"])
    path = onnx_model(tmp_path / "noise.onnx", noise, added)
    is_told(package.package(path, path=tmp_path / "m.tar.gz"), "RandomNormalLike")


def test_an_onnx_dropout_in_training_mode_is_told(tmp_path: Path) -> None:
    dropout = helper.make_node("Dropout", ["x", "ratio", "training"], ["y"])
    path = onnx_model(tmp_path / "dropout.onnx", dropout)
    archive = package.package(path, path=tmp_path / "m.tar.gz")
    assert any("the model is random" in warning for warning in archive.warnings)
    assert package.verify(archive.path).random


@pytest.mark.parametrize("form", ["saved-model", "frozen"])
def test_a_random_tensorflow_module_is_told(tmp_path: Path, form: Any) -> None:
    import tensorflow as tf

    class Noise(tf.Module):
        def serve(self, x: Any) -> Any:
            return x + tf.random.normal((1, 4))

    archive = package.package(Noise(), inputs={"x": (1, 4)}, form=form, path=tmp_path / "m.tar.gz")
    assert any("the model is random" in warning for warning in archive.warnings)
    assert package.verify(archive.path, runtime="tensorflow-2.9.3").random
