"""The containers of Elastic Inference, by table: ``elastic.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neopack.facts import accounts, versions
from neopack.facts.rows import Row, facts_file

__all__ = ["ElasticImage", "address_of", "elastic_images"]

PYTHON = "py3"


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

    def tag(self, version: str, python: str) -> str:
        return f"{version}-cpu-{python}" if self.pythons else f"{version}-cpu"


def address_of(framework: str, version: str, region: str) -> str:
    """The whole address of the image that serves a version, "" the newest; empty where no table
    has one in the region."""
    for row in reversed(elastic_images()):
        same = [v for v in row.versions if not version or versions.same(version, v)]
        if row.framework == framework and same and region in row.regions:
            holder = accounts.account(region, row.registry)
            return accounts.address(holder, region, row.repository, row.tag(same[-1], PYTHON))
    return ""


@cache
def elastic_images() -> tuple[ElasticImage, ...]:
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
