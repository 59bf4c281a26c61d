"""The JSON Schema of ``neopack.toml``, for editors: from the declarations that read it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from neopack.project.declared import hints_of, keys_of, optional
from neopack.project.model_settings import ModelSettings
from neopack.project.settings import ProjectSettings
from neopack.values.json import Json

__all__ = ["project_schema"]

DIALECT = "http://json-schema.org/draft-07/schema#"  # what editors of TOML read
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
# a number or a flag may also be written as a variable of the matrix
VARIABLE: Json = {"type": "string", "pattern": r"\$\{"}


def project_schema() -> str:
    """The schema as JSON, in one form for the same declarations."""
    top = _table(ProjectSettings)
    model = _table(ModelSettings)
    names: dict[str, Any] = {"type": ["string", "array"], "items": {"type": "string"}}
    properties: dict[str, Any] = {
        **top["properties"],
        "targets": {**top["properties"]["target"], "description": "The same as target."},
        "include": {**names, "description": "Other files of settings, relative to this one."},
        "defaults": {"$ref": "#/definitions/model", "description": "What every model has."},
        "groups": {
            "type": "object",
            "additionalProperties": {"$ref": "#/definitions/model"},
            "description": "What the models have that name the group.",
        },
        "model": {
            "type": "array",
            "items": {"allOf": [{"$ref": "#/definitions/model"}, {"required": ["name"]}]},
            "description": "The models that neopack build is of.",
        },
    }
    document = {
        "$schema": DIALECT,
        "title": "neopack.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "definitions": {"model": model},
    }
    return json.dumps(document, indent=2) + "\n"


def _table(kind: Any) -> dict[str, Any]:
    hints = hints_of(kind)
    fields = {each.name: each for each in dataclasses.fields(kind)}
    return {
        "type": "object",
        "properties": {
            key: {**_of(hints[key]), "description": fields[key].metadata["doc"]}
            for key in keys_of(kind)
        },
        "additionalProperties": False,
    }


def _of(kind: Any) -> dict[str, Any]:
    absent, kind = kind != optional(kind), optional(kind)
    if dataclasses.is_dataclass(kind):
        return _table_or_short(kind, absent=absent)
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        inner = _of(get_args(kind)[0])
        return {"anyOf": [{"type": "array", "items": inner}, inner]}
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping):
        return {"type": "object", "additionalProperties": _of(get_args(kind)[1])}
    if kind is str:
        return {"type": "string"}
    return {"anyOf": [{"type": TYPES[kind]}, VARIABLE]} if kind in TYPES else {}


def _table_or_short(kind: Any, *, absent: bool) -> dict[str, Any]:
    """A table, or what stands for one: the value of its first key, or whether it is there."""
    alone = getattr(kind, "ALONE", "")
    if alone:
        return {"anyOf": [_table(kind), _of(hints_of(kind)[alone])]}
    return {"anyOf": [_table(kind), {"type": "boolean"}]} if absent else _table(kind)
