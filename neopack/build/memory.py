"""What the last build left: where its outputs came from, and the parts of its keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from neopack.errors import Malformed
from neopack.formats.codec import from_json, to_json
from neopack.outputs.atomic import AtomicOutputs

__all__ = ["HIDDEN", "BuildMemory", "PlacedOutputs", "read_memory", "write_memory"]

HIDDEN = ".neopack"
STATE = "state.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOutputs:
    """``files`` are the digests of the outputs by their paths in the build's folder."""

    made_from: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildMemory:
    """``outputs`` by model and target; ``keys`` by model, target and step. ``reported`` is the
    digest of the rows that the reports are of."""

    outputs: Mapping[str, PlacedOutputs] = field(default_factory=dict)
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reported: str = ""
    schema: int = SCHEMA


def read_memory(folder: Path) -> BuildMemory:
    """An empty one where there is none, or one of another form: nothing is lost but time."""
    with suppress(OSError, ValueError, Malformed):
        data = json.loads((folder / HIDDEN / STATE).read_bytes())
        if isinstance(data, dict) and data.get("schema") == SCHEMA:
            return from_json(BuildMemory, data)
    return BuildMemory()


def write_memory(folder: Path, memory: BuildMemory) -> None:
    with AtomicOutputs(force=True) as outputs:
        outputs.open(folder / HIDDEN / STATE).write(json.dumps(to_json(memory)).encode())
