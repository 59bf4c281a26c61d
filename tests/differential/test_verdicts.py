"""Where ``check``, ``package``, the exact runtime and the public loader disagree, a row of
``explained.toml`` says why; and each row is needed. ``benchmarks/agreement.py`` compares more."""

from __future__ import annotations

import public_loader
import pytest
from comparing_verdicts import FRAMEWORKS, compared
from disagreements import Disagreement, Row, disagreements, unexplained, unneeded
from of_onnx import specimens
from verdicts import Verdict, Verdicts

from neopack.emulator.loader import Row as LoaderRow
from neopack.emulator.loader import rows as loader_rows

CLEAN, REFUSES = Verdict(word="clean"), Verdict(word="refuses", words="NEO-ON-001")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_judges_agree_or_a_row_says_why_not(framework: str) -> None:
    found = [each for _, each in compared(framework, 0, sweep=False)]
    assert [str(each) for each in unexplained(found)] == []
    assert unneeded(framework, found) == []


@pytest.mark.parametrize(
    "row", loader_rows(), ids=lambda row: f"{row.framework}-{'+'.join(row.members)}"
)
def test_names_are_judged_as_the_loader_did(row: LoaderRow) -> None:
    refused = public_loader.refusal(row.framework, row.members)
    assert bool(refused) == (row.verdict == "refuses"), refused


@pytest.mark.parametrize(
    ("verdicts", "known", "kinds"),
    [
        (Verdicts(check=CLEAN, runtime=CLEAN), "", []),
        (Verdicts(check=CLEAN, runtime=REFUSES), "", ["clean, refused by runtime"]),
        (Verdicts(check=CLEAN, package=REFUSES), "", ["clean, refused by package"]),
        (Verdicts(check=CLEAN, loader=REFUSES), "", ["clean, refused by loader"]),
        (Verdicts(check=REFUSES, runtime=CLEAN), "", ["refused, taken by all others"]),
        (Verdicts(check=REFUSES, runtime=CLEAN, loader=REFUSES), "", []),
        (Verdicts(check=REFUSES), "", []),
        (Verdicts(check=Verdict(word="warns", words="A"), runtime=REFUSES), "", []),
        (
            Verdicts(check=Verdict(word="warns", words="A"), runtime=REFUSES),
            "A",
            ["clean, refused by runtime"],
        ),
        (
            Verdicts(check=CLEAN, package=CLEAN, verify=REFUSES),
            "",
            ["packaged, refused by verify"],
        ),
    ],
)
def test_what_a_disagreement_is(
    verdicts: Verdicts, known: str, kinds: list[str], request: pytest.FixtureRequest
) -> None:
    specimen = next(specimens(request.getfixturevalue("fixtures"), 0, sweep=False))
    found = disagreements(specimen, verdicts, frozenset(known.split()))
    assert [each.kind for each in found] == kinds


def test_a_row_explains_only_what_it_describes() -> None:
    row = Row(
        framework="ONNX", kind="clean, refused by runtime", specimens="onnx/a: opset *",
        words="NOT_IMPLEMENTED", reason="", source="",
    )  # fmt: skip

    def found(specimen: str, words: str) -> Disagreement:
        return Disagreement(specimen=specimen, framework="ONNX", kind=row.kind, words=words)

    assert row.explains(found("onnx/a: opset 6 (ml_c5 1.7.0)", "9 : NOT_IMPLEMENTED : Gemm"))
    assert not row.explains(found("onnx/b: opset 6 (ml_c5 1.7.0)", "9 : NOT_IMPLEMENTED : Gemm"))
    assert not row.explains(found("onnx/a: opset 6 (ml_c5 1.7.0)", "Unrecognized attribute"))
