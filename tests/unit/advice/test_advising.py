"""Advice by measurements whose figures are known, and by what AWS published."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from desk import Call
from measured_models import ROUNDS, result, subject

from neopack import api, facts
from neopack.errors import Malformed, UsageError
from neopack.experiments.pricing import Pricing
from neopack.experiments.result import Measured
from neopack.facts import hosting
from neopack.facts.instances import instance
from neopack.facts.published import publication
from neopack.measure.price import Price
from neopack.reports.advice import advice_text
from neopack.reports.report_file import write_report


@pytest.fixture
def model(fixtures: Path, tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    path.write_bytes((fixtures / "onnx/cnn-opset12.onnx").read_bytes())
    return path


def measured(name: str, throughput: float, on: str, hourly: float | None) -> Measured:
    """At one caller so many answers a second, at four twice as many and twice as slow."""
    price = None if hourly is None else Price(hourly=hourly)
    return Pricing(instance=on, price=price).applied(subject(name, *[throughput] * ROUNDS))


def written(path: Path, *models: Measured) -> Path:
    write_report("experiment", path, result(*models), (), force=True)
    return path


FAST = measured("net-ml_c5.tar.gz", 400.0, "ml.c5.xlarge", 0.25)
CHEAP = measured("net-int8.tar.gz", 100.0, "ml.c4.large", 0.02)
UNPRICED = measured("net-bf16.tar.gz", 900.0, "", None)


def test_the_cheapest_that_meets_all_wishes_is_first(model: Path, tmp_path: Path) -> None:
    """At four callers the cheap one has 200 answers a second with p95 20 ms, at one 100 with 10
    ms; 3 instances of it for 300/s cost 3 x 0.02 x 730 = 43.8 a month."""
    place = written(tmp_path / "a.json", FAST, CHEAP, UNPRICED)
    advice = api.advise(model, p95=12.0, rate=300.0, budget=100.0, results=[place])
    assert [(c.measured.name, c.fits) for c in advice.measured] == [
        ("net-int8.tar.gz", True), ("net-ml_c5.tar.gz", False), ("net-bf16.tar.gz", False),
    ]  # fmt: skip
    best = advice.best
    assert best is not None
    assert (best.cost.instances, best.measured.load) == (3, "1 caller")
    assert best.cost.monthly == pytest.approx(43.8)
    assert "a month costs 182.5, not 100" in advice.measured[1].misses
    assert "its cost is not known: --prices, and --rps" in advice.measured[2].misses
    assert "take net-int8.tar.gz on ml.c4.large: measured, 100.0 answers" in advice_text(advice)


def test_a_slower_answer_that_is_allowed_takes_fewer_instances(
    model: Path, tmp_path: Path
) -> None:
    place = written(tmp_path / "a.json", CHEAP)
    (choice,) = api.advise(model, p95=25.0, rate=300.0, results=[place]).measured
    assert (choice.cost.instances, choice.measured.load) == (2, "4 callers")
    (choice,) = api.advise(model, p95=25.0, rate=300.0, load_factor=0.5, results=[place]).measured
    assert choice.cost.instances == 3
    advice = api.advise(model, p95=1.0, results=[place])
    assert advice.best is None
    assert "nothing that was measured fits" in advice_text(advice)


def test_results_beside_the_model_are_found(model: Path, tmp_path: Path) -> None:
    other = measured("other.tar.gz", 5.0, "", None)
    written(tmp_path / "a.json", FAST, other)
    (tmp_path / "b.json").write_text("{")
    advice = api.advise(model)
    assert [choice.measured.name for choice in advice.measured] == ["net-ml_c5.tar.gz"]
    assert advice.results == (str(tmp_path / "a.json"),)


def test_without_measurements_targets_follow_what_was_published(model: Path) -> None:
    advice = api.advise(model)
    text = advice_text(advice)
    assert "nothing was measured" in text
    ranked = [each.target for each in advice.targets if each.published is not None]
    assert (
        ranked == [each.target for each in advice.targets[: len(ranked)]] == ["ml_g4dn", "ml_c5"]
    )
    assert "2021-10-19" in text
    for words in ("Elastic Inference", "support ends on 2027-07-06", "ml_inf1: since 2026-"):
        assert words in " ".join(text.split())


def test_what_is_no_longer_supported_comes_last(fixtures: Path) -> None:
    targets = api.advise(fixtures / "pytorch/cnn-traced.pt").targets
    (inferentia,) = [each for each in targets if each.target == "ml_inf1"]
    assert inferentia.published == 0.3
    assert any("no longer supports torch-neuron" in line for line in inferentia.notices)
    assert targets[-1] == inferentia


def test_memory_against_what_instances_have(model: Path, tmp_path: Path) -> None:
    """9 GiB: ml.c5.xlarge has 8, ml.c5.2xlarge 16."""
    large = replace(FAST, memory=9 << 30)
    advice = api.advise(model, results=[written(tmp_path / "a.json", large)])
    assert advice.memory_is_measured
    (choice,) = advice.measured
    assert choice.misses == ("its processes had 9,216 MiB, and ml.c5.xlarge has 8,192",)
    (c5,) = [each for each in advice.targets if each.target == "ml_c5"]
    assert c5.small == ("ml.c5.large", "ml.c5.xlarge")


def test_every_instance_of_the_tables_is_known_but_the_oldest() -> None:
    unknown = {
        name
        for target in facts.targets()
        for name in hosting.instances(target)
        if instance(name) is None
    }
    assert {name.split(".")[1] for name in unknown} == {"p2", "p3"}


def test_what_the_blog_says_is_one_with_itself() -> None:
    """Its ratios: inf1 4.1 times as many as g4dn not compiled, and g4dn compiled 1.9 times."""
    figures = {(f.instance, f.compiled): f for f in publication("blog-2021").figures}
    inf1, gpu = figures["ml.inf1.xlarge", True], figures["ml.g4dn.xlarge", False]
    compiled = figures["ml.g4dn.xlarge", True]
    assert inf1.tps is not None
    assert gpu.tps is not None
    assert compiled.tps is not None
    assert inf1.tps / gpu.tps == pytest.approx(4.1, rel=0.01)
    assert compiled.tps / gpu.tps == pytest.approx(1.9, rel=0.01)
    with pytest.raises(UsageError, match="nothing was published as 'blog-2012'"):
        publication("blog-2012")


def test_other_files_and_numbers_are_refused(model: Path, tmp_path: Path, refused: Call) -> None:
    (tmp_path / "no.json").write_text(json.dumps({"kind": "check"}))
    with pytest.raises(Malformed, match="is not a result of a measurement"):
        api.advise(model, results=[tmp_path / "no.json"])
    for option, value, words in (
        ("--p95", "fast", "--p95 fast is not a time"),
        ("--p95", "0ms", "--p95 0 is not positive"),
        ("--budget", "500/year", "--budget 500/year is not a budget"),
        ("--rps", "nan", "--rps nan is not positive"),
        ("--load-factor", "1.5", "--load-factor 1.5 is not above 0"),
    ):
        refused(2, words, "advise", model, option, value)
