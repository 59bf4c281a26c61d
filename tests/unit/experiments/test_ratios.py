"""Ratios with their confidence intervals, of figures whose true ratio is known."""

from __future__ import annotations

import random

import pytest

from neopack.experiments.ratios import ratio_interval

# the weather of a machine: it slows both subjects of a round
WEATHER = (1.0, 0.5, 0.9, 0.3, 0.8, 1.0)


def test_what_slows_a_whole_round_does_not_count() -> None:
    interval = ratio_interval([300 * w for w in WEATHER], [100 * w for w in WEATHER])
    assert interval is not None
    assert (interval.low, interval.ratio, interval.high) == pytest.approx((3, 3, 3))
    assert interval.is_clear


def test_noise_that_is_larger_than_the_difference() -> None:
    interval = ratio_interval([110, 80, 130, 95, 100, 120], [100, 100, 100, 100, 100, 100])
    assert interval is not None
    assert interval.low < 1 < interval.high
    assert not interval.is_clear


def test_the_interval_mostly_holds_the_true_ratio() -> None:
    draws, held = random.Random(3), 0
    for _ in range(60):
        ours = [200 * draws.lognormvariate(0, 0.1) for _ in range(5)]
        theirs = [100 * draws.lognormvariate(0, 0.1) for _ in range(5)]
        interval = ratio_interval(ours, theirs)
        assert interval is not None
        held += interval.low <= 2 <= interval.high
    assert 50 <= held <= 60


def test_it_gets_narrower_with_more_rounds() -> None:
    few = ratio_interval([100, 120, 80, 110, 90], [100] * 5)
    many = ratio_interval([100, 120, 80, 110, 90] * 5, [100] * 25)
    assert few is not None
    assert many is not None
    assert many.high - many.low < (few.high - few.low) / 2


@pytest.mark.parametrize("figures", [[100.0] * 4, [100.0, 0.0, 100.0, 100.0, 100.0]])
def test_too_few_rounds_have_no_ratio(figures: list[float]) -> None:
    assert ratio_interval(figures, [100.0] * len(figures)) is None
