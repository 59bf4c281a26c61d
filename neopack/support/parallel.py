"""SageMaker's model parallel library: its versions by framework version, and its images."""

from __future__ import annotations

from dataclasses import dataclass

from neopack import versions
from neopack.errors import Unsupported
from neopack.facts import accounts
from neopack.facts.parallel import ParallelRow, ParallelTable, parallel_table
from neopack.support.names import (
    FrameworkQuery,
    Reading,
    between,
    framework_of,
    instance_of,
    readings,
    region_of,
)

__all__ = ["ParallelAnswer", "ParallelRelease", "smp"]

REGISTRY = "deep_learning_containers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelRelease:
    """A framework version and the library in its container. ``wheel`` is "" if the page prints no
    address, ``uri`` if no region was given."""

    framework: str
    version: str
    library: str
    image: str
    uri: str
    wheel: str
    note: str
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelAnswer:
    """``allowed`` says whether the library runs on ``instance``, or is None without one."""

    region: str
    releases: tuple[ParallelRelease, ...]
    instances: tuple[str, ...]
    instance: str
    allowed: bool | None
    notes: tuple[str, ...]
    readings: tuple[Reading, ...]
    as_of: str
    source: str


def smp(
    framework: str = "", version: str = "", *, region: str = "", instance: str = ""
) -> ParallelAnswer:
    """Return the rows for a framework (and version); with a region, the address of the image too.

    Raises ``UsageError`` for a region without these containers, ``Unsupported`` for a framework
    or version without a row, with the nearest versions.
    """
    table = parallel_table()
    query = framework_of(framework, version)
    place = region_of(region, REGISTRY) if region else ""
    kind = instance_of(instance)
    rows = [_release(row, table, place) for row in table.rows]
    return ParallelAnswer(
        region=place,
        releases=_chosen(rows, query),
        instances=table.instances,
        instance=kind,
        allowed=kind in table.instances if kind else None,
        notes=table.notes,
        readings=readings(query.reading_of(framework), (region, place), (instance, kind)),
        as_of=table.as_of,
        source=table.source,
    )


def _chosen(rows: list[ParallelRelease], query: FrameworkQuery) -> tuple[ParallelRelease, ...]:
    own = [row for row in rows if query.framework in ("", row.framework)]
    if not own:
        names = ", ".join(dict.fromkeys(row.framework for row in rows))
        message = f"the model parallel library does not support {query.framework}"
        raise Unsupported(message, hint=f"it supports {names}")
    same = [r for r in own if not query.version or versions.same(query.version, r.version)]
    if not same:
        message = f"no row has {query.text.replace('==', ' ')} with the model parallel library"
        raise Unsupported(message, hint=between(query.version, (row.version for row in own)))
    return tuple(same)


def _release(row: ParallelRow, table: ParallelTable, region: str) -> ParallelRelease:
    repository, _, tag = row.image.partition(":")
    holder = accounts.account(region, REGISTRY)
    return ParallelRelease(
        framework=row.framework,
        version=row.version,
        library=row.library,
        image=row.image,
        uri=accounts.address(holder, region, repository, tag) if region else "",
        wheel=row.wheel,
        note=row.note,
        as_of=table.as_of,
        source=table.source,
    )
