"""A judge of many contexts says of each what a fresh one says, and asks no rule twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from contexts import CLEAN, DLR_SCRIPT, context, entries
from test_catalogue import ALL

from neopack import facts
from neopack.checks.all_targets import all_targets
from neopack.checks.engine import Judge, run
from neopack.rules.rule import CheckContext, Hit, rule


def of_one_archive(framework: str) -> Iterator[CheckContext]:
    """The same files for every target and version, under right strings and wrong ones."""
    clean = context(framework)
    code = {"code/inference.py": DLR_SCRIPT}
    held = entries("model.pt", "._x", "code/inference.py")
    for target in all_targets():
        for version in (*facts.framework_versions(framework, target), ""):
            path = facts.compiler_path(framework, target, version)
            made = replace(clean, target=target, path=path, framework_version=version)
            yield made
            yield replace(made, data_input_config="{'x': 1}", compiler_options=json.dumps("--x"))
            yield replace(made, code=code, entries=held)


@pytest.mark.parametrize("framework", list(CLEAN))
def test_says_what_a_fresh_one_says(framework: str) -> None:
    judge = Judge(ALL)
    for made in of_one_archive(framework):
        assert judge.report(made) == run(ALL, made)


def test_asks_again_only_where_what_was_looked_at_differs() -> None:
    asked: list[str] = []

    @rule("NEO-TG-001")
    def by_version(context: CheckContext) -> Iterator[Hit]:
        asked.append(context.framework_version)
        if context.framework_version == "1.8":
            yield Hit(message=context.archive_name)

    judge = Judge([by_version])
    found = [
        judge.report(context("PYTORCH", target, framework_version=version, archive_name=name))
        for target, version, name in (
            ("ml_c5", "1.8", "a"), ("ml_m5", "1.8", "a"), ("ml_c5", "1.8", "b"),
            ("ml_c4", "1.7", "b"), ("coreml", "1.7", "c"),
        )
    ]  # fmt: skip
    assert asked == ["1.8", "1.8", "1.7"]
    assert [[f.message for f in report.findings] for report in found] == [
        ["a"], ["a"], ["b"], [], [],
    ]  # fmt: skip
