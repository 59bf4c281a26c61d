"""The road map of one model over the catalogue: who takes it, since when, and what comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neopack import facts, support
from neopack.checks import checking
from neopack.checks.all_targets import Cell, TargetVerdict, matrix
from neopack.errors import Unsupported, UsageError
from neopack.facts import hosting, images
from neopack.facts.mending import mended_by
from neopack.frameworks import registry as frameworks
from neopack.options import CheckOptions
from neopack.support.matrix import taken_since
from neopack.support.names import Reading, date_of, kinds_of, readings, target_of
from neopack.values.target import CompilerPath, Target

__all__ = ["Road", "RoadMap", "roadmap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A target and a framework version of it; ``version`` is empty where no page names one.

    ``first`` is the command or the argument that has to come first, empty for nothing, ``why``
    and ``rule`` the reason for that, or what is in the way. ``remark`` is what else to know.
    ``since`` is the first page of the
    unbroken run that lists the version. ``instances`` is empty for devices, ``regions`` where no
    limit is known, ``image`` where no table has one.
    """

    target: str
    kind: str
    accelerator: str
    version: str
    verdict: TargetVerdict
    first: str
    why: str
    rule: str
    remark: str
    since: str
    path: CompilerPath | None
    instances: tuple[str, ...]
    regions: tuple[str, ...]
    image: str
    retired: str
    source: str

    @property
    def open(self) -> bool:
        return self.verdict in ("takes it", "after package")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadMap:
    """``elastic`` is the smallest accelerator of Elastic Inference that could hold the model;
    empty where none could. ``archive`` is False for a file that has to be packaged first."""

    path: str
    framework: str
    archive: bool
    model_bytes: int
    as_of: str
    elastic: str
    remark: str
    readings: tuple[Reading, ...]
    roads: tuple[Road, ...]

    @property
    def open(self) -> bool:
        return any(road.open for road in self.roads)


def roadmap(
    model: str | Path, *, target: str = "", target_class: str = "", as_of: str | None = None
) -> RoadMap:
    """Judge a model file, a directory or an archive for every target of the catalogue.

    The file is read once, and nothing in it is run. Raises what ``check`` raises for a file that
    cannot be read, and ``UsageError`` for a name or a date that no table has.
    """
    date_of(as_of, facts.snapshots()[0])
    kinds, chosen = kinds_of(target_class), target_of(target) if target else None
    if chosen and chosen.kind not in kinds:
        raise UsageError(
            f"{chosen.name} is not a target of class {target_class}", hint=f"it is {chosen.kind}"
        )
    subject = checking.read(Path(model), CheckOptions(as_of=as_of))
    judged = matrix(subject, CheckOptions(as_of=as_of))
    archive = subject.scanned is not None
    size = sum(entry.size for entry in subject.contents.entries)
    return RoadMap(
        path=str(model),
        framework=judged.framework,
        archive=archive,
        model_bytes=size,
        as_of=judged.facts_as_of,
        elastic=_smallest(size),
        remark=judged.remark,
        readings=readings((target, chosen.name if chosen else "")),
        roads=tuple(
            _road(cell, of, judged.framework, as_of, archive=archive)
            for cell, of in _pairs(judged.cells)
            if of.kind in kinds and (chosen is None or of.name == chosen.name)
        ),
    )


def _pairs(cells: tuple[Cell, ...]) -> Iterator[tuple[Cell, Target]]:
    for cell in cells:
        yield cell, facts.target(cell.target)


def _road(cell: Cell, target: Target, framework: str, as_of: str | None, *, archive: bool) -> Road:
    support = facts.support(framework, target, as_of)
    image = images.image_row(framework, target)
    return Road(
        target=target.name,
        kind=target.kind,
        accelerator=target.accelerator,
        version=cell.version,
        verdict=cell.verdict,
        first=_first(cell, framework, archive=archive),
        why=cell.why,
        rule=cell.rule,
        remark=cell.remark,
        since=taken_since(framework, target, cell.version, as_of) if support else "",
        path=facts.compiler_path(framework, target, cell.version) if support else None,
        instances=hosting.instances(target),
        regions=facts.regions(target),
        image=image.repository if image else "",
        retired=target.retired,
        source=support.source if support else target.source,
    )


def _first(cell: Cell, framework: str, *, archive: bool) -> str:
    """What has to be done before the job: by a command, or by what the call says."""
    if cell.verdict == "after package" or (cell.verdict == "takes it" and not archive):
        return "neopack package" if framework in frameworks.names() else "neopack check --fix"
    by_call = cell.verdict == "takes it" and "call" in mended_by(cell.rule)
    return "an argument of the call" if by_call else ""


def _smallest(size: int) -> str:
    try:
        return support.ei(model_bytes=size).smallest
    except Unsupported:
        return ""
