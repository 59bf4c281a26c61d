"""Results as JSON: one object, with its kind and the version of its form."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from neopack.errors import CheckFailed, Interrupted, NeopackError
from neopack.formats.codec import to_json
from neopack.reports.printable import printable_json
from neopack.values.json import Json
from neopack.values.subject import Subject

__all__ = ["document", "failure"]

SCHEMA = 1


def document(kind: str, value: object, subjects: Sequence[Subject] = ()) -> str:
    """``{"schema": 1, "kind": kind, "subjects": [...], ...}`` with the fields of ``value``.

    A value without fields, or with a field of these names, is under ``value``. ``subjects`` are
    left out where there are none.
    """
    data = to_json(value)
    plain = isinstance(data, dict) and not {"schema", "kind", "subjects"} & data.keys()
    body = data if plain else {"value": data}
    named: dict[str, Json] = {"subjects": to_json(list(subjects))} if subjects else {}
    return _text({"schema": SCHEMA, "kind": kind, **named, **body})


def failure(error: NeopackError | Interrupted) -> str:
    """An error as the same kind of document, so that a pipeline reads one form."""
    report = error.report if isinstance(error, CheckFailed) else None
    return _text(
        {
            "schema": SCHEMA,
            "kind": "error",
            "error": type(error).__name__,
            "message": error.message,
            "where": error.where,
            "hint": error.hint,
            "exit_code": error.exit_code,
            "report": to_json(report) if report else None,
        }
    )


def _text(data: Json) -> str:
    text = json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False)
    return printable_json(text)


def _finite(data: Json) -> Json:
    """JSON lacks infinity and NaN: null stands for them."""
    if isinstance(data, dict):
        return {key: _finite(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_finite(item) for item in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
