"""What mends what: rules that there are, and no claim of ``--fix`` that nothing tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack import facts
from neopack.facts.mending import Mend, mended_by, mends

# --fix wants a name that ends so; an archive of another name cannot come of it
BY_THE_NAME_OF_OUT = {"NEO-AR-001"}
# a directory member, which the layout adds wherever there is a SavedModel
BY_THE_LAYOUT = {"NEO-TF-004"}


@pytest.mark.parametrize("mend", ["fix", "package", "call"])
def test_of_rules_that_there_are(mend: Mend) -> None:
    assert mends(mend)
    assert mends(mend) <= set(facts.error_ids())


def test_what_fix_mends_package_does_too() -> None:
    assert mends("fix") <= mends("package")


def test_each_rule_that_fix_mends_has_a_test() -> None:
    told = (Path(__file__).parents[1] / "rules" / "test_fix.py").read_text()
    assert {i for i in mends("fix") if i not in told} == BY_THE_NAME_OF_OUT | BY_THE_LAYOUT


def test_only_another_model_mends_some() -> None:
    assert mended_by("NEO-PT-002") == ()
    assert mended_by("NEO-TF-003") == ("fix", "package")
