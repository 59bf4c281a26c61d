"""The road map of a model: each target's verdict, since when, what comes first, where it runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from desk import Call, Copied, Desk

import neopack as package
from neopack import api, facts
from neopack.checks.roadmap import Road, RoadMap
from neopack.errors import UsageError
from neopack.values.target import Target

MODELS = {
    "PYTORCH": "pytorch/cnn-traced.pt",
    "TENSORFLOW": "tensorflow/2/saved-model",
    "KERAS": "keras/cnn-2.2.4.h5",
    "ONNX": "onnx/cnn-opset18.onnx",
    "XGBOOST": "xgboost/logistic.ubj",
    "MXNET": "mxnet/gluon",
}


def roads(found: RoadMap, target: str) -> dict[str, Road]:
    return {road.version: road for road in found.roads if road.target == target}


@pytest.mark.parametrize("framework", MODELS)
def test_every_framework_has_a_road_map_of_every_target(framework: str, fixtures: Path) -> None:
    found = package.roadmap(fixtures / MODELS[framework])
    assert found.framework == framework
    assert {road.target for road in found.roads} == {target.name for target in api_targets()}
    for road in found.roads:
        listed = facts.support(framework, facts.target(road.target)) is not None
        assert bool(road.since) == (road.path is not None) == listed, road
        assert road.verdict in ("no", "not known") or listed, road
        assert road.rule or road.open, road


def api_targets() -> tuple[Target, ...]:
    return (*facts.targets(), *facts.platforms())


def test_versions_have_each_their_own_date_and_what_comes_first(
    copied: Copied, desk: Desk
) -> None:
    found = package.roadmap(copied("cnn", desk.path))
    cloud = roads(found, "ml_c5")
    dates = {version: road.since for version, road in cloud.items()}
    assert dates == {
        "1.4": "2020-12-10",
        "1.5": "2021-04-14",
        "1.6": "2021-04-14",
        "1.7": "2021-12-22",
        "1.8": "2021-12-22",
        "1.12": "2022-12-30",
        "1.13": "2026",
        "2.0": "2026",
    }
    assert (cloud["1.4"].first, cloud["1.4"].rule) == ("neopack package", "NEO-PT-021")
    assert (cloud["2.0"].first, cloud["2.0"].path) == ("", "integrated")
    assert cloud["2.0"].image == "sagemaker-inference-pytorch"
    assert "ml.c5.xlarge" in cloud["2.0"].instances
    platform = roads(found, "linux/arm64/nvidia")["1.8"]
    assert (platform.first, platform.rule) == ("an argument of the call", "NEO-CO-004")
    assert roads(found, "ml_trn1")["1.13.1"].regions == ("us-east-1",)


def test_a_file_that_is_no_archive_is_packaged_first(fixtures: Path) -> None:
    found = package.roadmap(fixtures / MODELS["PYTORCH"])
    assert not found.archive
    assert {road.first for road in found.roads if road.open} == {"neopack package"}


def test_a_date_changes_the_map(fixtures: Path) -> None:
    now = package.roadmap(fixtures / MODELS["TENSORFLOW"], target="c5")
    then = package.roadmap(fixtures / MODELS["TENSORFLOW"], target="c5", as_of="2022-07-01")
    assert set(roads(now, "ml_c5")) == {"1.15.3", "2.9"}
    assert roads(then, "ml_c5")["2.4"].since == "2022-03-25"


def test_elastic_inference_has_the_smallest_accelerator(fixtures: Path) -> None:
    found = package.roadmap(fixtures / MODELS["TENSORFLOW"], target_class="elastic-inference")
    assert found.elastic == "ml.eia2.medium"
    (road,) = found.roads
    assert "no longer available" in road.retired


def test_the_answer_is_frozen(fixtures: Path) -> None:
    found = package.roadmap(fixtures / MODELS["ONNX"])
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.path = "x"  # type: ignore[misc]


def test_a_class_and_a_target_of_another(fixtures: Path) -> None:
    with pytest.raises(UsageError, match="ml_c5 is not a target of class edge"):
        api.roadmap(fixtures / MODELS["ONNX"], target="c5", target_class="edge")


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize("framework", MODELS)
def test_the_map_fits_80_columns_and_is_json_too(
    framework: str, neopack: Call, fixtures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fixtures)
    answer = neopack("targets", "--model", MODELS[framework])
    assert (answer.code, answer.err) == (0, "")
    command = next(line for line in answer.out.splitlines() if line.startswith("next: "))
    assert command.startswith(f"next: neopack package {MODELS[framework]} -t ml_c4 -o ")
    assert [line for line in answer.out.splitlines() if len(line) > 80 and line != command] == []
    document = neopack("targets", "--model", MODELS[framework], "--format", "json").document
    assert (document["kind"], document["framework"]) == ("roadmap", framework)
    assert {road["target"] for road in document["roads"]} >= {"ml_c5", "linux/arm64"}


def test_targets_that_take_it_alike_stand_together(neopack: Call, fixtures: Path) -> None:
    answer = neopack("targets", "--model", fixtures / MODELS["ONNX"])
    assert "cloud: ml_c4, ml_c5, ml_m4, ml_m5, ml_p2, ml_p3, ml_g4dn\n" in answer.out
    assert "  1.7.0    2021-08-30  tvm       neopack package [1]\n" in answer.out
    assert "[1] NEO-ON-001: opset 18 came with ONNX 1.13.0" in answer.out
    assert "no: ml_inf1 [3], " in answer.out


def test_a_model_that_nobody_takes_ends_with_3(neopack: Call, fixtures: Path) -> None:
    answer = neopack("targets", "--model", fixtures / "pytorch/state-dict.pt", "--class", "cloud")
    assert answer.code == 3
    assert "NEO-PT-002" in answer.out
    assert "next:" not in answer.out


@pytest.mark.parametrize(
    ("code", "words", "call"),
    [
        (1, "no such file", "targets --model gone.onnx"),
        (2, "--model goes without --framework", "targets --model gone.onnx --framework onnx"),
        (2, "--model goes without --changes", "targets --model gone.onnx --changes"),
        (2, "before the first table", "targets --model gone.onnx --as-of 2019"),
    ],
)
def test_what_is_refused_of_a_map(refused: Call, code: int, words: str, call: str) -> None:
    refused(code, words, *call.split())
