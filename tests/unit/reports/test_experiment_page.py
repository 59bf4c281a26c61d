"""The report of an experiment: text, a page that stands alone, Markdown, JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from measured_models import ROUNDS, result, subject, window

from neopack.experiments.comparing import compare
from neopack.experiments.pricing import Pricing
from neopack.experiments.result import ExperimentResult
from neopack.formats.codec import from_json
from neopack.loadtests.merging import merged
from neopack.loadtests.target import Served
from neopack.measure.price import Price, PriceList
from neopack.reports.experiment import experiment_text
from neopack.reports.experiment_about import command
from neopack.reports.experiment_page import experiment_page
from neopack.reports.report_file import write_report
from neopack.values.quantization import Quantization

HOSTILE = "net</title><img src=x onerror=alert(1)>&\"'|`\x9b.tar.gz"

SLOW = subject("net.tar.gz", *[100.0] * ROUNDS)
FAST = subject("net-ml_c5.tar.gz", *[300.0] * ROUNDS)
NOISY = subject("other.tar.gz", 60, 150, 90, 110, 200, 40)


def parsed(value: ExperimentResult) -> etree._Element:
    return etree.fromstring(experiment_page(value, ()).encode())


def test_ratios_where_they_are_clear_and_none_in_the_noise() -> None:
    value = result(SLOW, FAST, NOISY)
    throughput = [each for each in value.compared if each.figure == "throughput"]
    assert [each.ratio for each in throughput] == [
        pytest.approx(3), pytest.approx(3), None, None,
    ]  # fmt: skip
    text = experiment_text(value)
    assert "net-ml_c5.tar.gz answers 3.00 times as many requests as net.tar.gz" in text
    assert "other.tar.gz against net.tar.gz: no ratio, as the noise is larger" in " ".join(
        text.split()
    )


def test_too_few_rounds_say_so() -> None:
    few = result(subject("a", 1.0, 1.0), subject("b", 2.0, 2.0))
    assert "too few rounds" in experiment_text(few)


def test_turns_that_are_short_for_the_answers_are_told() -> None:
    """At 2 answers a second one takes 0.5 s, and a turn 1.67 s."""
    text = experiment_text(result(SLOW, subject("late.tar.gz", *[2.0] * ROUNDS)))
    assert "late.tar.gz: turns of 1.67 s are short for answers of 1 s" in text
    assert "net.tar.gz: turns" not in text


def test_merged_windows_are_one_stage() -> None:
    windows = [window(4, 100.0), window(4, 300.0, errors=2)]
    stage = merged(windows)
    assert (stage.throughput, stage.seconds, stage.requests) == (200.0, 2.0, 22)
    assert (stage.errors, stage.is_stable) == ({"wrong answer": 2}, False)
    assert stage.latency.count == 20
    assert stage.latency.minimum == pytest.approx(1e3 * 4 / 300, rel=1e-2)
    assert stage.latency.maximum == pytest.approx(1e3 * 4 / 100, rel=1e-2)


def test_the_page_stands_alone_and_every_plot_has_marks() -> None:
    value = result(*(Pricing(price=Price(hourly=1.0)).applied(each) for each in (SLOW, FAST)))
    tree = parsed(value)
    attributes = {name for each in tree.iter() for name in each.attrib}
    assert not attributes & {"src", "href", "data", "action", "srcset", "poster", "background"}
    assert not {each.tag for each in tree.iter()} & {"script", "link", "img", "iframe", "object"}
    figures = {figure.findtext("figcaption"): figure for figure in tree.iter("figure")}
    assert list(figures) == [
        "Throughput by callers",
        "Throughput, times that of net.tar.gz",
        "p95 latency by callers",
        "Answers within a latency, 1 caller",
        "Answers within a latency, 4 callers",
        "p95 latency by throughput",
        "Cost of a million answers, at the highest throughput",
    ]
    for title, figure in figures.items():
        marks = list(figure.iter("polyline", "circle", "rect"))
        assert len(marks) >= 2, title


def test_one_subject_is_a_report_too() -> None:
    tree = parsed(result(SLOW))
    assert "Ratios" not in "".join(tree.itertext())
    assert len(list(tree.iter("figure"))) == 5


def test_markup_in_names_is_text() -> None:
    tree = parsed(result(replace(SLOW, name=HOSTILE), FAST))
    assert not list(tree.iter("img"))
    assert "\\x9b" in (tree.findtext("head/title") or "")


def test_accuracy_is_told() -> None:
    quantization = Quantization(
        calibration="data.npz", held_back=50, metric="top1", before=0.9, after=0.88, drop=0.02
    )
    int8 = replace(
        subject("int8", *[400.0] * ROUNDS, errors=1),
        served=Served(engine="openvino", precision="int8", quantization=quantization),
        difference=0.125,
    )
    text = experiment_text(result(SLOW, int8))
    assert "top1 0.9 in fp32, 0.88 now: 0.02 lost, on 50 held-back samples" in text
    assert "0.12 of the largest" in text
    assert re.search(r"0\.12 of the largest +12 +top1", text)


def test_prices_are_those_of_the_instance_of_each() -> None:
    """A million answers at 200 a second are 5,000 s: 1.389 hours."""
    prices = PriceList(hourly={"ml.c5.xlarge": 1.0, "ml.inf1.xlarge": 2.0})
    own = Pricing(instance="ml.c5.xlarge", price=Price(hourly=1.0), listed=prices)
    here = own.applied(SLOW)
    there = own.applied(replace(SLOW, kind="endpoint", instance="ml.inf1.xlarge", count=2))
    unlisted = own.applied(replace(SLOW, kind="endpoint", instance="ml.g4dn.xlarge"))
    assert here.best.per_million == pytest.approx(1e6 / 200 / 3600)
    assert there.best.per_million == pytest.approx(4 * 1e6 / 200 / 3600)
    assert (unlisted.price, unlisted.best.per_million) == (None, None)
    assert (here.instance, there.instance) == ("ml.c5.xlarge", "ml.inf1.xlarge")


def test_each_form_and_the_comparison_of_two(tmp_path: Path) -> None:
    value = result(SLOW, FAST)
    for name in ("a.html", "a.md", "a.json"):
        write_report("experiment", tmp_path / name, value, (), force=False)
    data = json.loads((tmp_path / "a.json").read_text())
    assert from_json(ExperimentResult, data) == value
    assert "\n| net.tar.gz | 4 callers | 200.0 |" in (tmp_path / "a.md").read_text()
    slower = result(SLOW, subject("net-ml_c5.tar.gz", *[240.0] * ROUNDS))
    write_report("experiment", tmp_path / "b.json", slower, (), force=False)
    held = compare(tmp_path / "a.json", tmp_path / "b.json", fail_if=["throughput < 0.9x"]).held
    assert [line.partition(":")[0] for line in held] == [
        "net-ml_c5.tar.gz, callers 1", "net-ml_c5.tar.gz, callers 4",
    ]  # fmt: skip


def test_the_command_has_no_secrets() -> None:
    value = replace(
        result(SLOW), named=("net.tar.gz", "http://me:secret@h/p"), target="ml_c5",
        pricing=("--price", "0.2"),
    )  # fmt: skip
    assert command(value) == (
        "neopack experiment net.tar.gz 'http://***@h/p' --target ml_c5 --callers 1,4 --price 0.2"
    )
