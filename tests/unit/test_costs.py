"""What a million inferences cost: by hand, over machines, and from files that are none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from neopack.errors import Malformed, NeopackError, UsageError
from neopack.experiments.costing import costs
from neopack.measure.bench import BenchResult, Side
from neopack.measure.cost import priced
from neopack.measure.machine import Machine
from neopack.measure.price import Price, PriceList, price_of
from neopack.measure.statistics import latency
from neopack.options import BenchOptions
from neopack.reports.cost import costs_lines, costs_text
from neopack.reports.json_documents import document

MACHINE = Machine(
    processor="CPU", cores=2, memory_gib=4.0, features=(), system="Linux", python="3.11"
)


def side(name: str, seconds: float, batch: int = 1) -> Side:
    return Side(
        archive=name,
        engine="torch",
        version="2.13.0",
        precision="fp32",
        latency=latency([seconds] * 10),
        batch=batch,
    )


def measured(place: Path, *sides: Side, instance: str = "", price: Price | None = None) -> Path:
    result = BenchResult(sides=sides, settings=BenchOptions(), machine=MACHINE)
    place.write_text(document("bench", priced(result, instance, price)))
    return place


def listed(place: Path, **hourly: object) -> Path:
    said = {"as_of": "2026-11-20", "source": "our contract", "hourly": hourly}
    place.write_text(json.dumps(said))
    return place


def test_by_hand() -> None:
    """Ten calls a second of four items are 144,000 in an hour, for 0.36: 2.50 for a million."""
    result = BenchResult(
        sides=(side("m", 0.1, batch=4),), settings=BenchOptions(), machine=MACHINE
    )
    made = priced(result, "ml.c5.xlarge", Price(hourly=0.36))
    assert made.sides[0].per_million == pytest.approx(2.5)
    lines = list(costs_lines(made))
    assert lines[0] == "m: 2.5 USD for a million inferences, 4 a call"
    assert "0.36 USD an hour of ml.c5.xlarge" in lines[1]


def test_no_price_and_no_cost() -> None:
    result = BenchResult(sides=(side("m", 0.1),), settings=BenchOptions(), machine=MACHINE)
    assert priced(result, "", None) == result
    assert list(costs_lines(result)) == []


def test_the_cheapest_first_and_what_has_no_price_last(tmp_path: Path) -> None:
    """The faster machine is the dearer one here."""
    paths = [
        measured(tmp_path / "unknown.json", side("a", 0.001)),
        measured(tmp_path / "gpu.json", side("b", 0.01), instance="gpu"),
        measured(tmp_path / "cpu.json", side("c", 0.02), side("d", 0.03), instance="cpu"),
    ]
    found = costs(paths, listed(tmp_path / "prices.json", gpu=1.0, cpu=0.1))
    assert [row.archive for row in found.rows] == ["c", "d", "b", "a"]
    assert [row.place for row in found.rows] == ["cpu", "cpu", "gpu", "CPU"]
    assert found.rows[0].per_million == pytest.approx(1e6 * 0.1 / 3600 * 0.02)
    text = costs_text(found)
    assert "prices as of 2026-11-20, by our contract" in text
    assert "question mark" in text


def test_a_list_goes_before_the_price_of_the_benchmark(tmp_path: Path) -> None:
    path = measured(tmp_path / "m.json", side("m", 0.1), instance="cpu", price=Price(hourly=9.0))
    assert costs([path]).rows[0].price == Price(hourly=9.0)
    row = costs([path], listed(tmp_path / "prices.json", cpu=0.1)).rows[0]
    assert row.price is not None
    assert row.price.hourly == 0.1


def test_currencies_are_not_compared(tmp_path: Path) -> None:
    price = Price(hourly=1.0)
    paths = [
        measured(tmp_path / "us.json", side("m", 0.1), price=price),
        measured(tmp_path / "cn.json", side("m", 0.1), price=replace(price, currency="CNY")),
    ]
    with pytest.raises(UsageError, match="CNY and USD"):
        costs(paths)


@pytest.mark.parametrize("hourly", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_price(hourly: float) -> None:
    with pytest.raises(UsageError, match="must be above 0"):
        Price(hourly=hourly)


def test_an_instance_that_is_not_listed() -> None:
    prices = PriceList(hourly={"ml.c5.xlarge": 1.0})
    with pytest.raises(UsageError, match=r"no price of 'ml.c5.xlrge'") as raised:
        price_of("ml.c5.xlrge", prices, "prices.json")
    assert raised.value.hint == "did you mean ml.c5.xlarge?"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"hourly": []}', '{"hourly": {"cpu": "1"}}', '{"hourly": {"cpu": 0}}'],
)
def test_what_is_no_list_of_prices(tmp_path: Path, text: str) -> None:
    (tmp_path / "prices.json").write_text(text)
    path = measured(tmp_path / "m.json", side("m", 0.1), instance="cpu")
    with pytest.raises(Malformed, match=r"prices\.json"):
        costs([path], tmp_path / "prices.json")


@pytest.mark.parametrize(
    "text", ["", "{}", '{"kind": "check"}', '{"kind": "bench"}', '{"kind": "bench", "sides": 3}']
)
def test_what_is_no_benchmark(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(NeopackError, match=r"m\.json|missing"):
        costs([tmp_path / "m.json"])


def test_a_benchmark_in_which_nothing_was_computed(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="computes nothing"):
        costs([measured(tmp_path / "m.json", side("m", 0.1, batch=0))])
