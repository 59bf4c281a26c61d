"""What a golden case tells and does not decide: the order of equal values, and only that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from neopack import facts
from neopack.engines import Engine, compare
from neopack.errors import VerificationFailed
from neopack.goldens import ties
from neopack.goldens.cases import GoldenCase, save_cases
from neopack.proving import quantized
from neopack.proving.comparing import compared
from neopack.reports.evidence import evidence_text
from neopack.reports.text import artifact_text
from neopack.values.artifact import Array, CompilationRequest, CompiledArtifact
from neopack.values.evidence import Evidence
from neopack.values.log import SilentLog
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature

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
    info = ModelInfo(framework=framework, format="", operators=operators)
    cases = ties.settled([case], ranks=ties.ranks(info))
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


class _Swapping:
    """An engine whose model ranks equal values the other way around, in integers of 25 bits."""

    name, integer_bits = "swapping", 25

    def allowed_difference(self, _: str) -> float:
        return 1e-3

    def load(self, *_: object) -> _Swapping:
        return self

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        order = np.argsort(inputs["x"][::-1])
        return {"values": inputs["x"][::-1][order], "places": len(order) - 1 - order}


def _compiled(path: Path, *cases: GoldenCase, ranks: bool) -> CompiledArtifact:
    save_cases(path, cases, seed=0)
    signature, target = Signature(inputs=()), facts.target("ml_c5")
    request = CompilationRequest(
        framework="PYTORCH",
        model=path,
        target=target,
        signature=signature,
        goldens=path,
        ranks=ranks,
    )
    artifact = CompiledArtifact(
        engine="", engine_version="", target="", precision="fp32", members=(), signature=signature
    )
    engine = cast("Engine", _Swapping())
    return compare.compared(engine, artifact, request, path.parent, SilentLog())


def test_what_compiles_and_what_is_proven_have_the_same_exceptions(tmp_path: Path) -> None:
    numbers = {"first": [3.0, 1.0, 2.0], "equal": [1.0, 1.0, 1.0]}
    arrays = {name: np.array(each, np.float32) for name, each in numbers.items()}
    first, equal = (
        GoldenCase(name=name, inputs={"x": x}, outputs={"values": np.sort(x), "places": places})
        for (name, x), places in zip(
            arrays.items(), (np.array([1, 2, 0]), np.array([0, 1, 2])), strict=True
        )
    )
    sort = _compiled(tmp_path / "a.npz", first, equal, ranks=True)
    assert (sort.difference, sort.aside) == (0.0, ("equal",))
    assert "except for the golden case equal" in artifact_text(sort)
    proof = compared([first, equal], _Swapping().predict, 1e-4)
    assert proof.failed is None
    assert [case.name for case in proof.cases if case.remark] == ["equal"]
    edge = replace(equal, outputs={**equal.outputs, "values": arrays["equal"] * 2})
    jumping = replace(edge, edges=frozenset({"values", "places"}))
    assert _compiled(tmp_path / "b.npz", first, jumping, ranks=True).aside == ("equal",)
    for case, ranks in ((edge, True), (jumping, False)):
        with pytest.raises(VerificationFailed, match="golden case 'equal'"):
            _compiled(tmp_path / "c.npz", first, case, ranks=ranks)
