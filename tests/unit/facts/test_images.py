"""The image that serves a compiled model."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import neopack
from neopack import facts
from neopack.facts import images
from neopack.facts.images import image_row, inference_image

FILE = Path(images.__file__).with_name("images.toml")
US = "us-west-2"
NEURONX = "pytorch-inference-neuronx:1.13.1-neuronx-py38-sdk2.10.0-ubuntu20.04"
DOMAIN = "dkr.ecr.us-west-2.amazonaws.com"

# framework, version, target, image
KNOWN = [
    ("PYTORCH", "1.8", "ml_c5", f"301217895009.{DOMAIN}/sagemaker-inference-pytorch:1.8-cpu-py3"),
    ("PYTORCH", "1.12.1", "ml_g4dn",
     f"301217895009.{DOMAIN}/sagemaker-inference-pytorch:1.12-gpu-py3"),
    ("PYTORCH", "", "ml_c5", f"301217895009.{DOMAIN}/sagemaker-inference-pytorch:2.0-cpu-py3"),
    ("PYTORCH", "1.9", "ml_inf1", f"301217895009.{DOMAIN}/sagemaker-neo-pytorch:1.9-inf-py3"),
    ("TENSORFLOW", "2.9", "ml_m5",
     f"301217895009.{DOMAIN}/sagemaker-inference-tensorflow:2.9.2-cpu-py3"),
    ("ONNX", "1.7.0", "ml_c5", f"301217895009.{DOMAIN}/sagemaker-neo-onnx:1.5.0-cpu-py3"),
    ("XGBOOST", "", "ml_c5", f"301217895009.{DOMAIN}/xgboost-neo:latest"),
    ("TENSORFLOW", "2.3", "ml_eia2", f"763104351884.{DOMAIN}/tensorflow-inference-eia:2.3.0-cpu"),
    ("TENSORFLOW", "", "ml_eia2", f"763104351884.{DOMAIN}/tensorflow-inference-eia:2.3.0-cpu"),
    ("PYTORCH", "1.5.1", "ml_eia2",
     f"763104351884.{DOMAIN}/pytorch-inference-eia:1.5.1-cpu-py3"),
    ("PYTORCH", "1.13", "ml_inf2", f"763104351884.{DOMAIN}/{NEURONX}"),
]  # fmt: skip


@pytest.mark.parametrize(("framework", "version", "target", "image"), KNOWN)
def test_the_table_names_the_image(framework: str, version: str, target: str, image: str) -> None:
    assert inference_image(framework, version, facts.target(target), US) == image


def test_china_has_a_domain_of_its_own() -> None:
    image = inference_image("PYTORCH", "1.8", facts.target("ml_c5"), "cn-north-1")
    assert image.startswith("472730292857.dkr.ecr.cn-north-1.amazonaws.com.cn/")


@pytest.mark.parametrize(
    ("framework", "target", "region"),
    [
        ("PYTORCH", "jetson_nano", US),
        ("PYTORCH", "linux/arm64", US),
        ("KERAS", "ml_eia2", US),
        ("TENSORFLOW", "ml_eia2", "moon-north-1"),
        ("DARKNET", "ml_c5", US),
        ("PYTORCH", "ml_c5", "moon-north-1"),
    ],
)
def test_what_no_table_has_is_empty(framework: str, target: str, region: str) -> None:
    assert inference_image(framework, "", facts.target(target), region) == ""


def test_accounts_are_whole() -> None:
    """Two begin with 0, which a number would lose."""
    accounts = tomllib.loads(FILE.read_text())["accounts"]
    assert len(accounts) == 31
    assert all(re.fullmatch(r"\d{12}", account) for account in accounts.values())
    assert sum(account.startswith("0") for account in accounts.values()) == 2


@pytest.mark.parametrize(
    ("version", "repository"),
    [
        ("", "tensorflow-inference-eia"),
        ("2.3", "tensorflow-inference-eia"),
        ("1.13", "sagemaker-tensorflow-serving-eia"),
        ("1.10", "sagemaker-tensorflow-eia"),
    ],
)
def test_elastic_inference_has_rows_like_any_target(version: str, repository: str) -> None:
    row = image_row("TENSORFLOW", facts.target("ml_eia2"), version)
    assert row is not None
    assert row.repository == repository


def test_the_road_map_names_the_image_of_elastic_inference(fixtures: Path) -> None:
    found = neopack.roadmap(fixtures / "tensorflow/1.15/frozen.pb", target="ml_eia2")
    assert {road.image for road in found.roads} == {"tensorflow-inference-eia"}
