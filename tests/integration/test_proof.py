"""The page of all known failures is what provoking and mending each of them gives."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from neopack import explain
from neopack.facts import failures

sys.path.insert(0, str(Path(__file__).parents[1] / "proof"))
from known import KNOWN, Known, Package
from prove import line, others, prove

PAGE = (Path(__file__).parents[2] / "docs" / "proof.md").read_text("utf-8")
# the failures that AWS's pages, its open loader and runtimes, and reports tell of
COUNT = 88
# packaging these takes an old framework a start each; docs/prove.py does it
SLOW = {"TENSORFLOW", "KERAS", "MXNET"}
PROVOKED = [known for known in KNOWN if known.case is not None]


def is_slow(known: Known) -> bool:
    case = known.case
    return case is not None and case.framework in SLOW and isinstance(case.mend, Package)


@pytest.mark.parametrize("known", PROVOKED, ids=lambda known: known.id)
def test_the_page_has_what_comes_of_it(known: Known) -> None:
    slow = is_slow(known)
    proof = prove(known, packaging=not slow)
    written = line(proof)
    # what package makes of it is the last cell
    written = written.removesuffix("|  |\n") if slow else written
    assert any(row.startswith(written.rstrip("\n")) for row in PAGE.splitlines()), written


def test_the_page_says_why_of_the_others() -> None:
    assert PAGE.endswith("".join(others())), "run python docs/prove.py"


def test_none_is_missing() -> None:
    assert len({known.id for known in KNOWN}) == len(KNOWN) == COUNT
    for known in KNOWN:
        assert (known.case is None) == bool(known.why), known.id
        assert f"| {known.id} |" in PAGE


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.id)
def test_explain_knows_the_words(known: Known) -> None:
    unknown = {"two-inputs-of-the-call"}  # no page has its text
    assert bool(explain(known.said).cause) == (known.id not in unknown)


@pytest.mark.parametrize("row", failures.failures(), ids=lambda row: row.said[:30])
def test_what_only_a_job_says_is_among_them(row: failures.FailureRow) -> None:
    fixes = {explain(known.said).fix for known in KNOWN}
    assert row.fix in fixes
