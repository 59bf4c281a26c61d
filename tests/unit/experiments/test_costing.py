"""Costs of experiments by hand: savings, instances for a rate, and the month."""

from __future__ import annotations

from pathlib import Path

import pytest
from measured_models import ROUNDS, result, subject

from neopack import api
from neopack.experiments.pricing import Pricing
from neopack.measure.price import Price
from neopack.reports.cost import costs_text
from neopack.reports.report_file import write_report


def test_savings_instances_and_the_month(tmp_path: Path) -> None:
    """200 answers a second at 0.36 an hour: 0.5 for a million. 800 a second: a quarter of it."""
    here = Pricing(instance="ml.c5.xlarge", price=Price(hourly=0.36))
    eager = here.applied(subject("net.tar.gz", *[100.0] * ROUNDS))
    int8 = here.applied(subject("int8.tar.gz", *[400.0] * ROUNDS))
    write_report("experiment", tmp_path / "e.json", result(eager, int8), (), force=False)
    costs = api.costs([tmp_path / "e.json"], rate=500.0, load_factor=0.5)
    cheap, dear = costs.rows
    assert (cheap.archive, dear.archive) == ("int8.tar.gz", "net.tar.gz")
    assert (cheap.per_million, dear.per_million) == pytest.approx((0.25, 1.0))
    assert (cheap.saved, dear.saved) == pytest.approx((0.75, 0.0))
    assert (cheap.instances, dear.instances) == (2, 5)
    assert (cheap.monthly, dear.monthly) == pytest.approx((2 * 0.36 * 730, 5 * 0.36 * 730))
    text = costs_text(costs)
    for words in ("75%", "for 500/s", "525.6 USD", "against net.tar.gz on ml.c5.xlarge", "50%"):
        assert words in text
