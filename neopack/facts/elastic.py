"""The containers of Elastic Inference, by table: ``elastic.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neopack.facts import accounts
from neopack.facts.rows import Row, facts_file

__all__ = ["ElasticImage", "elastic_images"]


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
