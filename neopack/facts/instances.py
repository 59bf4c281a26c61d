"""What the instances that serve compiled models have: ``instances.toml``."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.facts.rows import facts_file

__all__ = ["Instance", "instance", "instance_names", "source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Memory in MiB; ``accelerator`` is that of all its accelerators together, 0 without."""

    name: str
    vcpus: int
    memory: int
    accelerator: int


def instance(name: str) -> Instance | None:
    """None for one that no table has."""
    rows = facts_file("instances").table("instances")
    if name not in rows:
        return None
    row = rows.table(name)
    return Instance(
        name=name,
        vcpus=row.number("vcpus"),
        memory=row.number("memory"),
        accelerator=row.number("accelerator", 0),
    )


def instance_names() -> tuple[str, ...]:
    """Those with known memory, and all others that serve compiled models."""
    rows = facts_file("hosting").table("instances")
    hosting = (f"{name.replace('_', '.')}.{size}" for name in rows for size in rows.texts(name))
    return tuple(dict.fromkeys((*facts_file("instances").table("instances"), *hosting)))


def source() -> str:
    return facts_file("instances").text("source")
