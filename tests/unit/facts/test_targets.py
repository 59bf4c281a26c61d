"""Targets: every name of the API, the spellings people use, and what is refused with a hint."""

from __future__ import annotations

import pytest

from neopack import facts
from neopack.errors import UsageError

API_DEVICES = [
    "lambda",
    "ml_m4",
    "ml_m5",
    "ml_m6g",
    "ml_c4",
    "ml_c5",
    "ml_c6g",
    "ml_p2",
    "ml_p3",
    "ml_g4dn",
    "ml_inf1",
    "ml_inf2",
    "ml_trn1",
    "ml_eia2",
    "jetson_tx1",
    "jetson_tx2",
    "jetson_nano",
    "jetson_xavier",
    "rasp3b",
    "rasp4b",
    "imx8qm",
    "deeplens",
    "rk3399",
    "rk3288",
    "aisage",
    "sbe_c",
    "qcs605",
    "qcs603",
    "sitara_am57x",
    "amba_cv2",
    "amba_cv22",
    "amba_cv25",
    "x86_win32",
    "x86_win64",
    "coreml",
    "jacinto_tda4vm",
    "imx8mplus",
]


def test_every_device_of_the_api_is_a_target_and_no_other() -> None:
    names = [target.name for target in facts.targets()]
    assert sorted(names) == sorted(API_DEVICES)
    assert len(names) == 37


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("ml_c5", "ml_c5"),
        ("ml.c5", "ml_c5"),
        ("ml-c5", "ml_c5"),
        ("ML_C5", "ml_c5"),
        (" ml.c5.xlarge ", "ml_c5"),
        ("ml_c5.18xlarge", "ml_c5"),
        ("ml.eia2.medium", "ml_eia2"),
        ("ml.trn1.2xlarge", "ml_trn1"),
        ("jetson-nano", "jetson_nano"),
        ("Jetson Nano", "jetson_nano"),
        ("linux/arm64", "linux/arm64"),
        ("LINUX/ARM64/Nvidia", "linux/arm64/nvidia"),
        ("linux/x86-64", "linux/x86_64"),
    ],
)
def test_spellings_are_normalised(spelling: str, name: str) -> None:
    assert facts.target(spelling).name == name


@pytest.mark.parametrize(
    ("spelling", "hint"),
    [
        ("ml_c9", "did you mean ml_c"),
        ("ml.c5d.xlarge", "did you mean ml_c5"),
        ("jetson_nono", "did you mean jetson_nano"),
        ("ml_c5_foo", "did you mean ml_c5"),
        ("windows/x86_64", "x86_win64"),
        ("linux/sparc", "X86_64"),
        ("linux/arm64/tpu", "NVIDIA"),
        ("linux", "and os/arch"),
        ("linux/", "X86_64"),
        ("a/b/c/d", "os/arch/accelerator"),
        ("", "and os/arch"),
        ("_xlarge", "and os/arch"),
    ],
)
def test_what_is_no_target_says_what_to_write(spelling: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        facts.target(spelling)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "name", ["ml_c6g", "ml_m6g", "lambda", "deeplens", "linux/x86", "linux/arm64/nna"]
)
def test_targets_without_a_page_are_not_documented(name: str) -> None:
    assert not facts.target(name).documented


@pytest.mark.parametrize(
    "name", ["ml_c5", "rasp4b", "linux/x86_64/nvidia", "android/x86/intel_graphics"]
)
def test_targets_with_a_page_are_documented(name: str) -> None:
    assert facts.target(name).documented


def test_regions_and_retirement() -> None:
    assert facts.regions(facts.target("ml_inf2")) == ("us-east-2",)
    assert facts.regions(facts.target("ml_trn1")) == ("us-east-1",)
    assert facts.regions(facts.target("ml_c5")) == ()
    assert "2023-04-15" in facts.target("ml_eia2").retired
    assert [target.name for target in facts.targets() if target.retired] == ["ml_eia2"]


@pytest.mark.parametrize(
    ("framework", "target", "taken"),
    [
        ("PYTORCH", "ml_c5", True),
        ("PYTORCH", "ml_inf1", True),
        ("PYTORCH", "linux/arm64", True),
        ("TENSORFLOW", "ml_eia2", False),
        ("PYTORCH", "coreml", False),
        ("PYTORCH", "lambda", False),
        ("ONNX", "ml_c5", False),
        ("XGBOOST", "ml_c5", False),
        ("KERAS", "ml_c5", False),
    ],
)
def test_where_framework_version_may_be_sent(framework: str, target: str, taken: bool) -> None:
    assert facts.takes_version(framework, facts.target(target)) is taken


def test_every_target_has_a_source_and_a_kind() -> None:
    for target in facts.targets():
        assert target.source, target.name
        assert "(20" in target.source or "botocore" in target.source, target.name
