"""The support table, cell by cell as the guide prints it, and the path each pair takes."""

from __future__ import annotations

import pytest

from neopack import facts, versions
from neopack.errors import UsageError

# (target, framework, date of the page): the versions as printed.
CELLS = {
    ("ml_c5", "MXNET", "2021-12-22"): "1.8.0 or earlier",
    ("ml_c5", "ONNX", "2021-12-22"): "1.7.0 or earlier",
    ("ml_c5", "KERAS", "2021-12-22"): "2.2.4 or earlier",
    ("ml_c5", "PYTORCH", "2021-12-22"): "1.4, 1.5, 1.6, 1.7, 1.8",
    ("ml_c5", "TENSORFLOW", "2021-12-22"): "1.15.0 or earlier",
    ("ml_c5", "XGBOOST", "2021-12-22"): "1.3.3 or earlier",
    ("ml_inf1", "MXNET", "2021-12-22"): "1.5.1 or earlier",
    ("ml_inf1", "PYTORCH", "2021-12-22"): "1.7.1 or earlier",
    ("ml_inf1", "TENSORFLOW", "2021-12-22"): "1.15.0 or earlier",
    ("ml_eia2", "TENSORFLOW", "2021-12-22"): "2.3",
    ("ml_c5", "MXNET", "2022-12-30"): "1.8.0 or earlier",
    ("ml_c5", "ONNX", "2022-12-30"): "1.7.0 or earlier",
    ("ml_c5", "KERAS", "2022-12-30"): "2.2.4 or earlier",
    ("ml_c5", "PYTORCH", "2022-12-30"): "1.4, 1.5, 1.6, 1.7, 1.8, 1.12",
    ("ml_c5", "TENSORFLOW", "2022-12-30"): "1.15.3, 2.9",
    ("ml_c5", "XGBOOST", "2022-12-30"): "1.3.3 or earlier",
    ("ml_inf1", "MXNET", "2022-12-30"): "1.8, 1.5 or earlier",
    ("ml_inf1", "PYTORCH", "2022-12-30"): "1.9 or earlier",
    ("ml_inf1", "TENSORFLOW", "2022-12-30"): "2.5, 1.15 or earlier",
    ("ml_eia2", "TENSORFLOW", "2022-12-30"): "2.3",
    ("ml_c5", "MXNET", "2026"): "1.8.0 or earlier",
    ("ml_c5", "ONNX", "2026"): "1.7.0 or earlier",
    ("ml_c5", "KERAS", "2026"): "2.2.4 or earlier",
    ("ml_c5", "PYTORCH", "2026"): "1.4, 1.5, 1.6, 1.7, 1.8, 1.12, 1.13, 2.0",
    ("ml_c5", "TENSORFLOW", "2026"): "1.15.3, 2.9",
    ("ml_c5", "XGBOOST", "2026"): "1.3.3 or earlier",
    ("ml_inf1", "MXNET", "2026"): "1.8, 1.5 or earlier",
    ("ml_inf1", "PYTORCH", "2026"): "1.9 or earlier",
    ("ml_inf1", "TENSORFLOW", "2026"): "2.5, 1.15 or earlier",
    ("ml_eia2", "TENSORFLOW", "2026"): "2.3",
    ("rasp3b", "MXNET", "2026"): "1.8 or earlier",
    ("rasp3b", "ONNX", "2026"): "1.7 or earlier",
    ("rasp3b", "KERAS", "2026"): "2.2 or earlier",
    ("rasp3b", "PYTORCH", "2026"): "1.7, 1.8 or earlier",
    ("rasp3b", "TENSORFLOW", "2026"): "1.15, 2.4 or earlier",
    ("rasp3b", "TFLITE", "2026"): "1.15 or earlier",
    ("rasp3b", "XGBOOST", "2026"): "1.3 or earlier",
    ("rasp3b", "DARKNET", "2026"): "",
}
EVERY_CLOUD = ["ml_c4", "ml_c5", "ml_m4", "ml_m5", "ml_p2", "ml_p3", "ml_g4dn"]


def printed(framework: str, target: str, date: str) -> str | None:
    row = facts.support(framework, facts.target(target), date)
    if row is None:
        return None
    most = [f"{row.maximum} or earlier"] if row.maximum else []
    return ", ".join([*row.listed, *most])


@pytest.mark.parametrize("cell", sorted(CELLS), ids="-".join)
def test_the_table_says_what_the_guide_prints(cell: tuple[str, str, str]) -> None:
    target, framework, date = cell
    assert printed(framework, target, date) == CELLS[cell]


@pytest.mark.parametrize("date", ["2021-12-22", "2022-12-30", "2026"])
@pytest.mark.parametrize("target", ["ml_c5", "ml_inf1", "ml_eia2"])
def test_no_other_framework_is_listed(target: str, date: str) -> None:
    for framework in facts.frameworks():
        if (target, framework.name, date) not in CELLS:
            assert printed(framework.name, target, date) is None, framework.name


@pytest.mark.parametrize("target", EVERY_CLOUD)
def test_all_cloud_instances_share_their_rows(target: str) -> None:
    assert printed("PYTORCH", target, "2026") == CELLS["ml_c5", "PYTORCH", "2026"]


@pytest.mark.parametrize(
    ("as_of", "page"),
    [
        ("2020-01-01", "2020-12-10"),
        ("2021-12-22", "2021-12-22"),
        ("2022-06-01", "2022-03-25"),
        ("2025-06-01", "2022-12-30"),
        ("2026-11-21", "2026"),
        (None, "2026"),
    ],
)
def test_the_page_in_force_at_a_date_counts(as_of: str | None, page: str) -> None:
    row = facts.support("PYTORCH", facts.target("ml_c5"), as_of)
    assert row is not None
    assert row.as_of == page


def test_a_page_judges_only_its_own_classes() -> None:
    edge = facts.support("PYTORCH", facts.target("rasp3b"), "2021-12-22")
    assert edge is not None
    assert edge.as_of == "2022-12-30"  # the page of 2021 has no edge table
    assert facts.support("PYTORCH", facts.target("ml_inf2"), "2022-12-30") is None  # not there yet
    newer = facts.support("PYTORCH", facts.target("ml_inf2"))
    assert newer is not None
    assert not newer.tabulated


def test_coreml_takes_two_frameworks_only() -> None:
    taken = [f.name for f in facts.frameworks() if facts.support(f.name, facts.target("coreml"))]
    assert taken == ["TENSORFLOW", "PYTORCH"]


def test_platforms_are_served_by_the_edge_rows() -> None:
    assert printed("TFLITE", "linux/arm64", "2026") == "1.15 or earlier"


def test_versions_to_submit() -> None:
    c5, inf1 = facts.target("ml_c5"), facts.target("ml_inf1")
    assert facts.framework_versions("PYTORCH", c5)[-2:] == ("1.13", "2.0")
    assert facts.default_version("PYTORCH", c5) == "2.0"
    assert facts.default_version("PYTORCH", c5, "2022-12-30") == "1.12"
    assert facts.default_version("MXNET", inf1) == "1.8"
    assert facts.default_version("TFLITE", c5) == ""
    assert facts.newest() == "2026"
    assert facts.newest() == facts.snapshots()[-1]


@pytest.mark.parametrize(
    ("framework", "target", "version", "path"),
    [
        ("PYTORCH", "ml_c5", "", "integrated"),
        ("PYTORCH", "ml_c5", "1.4", "integrated"),
        ("PYTORCH", "ml_c5", "1.3", "tvm"),
        ("MXNET", "ml_p3", "1.8", "integrated"),
        ("MXNET", "ml_p3", "1.6", "tvm"),
        ("TENSORFLOW", "ml_g4dn", "2.9", "integrated"),
        ("TENSORFLOW", "ml_g4dn", "1.15", "integrated"),
        ("TENSORFLOW", "ml_g4dn", "1.15.0", "tvm"),
        ("ONNX", "ml_c5", "", "tvm"),
        ("XGBOOST", "ml_m5", "1.3.3", "tvm"),
        ("PYTORCH", "ml_inf1", "1.9", "neuron"),
        ("PYTORCH", "ml_trn1", "1.13", "neuron"),
        ("TENSORFLOW", "ml_eia2", "2.3", "eia"),
        ("PYTORCH", "rasp4b", "1.8", "tvm"),
        ("PYTORCH", "linux/arm64/nvidia", "1.8", "tvm"),
    ],
)
def test_the_compiler_path(framework: str, target: str, version: str, path: str) -> None:
    assert facts.compiler_path(framework, facts.target(target), version) == path


def test_every_pair_has_a_path() -> None:
    for target in facts.targets():
        for framework in facts.frameworks():
            assert facts.compiler_path(framework.name, target)


def test_a_framework_by_any_case_and_a_mistyped_one() -> None:
    assert facts.framework("pytorch").name == "PYTORCH"
    with pytest.raises(UsageError) as caught:
        facts.framework("pytroch")
    assert "PYTORCH" in caught.value.hint


@pytest.mark.parametrize(
    ("version", "listed", "expected"),
    [
        ("1.8.1", "1.8", True),
        ("1.15", "1.15.3", True),
        ("1.1", "1.12", False),
        ("2.0.1+cu118", "2.0", True),
        ("latest", "2.0", False),
        ("1.12", "1.13", False),
    ],
)
def test_versions_compare_as_far_as_both_are_written(
    version: str, listed: str, expected: bool
) -> None:
    assert versions.same(version, listed) is expected
    assert versions.at_most("1.10", "1.9") is False
    assert versions.at_most("2.1.6-tf", "2.2.4")  # as tf.keras writes it
    assert versions.at_least("1.10", "1.9") is True
