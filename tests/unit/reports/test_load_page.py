"""The report of a load test: a page that stands alone, Markdown, and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from neopack.errors import OutputError, UsageError
from neopack.formats.codec import from_json
from neopack.loadtests.histogram import Latencies, distribution
from neopack.loadtests.options import LoadOptions, Objective
from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import LoadResult, priced
from neopack.measure.machine import Machine
from neopack.measure.price import Price
from neopack.reports.load import load_text
from neopack.reports.load_about import command
from neopack.reports.load_page import load_page, plots
from neopack.reports.report_file import refuse_report, write_report
from neopack.values.subject import Subject

MACHINE = Machine(
    processor="CPU", cores=2, memory_gib=4.0, features=(), system="Linux", python="3.11"
)
HOSTILE = "net</title><img src=x onerror=alert(1)>&\"'|`\x9b.tar.gz"


def stage(
    callers: int, *seconds: float, rate: float = 0.0, errors: Mapping[str, int] | None = None
) -> StageResult:
    latencies = Latencies()
    for each in seconds:
        latencies.add(each)
    failed = errors or {}
    return StageResult(
        callers=callers,
        rate=rate,
        seconds=1.0,
        requests=len(seconds) + sum(failed.values()),
        throughput=float(len(seconds)),
        goodput=None,
        latency=latencies.summary(),
        errors=failed,
        is_stable=True,
        client_busy=0.1,
    )


def result(*stages: StageResult, name: str = "net.tar.gz", **settings: object) -> LoadResult:
    return LoadResult(
        subject=name,
        url="http://127.0.0.1:8080/invocations",
        payload="golden inputs",
        content_type="application/json",
        stages=stages or (stage(1, 0.01, 0.02), stage(4, 0.01, 0.02, 0.04)),
        settings=LoadOptions(**settings),  # type: ignore[arg-type]
        machine=MACHINE,
    )


def parsed(value: LoadResult) -> etree._Element:
    page = load_page(value, [Subject(path=f"in/{value.subject}", bytes=3, sha256="5" * 64)])
    return etree.fromstring(page.encode())


def test_the_page_stands_alone() -> None:
    """It refers to nothing, by attribute or by style sheet, and runs nothing."""
    value = priced(result(stage(1, 0.01, errors={"status 500": 2})), "", Price(hourly=1.0))
    tree = parsed(value)
    attributes = {name for each in tree.iter() for name in each.attrib}
    assert not attributes & {"src", "href", "data", "action", "srcset", "poster", "background"}
    assert not [name for name in attributes if name.startswith("on")]
    assert not {each.tag for each in tree.iter()} & {"script", "link", "img", "iframe", "object"}
    style = "".join(each.text or "" for each in tree.iter("style"))
    assert "prefers-color-scheme: dark" in style
    assert not re.search(r"url\(|@import|//", style)


def test_every_plot_has_marks() -> None:
    tree = parsed(priced(result(), "ml.c5.xlarge", Price(hourly=1.0)))
    figures = list(tree.iter("figure"))
    assert [figure.findtext("figcaption") for figure in figures] == [
        "Throughput by callers",
        "Latency by callers",
        "Answers within a latency",
        "Latency by throughput",
        "Cost of a million answers by callers",
    ]
    assert all(list(figure.iter("polyline")) for figure in figures)


def test_one_stage_and_stages_without_answers_are_drawn() -> None:
    silent = stage(8, errors={"timed out": 3})
    tree = parsed(result(stage(1, 0.01), silent))
    assert all(list(figure.iter("circle")) for figure in tree.iter("figure"))
    text = "".join(tree.itertext())
    assert "3 of 4 requests." in text
    assert "timed out" in text


def test_rates_are_drawn_in_their_order() -> None:
    """A search tries a high rate before a lower one."""
    value = result(stage(0, 0.01, 0.02, rate=200.0), stage(0, 0.01, rate=50.0), rates=(200.0,))
    (throughput, *_) = plots(value)
    assert throughput.x.names == ("50", "200")
    assert throughput.lines[0].points == ((0, 1.0), (1, 2.0))


def test_markup_in_names_is_text() -> None:
    tree = parsed(result(name=HOSTILE))
    assert tree.findtext("head/title") == f"Load test of {HOSTILE}".replace("\x9b", "\\x9b")
    assert not list(tree.iter("img"))


def test_the_page_tells_what_was_measured_and_how_to_repeat_it() -> None:
    value = result(callers=(1, 4), slo=Objective.parse("p95=50ms"), search=True, seconds=2.5)
    text = "".join(parsed(value).itertext())
    for word in ("5" * 64, "CPU, 2 cores, 4 GiB", "neopack 0", "2.5 s, after 2 s"):
        assert word in text
    assert command(replace(value, goldens="other net.tar.gz")) == (
        "neopack loadtest net.tar.gz --goldens 'other net.tar.gz' --callers 1,4 --seconds 2.5 "
        "--slo p95=50ms --search"
    )
    assert command(value) in text


def test_the_distribution_is_that_of_the_histogram() -> None:
    steps = distribution(stage(1, *[0.01] * 3, 0.5).latency)
    assert [within for _, within in steps] == [75.0, 100.0]
    assert [at for at, _ in steps] == pytest.approx([10.0, 500.0], rel=1e-3)
    assert distribution(stage(1).latency) == ()


def test_costs_by_hand() -> None:
    """Two answers a second are 7,200 in an hour, for 0.36: 50 for a million."""
    value = priced(result(stage(1, 0.01, 0.02), stage(2)), "ml.c5.xlarge", Price(hourly=0.36))
    assert value.stages[0].per_million == pytest.approx(50.0)
    assert value.stages[1].per_million is None
    text = load_text(value)
    assert "50 USD" in text
    assert "at 0.36 USD an hour of ml.c5.xlarge" in text
    assert "a million" not in load_text(result())


def test_each_form_by_its_extension(tmp_path: Path) -> None:
    value = result(name=HOSTILE)
    for name in ("a.html", "a.md", "a.JSON"):
        write_report("loadtest", tmp_path / name, value, (), force=False)
    data = json.loads((tmp_path / "a.JSON").read_text())
    assert data["kind"] == "loadtest"
    assert from_json(LoadResult, data) == value
    markdown = (tmp_path / "a.md").read_text()
    assert "\n| 4 callers | 3.0 |" in markdown
    outside_code = [line for line in markdown.splitlines() if not line.startswith("    ")]
    assert not re.search(r"(?<!\\)<", "\n".join(outside_code))
    assert (tmp_path / "a.html").read_text().startswith("<!DOCTYPE html>")


def test_other_extensions_and_what_exists_are_refused(tmp_path: Path) -> None:
    for name, hint in (("a.htm", "did you mean .html?"), ("report", "report.html, report.md")):
        with pytest.raises(UsageError, match="no report is written") as caught:
            refuse_report("loadtest", tmp_path / name, force=False)
        assert hint in caught.value.hint
    (tmp_path / "a.md").touch()
    with pytest.raises(OutputError, match="already exists"):
        refuse_report("loadtest", tmp_path / "a.md", force=False)
    refuse_report("loadtest", tmp_path / "a.md", force=True)
