"""What is printed as JSON is as docs/report-1.schema.json says."""

from __future__ import annotations

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


def test_the_schema_refuses_what_is_no_report() -> None:
    check = jsonschema.Draft202012Validator(SCHEMA)
    for wrong in ({}, {"schema": 1, "kind": "check"}, {"schema": 2, "kind": "explain"}):
        with pytest.raises(jsonschema.ValidationError):
            check.validate(wrong)
