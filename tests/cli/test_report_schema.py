"""What is printed as JSON is as docs/report-1.schema.json says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest
from desk import Call, Copied, Desk

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "report-1.schema.json").read_text())
JSON = ("--format", "json")


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("check", ("check", "onnx.tar.gz", "-t", "ml_c5")),
        ("checks", ("check", "onnx.tar.gz", "-t", "ml_c5", "-t", "ml_eia2")),
        ("checked models", ("check", "onnx.tar.gz", "gone.tar.gz", "-t", "ml_c5")),
        ("matrix", ("check", "onnx.tar.gz", "--all-targets")),
        ("roadmap", ("targets", "c5", "--model", "onnx.tar.gz")),
        ("fix", ("check", "onnx.tar.gz", "-t", "ml_c5", "--fix", "out.tar.gz")),
        ("explain", ("explain", "NEO-AR-002")),
        ("error", ("check", "gone.tar.gz")),
    ],
)
def test_each_kind(
    neopack: Call, desk: Desk, copied: Copied, kind: str, arguments: tuple[str, ...]
) -> None:
    copied("onnx", desk.path, beside=False)
    document = neopack(*arguments, *JSON).document
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["kind"] == kind


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "onnx.tar.gz"),
        ("check", "onnx.tar.gz", "-t", "ml_c5"),
        ("check", "onnx.tar.gz", "gone.tar.gz", "-t", "ml_c5"),
        ("run", "onnx.tar.gz", "--random"),
        ("compile", "onnx.tar.gz", "-t", "ml_c5"),
        ("bench", "onnx.tar.gz", "--seconds", "0.1"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_an_answer_names_what_it_is_of_by_digest(
    neopack: Call, desk: Desk, copied: Copied, arguments: tuple[str, ...]
) -> None:
    data = copied("onnx", desk.path).read_bytes()
    (subject,) = neopack(*arguments, *JSON).document["subjects"]
    assert subject == {
        "path": "onnx.tar.gz", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip


def test_the_schema_refuses_what_is_no_report() -> None:
    check = jsonschema.Draft202012Validator(SCHEMA)
    for wrong in ({}, {"schema": 1, "kind": "check"}, {"schema": 2, "kind": "explain"}):
        with pytest.raises(jsonschema.ValidationError):
            check.validate(wrong)
