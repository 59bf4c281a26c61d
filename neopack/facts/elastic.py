"""The containers of Elastic Inference, by table: ``elastic.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts import accounts
from neopack.facts.rows import Row, facts_file

__all__ = ["AcceleratorRow", "ElasticImage", "ElasticTable", "elastic_images", "elastic_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticImage:
    framework: str
    versions: tuple[str, ...]
    repository: str
    pythons: tuple[str, ...]
    registry: str
    regions: tuple[str, ...]
    as_of: str
    source: str


@cache
def elastic_images() -> tuple[ElasticImage, ...]:
    """Return the images, for each framework in the order of versions."""
    data = facts_file("elastic")
    return tuple(_image(row, data.table("images")) for row in data.tables("image"))


def _image(row: Row, source: Row) -> ElasticImage:
    registry = row.text("registry")
    everywhere = [r for r in accounts.accounts(registry) if r not in row.texts("absent")]
    return ElasticImage(
        framework=row.text("framework"),
        versions=row.texts("versions"),
        repository=row.text("repository"),
        pythons=row.texts("pythons"),
        registry=registry,
        regions=row.texts("regions") or tuple(everywhere),
        as_of=source.text("as_of"),
        source=source.text("source"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorRow:
    """TFLOPS in 32-bit and 16-bit floating point, and memory in GB."""

    type: str
    tflops_f32: int
    tflops_f16: int
    memory_gb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticTable:
    """What the pages say of the service, beside its images."""

    status: tuple[str, ...]
    replacement: str
    accelerators: tuple[AcceleratorRow, ...]
    frameworks: Mapping[str, str]
    algorithms: tuple[str, ...]
    rules: tuple[str, ...]
    permissions: tuple[str, ...]
    environment: Mapping[str, str]
    as_of: str
    source: str


@cache
def elastic_table() -> ElasticTable:
    data = facts_file("elastic")
    types = data.table("accelerators")
    return ElasticTable(
        status=data.texts("status"),
        replacement=data.text("replacement"),
        accelerators=tuple(_accelerator(name, types.table(name)) for name in types),
        frameworks=data.words("frameworks"),
        algorithms=data.texts("algorithms"),
        rules=data.texts("rules"),
        permissions=data.texts("permissions"),
        environment=data.words("environment"),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )


def _accelerator(name: str, row: Row) -> AcceleratorRow:
    return AcceleratorRow(
        type=name,
        tflops_f32=row.number("tflops_f32"),
        tflops_f16=row.number("tflops_f16"),
        memory_gb=row.number("memory"),
    )
