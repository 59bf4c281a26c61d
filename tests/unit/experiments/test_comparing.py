"""Two results beside each other, by hand, and the conditions that fail a build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from desk import Call

from neopack.errors import Malformed, UsageError
from neopack.experiments.comparing import compare
from neopack.measure.bench import BenchResult, Side
from neopack.measure.machine import Machine
from neopack.measure.statistics import latency
from neopack.options import BenchOptions
from neopack.reports.compared import comparison_text
from neopack.reports.json_documents import document

MACHINE = Machine(
    processor="CPU", cores=2, memory_gib=4.0, features=(), system="Linux", python="3.11"
)


def bench(place: Path, seconds: float, difference: float | None = None) -> Path:
    side = Side(
        archive=place.name,
        engine="torch",
        version="2",
        precision="fp32",
        latency=latency([seconds] * 10),
    )
    result = BenchResult(
        sides=(side,), settings=BenchOptions(), machine=MACHINE, difference=difference
    )
    place.write_text(document("bench", result))
    return place


def load(place: Path, p95: float, errors: int = 0, callers: int = 4) -> Path:
    figures = dict.fromkeys(("minimum", "mean", "p50", "p90", "p95", "p99", "p999"), p95)
    stage: dict[str, Any] = {
        "callers": callers, "rate": 0.0, "seconds": 1.0, "requests": 10, "throughput": 10.0,
        "goodput": None, "latency": {**figures, "count": 10, "maximum": p95, "histogram": ""},
        "errors": {"timed out": errors} if errors else {}, "is_stable": True, "client_busy": 0.1,
    }  # fmt: skip
    machine = {
        "processor": "CPU", "cores": 2, "memory_gib": 4.0, "features": [], "system": "Linux",
        "python": "3.11",
    }  # fmt: skip
    result = {
        "schema": 1, "kind": "loadtest", "subject": "net", "url": "http://x", "payload": "one",
        "content_type": "text/csv", "stages": [stage], "settings": {}, "machine": machine,
    }  # fmt: skip
    place.write_text(json.dumps(result))
    return place


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("p95 > 1.1x", True),
        ("p95>1.2x", False),
        ("p95 >= 12", True),
        ("P95 > 12.0", False),
        ("throughput < 0.9x", False),
        ("throughput <= 1x", True),
        ("errors > 0", True),
        ("errors > 1x", True),
        ("errors > 2", False),
    ],
)
def test_conditions(tmp_path: Path, condition: str, holds: bool) -> None:
    first, second = load(tmp_path / "a.json", 10.0), load(tmp_path / "b.json", 12.0, errors=2)
    assert bool(compare(first, second, fail_if=[condition]).held) == holds


def test_ratios_are_told_of_a_bench_too(tmp_path: Path) -> None:
    first, second = bench(tmp_path / "a.json", 0.01), bench(tmp_path / "b.json", 0.02, 1e-3)
    (pair,) = compare(first, second).pairs
    assert pair.ratio("p95") == pytest.approx(2.0)
    assert pair.ratio("throughput") == pytest.approx(0.5)
    assert "2.00x" in comparison_text(compare(first, second))
    assert compare(second, second, fail_if=["difference > 1e-4"]).held


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("p59 > 1.1x", "'p59' is not a figure"),
        ("p95 > fast", "is not a condition"),
        ("p95 = 1", "is not a condition"),
        ("difference > 0", "lack difference"),
    ],
)
def test_conditions_that_mean_nothing(tmp_path: Path, condition: str, words: str) -> None:
    path = load(tmp_path / "a.json", 10.0)
    with pytest.raises(UsageError, match=words):
        compare(path, path, fail_if=[condition])


def test_unlike_results_and_other_documents(tmp_path: Path) -> None:
    path = load(tmp_path / "a.json", 10.0)
    with pytest.raises(UsageError, match="is of loadtest"):
        compare(path, bench(tmp_path / "b.json", 0.01))
    with pytest.raises(UsageError, match="no stage in common"):
        compare(path, load(tmp_path / "c.json", 10.0, callers=8))
    for text in ("[]", '{"kind": "cost"}', '{"kind": "bench"}', "{", '{"kind": "loadtest"}'):
        (tmp_path / "d.json").write_text(text)
        with pytest.raises(Malformed):
            compare(path, tmp_path / "d.json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_figure_that_is_no_number_passes_no_gate(tmp_path: Path, number: str) -> None:
    path = load(tmp_path / "a.json", 10.0)
    (tmp_path / "b.json").write_text(path.read_text().replace("10.0", number))
    with pytest.raises(Malformed, match=f"{number} is not a finite number"):
        compare(path, tmp_path / "b.json", fail_if=["p95 > 1.1x"])


def test_the_command_is_a_gate(tmp_path: Path, neopack: Call) -> None:
    first, second = load(tmp_path / "a.json", 10.0), load(tmp_path / "b.json", 12.0)
    answer = neopack("compare", first, second, "--fail-if", "p95 > 1.1x")
    assert (answer.code, len(answer.errors)) == (1, 1)
    assert "callers 4: p95 > 1.1x (12, was 10)" in answer.err
    assert neopack("compare", first, second, "--fail-if", "p95 > 1.3x").code == 0
