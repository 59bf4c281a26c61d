"""No report has a character that a terminal obeys or that hides what a name is."""

from __future__ import annotations

import json
import tarfile
import unicodedata
from pathlib import Path

import pytest

from neopack.api import check_targets
from neopack.errors import Malformed
from neopack.reports.json_documents import document, failure
from neopack.reports.printable import printable, printable_json
from neopack.reports.registry import formats, render, render_failure
from neopack.values.finding import UncheckedModel

# C0, C1, DEL, marks of direction, what has no width, half of a character, a line's end of Unicode
ODD = "\x1b[2J\x9b31m\x7f\u202e\u2066\u200b\ufeff\udcff\u2028\U000e0041"
FORMS = [form for form in formats("checks") if form != "text"]


def odd(text: str) -> set[str]:
    return {c for c in text if c not in "\n\t" and unicodedata.category(c)[0] in "CZ" and c != " "}


@pytest.mark.parametrize("form", FORMS)
def test_a_report_of_a_hostile_archive(tmp_path: Path, fixtures: Path, form: str) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.add(fixtures / "onnx/cnn-opset12.onnx", "model.onnx")
        tar.add(fixtures / "onnx/cnn-opset12.onnx", f"/{ODD}.onnx")
    text = render("checks", form, check_targets(tmp_path / "a.tar.gz", ["ml_c5"]))
    assert odd(text) == set()
    assert "31m" in text


@pytest.mark.parametrize("form", FORMS)
def test_a_failure_of_a_hostile_file(form: str) -> None:
    error = Malformed(f"lacks {ODD}", where=ODD)
    unchecked = UncheckedModel(
        path=ODD, error="Malformed", message=error.line(), exit_code=error.exit_code
    )
    text = failure(error) if form == "json" else render_failure(form, unchecked)
    assert odd(text) == set()


def test_json_says_the_same() -> None:
    value = {"name": ODD, "é": "日本 ☃"}
    text = document("x", value)
    assert odd(text) == set()
    assert "日本 ☃" in text
    data = json.loads(text)
    assert (data["name"], data["é"]) == (ODD, "日本 ☃")
    assert printable_json('"a"') == '"a"'


def test_text_is_spelled_as_python_does() -> None:
    assert printable("a\x9bb\u202e") == r"a\x9bb\u202e"
    assert printable("a\nb", keep="\n") == "a\nb"
