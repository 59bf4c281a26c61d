"""Hints that can be followed, and refusals that come before any work."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import neopack
from neopack import facts
from neopack.checks.judging import Submission
from neopack.engines import compare
from neopack.errors import ExportFailed, UsageError, VerificationFailed
from neopack.frameworks import callables
from neopack.goldens.comparison import Worst
from neopack.reports.text import report_text
from neopack.values.artifact import CompilationRequest
from neopack.values.finding import Finding, Report
from neopack.values.signature import Signature

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.mark.parametrize("argument", [1, "it's", 'a "b" $c'])
def test_a_failed_callable_can_be_called_again_as_the_hint_says(
    tmp_path: Path, argument: object
) -> None:
    file = tmp_path / "net.py"
    file.write_text("def build(size):\n    raise ValueError(repr(size) + '!')\n")
    with pytest.raises(ExportFailed) as failed:
        callables.build(f"{file}:build", {"size": argument})
    command = shlex.split(failed.value.hint.removeprefix("reproduce with: "))
    done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True)
    assert f"ValueError: {argument!r}!" in done.stderr


@pytest.mark.parametrize("off", [3.4e-3, 1.04e-2, 9.99e-1])
def test_the_difference_that_the_hint_accepts_is_accepted(off: float) -> None:
    target, signature = facts.target("ml_c5"), Signature(inputs=())
    request = CompilationRequest(
        framework="ONNX", model=Path("m.onnx"), target=target, signature=signature
    )
    with pytest.raises(VerificationFailed) as refused:
        compare._refuse(Worst(off, "first"), 1e-3, request)
    assert "or try another --engine" in refused.value.hint
    allowed = float(refused.value.hint.split("--max-difference ")[1].split(",")[0])
    compare._refuse(Worst(off, "first"), allowed, request)


@pytest.mark.parametrize("given", [{"level": 10}, {"ignore": ["NEO-XX"]}, {"code": "nowhere"}])
def test_settings_are_refused_before_the_export(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neopack.packaging.steps.exported", None)
    with pytest.raises(neopack.NeopackError):
        neopack.package("net:Net", path=tmp_path / "a.tar.gz", **given)


@pytest.mark.parametrize("text", ["monday", "2022-1-1", "2022-12-30-01", ""])
def test_a_date_is_a_date(text: str) -> None:
    target = facts.target("ml_c5")
    assert Submission(target=target, as_of="2022-12").as_of == "2022-12"
    with pytest.raises(UsageError):
        Submission(target=target, as_of=text)


def test_one_is_singular() -> None:
    finding = Finding(id="NEO-AR-001", level="error", message="no")
    report = Report(
        subject="a", framework="ONNX", framework_version="1", target="ml_c5", facts_as_of="2026",
        findings=(finding,),
    )  # fmt: skip
    assert report_text(report).endswith("0 rules: 1 error, 0 warnings, 0 not checked")


def test_an_exported_program_warns_of_nothing_that_torch_does_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    assert not neopack.package(FIXTURES / "pytorch" / "cnn.pt2", path=path).warnings


def test_a_manifest_of_another_archive_says_nothing_of_this_one(tmp_path: Path) -> None:
    archive, other = tmp_path / "a.tar.gz", tmp_path / "b.tar.gz"
    neopack.package(FIXTURES / "onnx" / "cnn-opset12.onnx", path=archive, target="ml_m5")
    assert neopack.check(archive).target == "ml_m5"
    neopack.package(FIXTURES / "onnx" / "listed-initializers.onnx", path=other, ignore=["NEO"])
    other.replace(archive)
    with pytest.raises(UsageError, match="which target"):
        neopack.check(archive)
    assert neopack.check(archive, target="ml_c5").framework == "ONNX"
