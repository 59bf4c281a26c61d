"""The guide's page of edge devices, by table: ``devices.toml``."""

from __future__ import annotations

import json
from dataclasses import dataclass

from neopack.facts.rows import Row, facts_file
from neopack.facts.target_table import target
from neopack.values.json import Json

__all__ = ["Device", "device"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """An edge device as printed on the guide's page; an empty field is an empty cell."""

    soc: str
    os: str
    arch: str
    accelerator: str
    options_shown: Json
    note: str
    in_newest_guide: bool
    as_of: str
    source: str


def device(name: str) -> Device | None:
    """Return the row of the page of edge devices, or None if it has no such device."""
    data = facts_file("devices")
    rows = data.table("device")
    return _device(rows.table(name), data, name) if name in rows else None


def _device(row: Row, data: Row, name: str) -> Device:
    shown = row.text("options", "")
    return Device(
        soc=row.text("soc", ""),
        os=row.text("os", ""),
        arch=row.text("arch", ""),
        accelerator=row.text("accelerator", ""),
        options_shown=json.loads(shown) if shown else None,
        note=row.text("note", ""),
        in_newest_guide=target(name).documented,
        as_of=data.text("as_of"),
        source=data.text("source"),
    )
