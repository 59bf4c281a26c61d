"""SageMaker's model parallel library: which version goes with which framework, and where."""

from __future__ import annotations

from dataclasses import dataclass

from neopack import versions
from neopack.errors import Unsupported
from neopack.facts import accounts
from neopack.facts.rows import Row, facts_file
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
    """A framework version and the library in its container; ``wheel`` is empty where no address
    is printed, ``uri`` where no region was asked for."""

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
    """``allowed`` says whether the library runs on ``instance``; None: none was named."""

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
    """The rows for a framework (and version); with a region, the whole address of the image.

    Raises ``UsageError`` for a region without these containers, ``Unsupported`` for a framework
    or version without a row, naming the versions around it.
    """
    data = facts_file("parallel")
    asked = framework_of(framework, version)
    place = region_of(region, REGISTRY) if region else ""
    kind = instance_of(instance)
    rows = [_release(row, data, place) for row in data.tables("release")]
    return ParallelAnswer(
        region=place,
        releases=_chosen(rows, asked),
        instances=data.texts("instances"),
        instance=kind,
        allowed=kind in data.texts("instances") if kind else None,
        notes=data.texts("notes"),
        readings=readings(asked.reading_of(framework), (region, place), (instance, kind)),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )


def _chosen(rows: list[ParallelRelease], asked: FrameworkQuery) -> tuple[ParallelRelease, ...]:
    own = [row for row in rows if asked.framework in ("", row.framework)]
    if not own:
        known = ", ".join(dict.fromkeys(row.framework for row in rows))
        what = f"the model parallel library is not there for {asked.framework}"
        raise Unsupported(what, hint=f"it is for {known}")
    same = [r for r in own if not asked.version or versions.same(asked.version, r.version)]
    if not same:
        what = f"no row has {asked.text.replace('==', ' ')} with the model parallel library"
        raise Unsupported(what, hint=between(asked.version, (row.version for row in own)))
    return tuple(same)


def _release(row: Row, data: Row, region: str) -> ParallelRelease:
    repository, _, tag = row.text("image").partition(":")
    holder = accounts.account(region, REGISTRY)
    return ParallelRelease(
        framework=row.text("framework"),
        version=row.text("version"),
        library=row.text("library"),
        image=row.text("image"),
        uri=accounts.address(holder, region, repository, tag) if region else "",
        wheel=row.text("wheel", ""),
        note=row.text("note", ""),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )
