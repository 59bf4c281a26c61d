"""The figures of a benchmark, from the values themselves."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.measure.statistics import latency, percentile, ratio

SECONDS = st.floats(1e-6, 10, allow_nan=False)


@given(st.lists(SECONDS, min_size=1, max_size=300))
def test_latency_is_in_order_and_measured(seconds: list[float]) -> None:
    figures = latency(seconds)
    assert figures.runs == len(seconds)
    assert figures.minimum <= figures.p50
    assert figures.p95 <= figures.p99 <= 1e3 * max(seconds)
    assert figures.p99 / 1e3 == pytest.approx(
        min(seconds, key=lambda s: abs(1e3 * s - figures.p99))
    )
    assert figures.throughput == pytest.approx(1 / statistics.fmean(seconds))


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 1), (50, 50), (95, 95), (99, 99), (100, 100)]
)
def test_percentiles_of_a_hundred(percent: int, expected: int) -> None:
    assert percentile([float(n) for n in range(1, 101)], percent) == expected


def test_the_percentiles_of_one_value() -> None:
    assert percentile([3.0], 50) == percentile([3.0], 99) == 3.0


def test_a_ratio_is_of_throughputs_pair_by_pair() -> None:
    ours, theirs = [[1.0, 1.0], [2.0]], [[2.0], [2.0, 2.0]]
    found = ratio(ours, theirs)
    assert (found.median, found.lowest, found.highest, found.of_minima) == (1.5, 1.0, 2.0, 2.0)


@given(st.lists(st.lists(SECONDS, min_size=1, max_size=4), min_size=1, max_size=8))
def test_a_ratio_with_itself_is_one(windows: list[list[float]]) -> None:
    found = ratio(windows, windows)
    assert (found.median, found.lowest, found.highest, found.of_minima) == (1, 1, 1, 1)
