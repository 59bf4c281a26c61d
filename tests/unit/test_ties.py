"""What a golden case tells and does not decide: the order of equal values, and only that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from neopack.goldens.cases import GoldenCase
from neopack.proving import quantized, ties
from neopack.proving.comparing import compared
from neopack.reports.evidence import evidence_text
from neopack.values.evidence import Evidence
from neopack.values.model import ModelInfo

SCORES = np.array([[5, 3, 3, 2, 2], [4, 4, 1, 0, -1]], np.float32)
PLACES = np.array([[0, 4, 6, 1, 2], [3, 7, 0, 1, 2]])


@pytest.mark.parametrize(
    ("other", "tied"),
    [
        ([[0, 6, 4, 1, 2], [7, 3, 0, 1, 2]], True),
        ([[0, 4, 6, 5, 1], [3, 7, 0, 1, 2]], True),  # the last may be any of those left out
        ([[4, 0, 6, 1, 2], [3, 7, 0, 1, 2]], False),
        ([[0, 4, 7, 1, 2], [3, 7, 0, 1, 2]], False),
        ([[0, 4, 6, 1, 1], [3, 7, 0, 1, 2]], False),
    ],
)
@pytest.mark.parametrize("axis", [0, 1])
def test_places_of_equal_values_are_told(
    other: Sequence[Sequence[int]], tied: bool, axis: int
) -> None:
    scores, places, others = (np.moveaxis(np.array(a), 1, axis) for a in (SCORES, PLACES, other))
    case = GoldenCase(name="whole", inputs={}, outputs={"scores": scores, "places": places})
    answer = {"scores": scores, "places": others}
    assert (compared([case], lambda _: answer, 1e-4).failed is None) is tied
    answer = {"scores": scores + 1, "places": others}
    assert compared([case], lambda _: answer, 1e-4).failed is case


@pytest.mark.parametrize(
    ("framework", "operators", "decides"),
    [
        ("PYTORCH", {"aten::topk": 1, "aten::mul": 2}, False),
        ("PYTORCH", {"aten::floor": 1}, True),
        ("PYTORCH", {}, False),
        ("ONNX", {"NonMaxSuppression": 1}, False),
        ("TENSORFLOW", {"Sign": 1}, True),
        ("XGBOOST", {}, True),
    ],
)
def test_what_jumps_decides_unless_the_model_ranks(
    framework: str, operators: dict[str, int], decides: bool
) -> None:
    zero, one = np.zeros(3, np.float32), np.ones(3, np.float32)
    case = GoldenCase(
        name="zeros", inputs={}, outputs={"y": one, "z": zero}, edges=frozenset({"y"})
    )
    cases = ties.settled([case], ModelInfo(framework=framework, format="", operators=operators))
    assert (
        compared(cases, lambda _: {"y": one * 2, "z": zero}, 1e-4).failed is not None
    ) is decides
    assert compared(cases, lambda _: {"y": one, "z": one}, 1e-4).failed is not None


@pytest.mark.parametrize(
    ("steps", "right", "refused"), [(1, True, False), (1, False, True), (2, True, True)]
)
@pytest.mark.parametrize("grid", [True, False])
def test_a_step_of_quantization_is_told_where_the_export_is_right(
    steps: int, right: bool, refused: bool, grid: bool
) -> None:
    bytes_of_y = np.array([-127, 3, 5, 6, 90]) if grid else np.array([-127, 3.1, 5.2, 6.4, 90.7])
    y, classes = (bytes_of_y * 0.02).astype(np.float32), np.array([2, 3])
    case = GoldenCase(name="first", inputs={}, outputs={"y": y, "class": classes})
    off = {"y": y + np.float32(0.02) * steps, "class": classes}
    told = quantized.stepping([case], lambda case: [case.outputs if right else off])
    assert (compared([case], lambda _: off, 1e-4, told).failed is not None) is refused
    assert compared([case], lambda _: {**off, "class": classes + 1}, 1e-4, told).failed


def test_the_claim_names_the_cases_that_are_not_alike() -> None:
    one = np.ones(3, np.float32)
    first = GoldenCase(name="first", inputs={}, outputs={"y": one})
    aside = GoldenCase(name="zeros", inputs={}, outputs={"y": one * 2}, decides=False)
    found = compared([first, aside], lambda _: {"y": one}, 1e-4)
    assert found.failed is None
    evidence = Evidence(
        runtime="pytorch-1.8.1", exact=True, versions={}, load_seconds=0, difference=0,
        allowed=1e-4, outputs=found.outputs, cases=found.cases,
    )  # fmt: skip
    claim, *rows = evidence_text(evidence).splitlines()
    assert claim == (
        "proven in pytorch-1.8.1, except for the golden case zeros: loads, and its outputs "
        "differ by 0 of the largest elsewhere"
    )
    assert any("these decide nothing" in row for row in rows)
