"""The verdicts of Neo's open loader on archives of given members, and neopack's on the same.

Judged for a device, where the loader's own compiler works.
"""

from __future__ import annotations

import pytest
from contexts import context, entry
from test_catalogue import ALL

from neopack.checks import engine
from neopack.checks.judging import _visible
from neopack.emulator.loader import Row, is_about_names, rows
from neopack.frameworks import registry


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.framework}-{'+'.join(row.members)}")
def test_the_verdict(row: Row) -> None:
    held = tuple(
        entry(name, "directory" if name.endswith("/") else "file") for name in row.members
    )
    models = registry.get(row.framework).models(_visible(held))
    target = "ml_c5" if row.framework == "XGBOOST" else "rasp4b"
    judged = context(row.framework, target, entries=held, models=models)
    report = engine.run(ALL, judged)
    found = {f.id: f.level for f in report.findings if is_about_names(f)}
    if row.rule:
        assert row.rule in found
    grave = {id_ for id_, level in found.items() if level == "error"}
    agrees = bool(grave) == (row.verdict == "refuses")
    assert agrees != bool(row.differs), found


def test_each_framework_has_both_verdicts() -> None:
    said = {(row.framework, row.verdict) for row in rows()}
    assert {name for name, _ in said} == set(registry.names())
    assert all(
        (name, verdict) in said for name in registry.names() for verdict in ("takes", "refuses")
    )
