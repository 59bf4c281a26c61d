"""The verdicts of Neo's open loader on archives of given members, and neopack's on the same.

Judged for a device, where the loader's own compiler works.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from inspections import entry, inspection
from test_catalogue import ALL

from neopack.checks import engine
from neopack.checks.judging import _visible
from neopack.frameworks import registry

TABLE = Path(__file__).parents[3] / "fixtures" / "loader" / "verdicts.toml"
ROWS = tomllib.loads(TABLE.read_text("utf-8"))["row"]
# about the names of members, which is all that the loader was shown
ABOUT_NAMES = ("NEO-AR-", "NEO-XG-001", "NEO-PT-001", "NEO-KR-001", "NEO-TF-00", "NEO-MX-00")


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['framework']}-{'+'.join(row['members'])}"
)
def test_the_verdict(row: dict[str, Any]) -> None:
    held = tuple(
        entry(name, "directory" if name.endswith("/") else "file") for name in row["members"]
    )
    models = registry.get(row["framework"]).models(_visible(held))
    target = "ml_c5" if row["framework"] == "XGBOOST" else "rasp4b"
    judged = inspection(row["framework"], target, entries=held, models=models)
    report = engine.run(ALL, judged)
    found = {f.id: f.level for f in report.findings if f.id.startswith(ABOUT_NAMES)}
    if "rule" in row:
        assert row["rule"] in found
    grave = {id_ for id_, level in found.items() if level == "error"}
    agrees = bool(grave) == (row["verdict"] == "refuses")
    assert agrees != ("differs" in row), found


def test_each_framework_has_both_verdicts() -> None:
    said = {(row["framework"], row["verdict"]) for row in ROWS}
    assert {name for name, _ in said} == set(registry.names())
    assert all(
        (name, verdict) in said for name in registry.names() for verdict in ("takes", "refuses")
    )
