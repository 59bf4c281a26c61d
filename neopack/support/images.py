"""The container image that serves a compiled model, and where it lies."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from neopack import facts
from neopack.errors import Unsupported, UsageError
from neopack.facts import accounts, images
from neopack.facts.rows import facts_file
from neopack.support.names import (
    FrameworkQuery,
    Reading,
    around,
    framework_of,
    readings,
    region_of,
    target_of,
)
from neopack.values.target import Target

__all__ = ["Image", "image"]

ALGORITHM = "IMAGE_CLASSIFICATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """``served_by`` is the version of the image, ``sdk_uri`` what the SageMaker SDK writes, which
    keeps the version as it was given; ``family`` framework, neo, neuronx, algorithm or elastic."""

    framework: str
    version: str
    target: str
    region: str
    uri: str
    account: str
    repository: str
    tag: str
    family: str
    served_by: str
    sdk_uri: str
    remarks: tuple[str, ...]
    readings: tuple[Reading, ...]
    as_of: str
    source: str


def image(
    framework: str, version: str = "", *, target: str, region: str, python: str = "py3"
) -> Image:
    """The image for a framework's version on a target in a region; no version: the newest.

    ``python`` (py2 or py3) counts for old images of Elastic Inference only. DescribeCompilationJob
    names the image of a job: prefer that. Raises ``Unsupported`` where no table has an image,
    ``UsageError`` for a name or a region that none has.
    """
    asked = framework_of(framework, version, also=(ALGORITHM,))
    found = target_of(target)
    made = _made(asked, found, region, python)
    given = (asked.reading_of(framework), (target, found.name), (region, made.region))
    return dataclasses.replace(made, readings=readings(*given))


def _made(asked: FrameworkQuery, target: Target, region: str, python: str) -> Image:
    row = _row(asked, target)
    place = region_of(region, row.registry)
    serving = row.serving(asked.version) if asked.version else row.versions[-1]
    _refuse_absent(row, serving, place, python)
    holder = accounts.account(place, row.registry)
    tag = row.tag_of(serving, target, python)
    given = row.tag_of(asked.version or serving, target, python)
    named = "latest" in row.versions or row.up_to
    return Image(
        framework=asked.framework,
        version=asked.version,
        target=target.name,
        region=place,
        uri=accounts.address(holder, place, row.repository, tag),
        account=holder,
        repository=row.repository,
        tag=tag,
        family=row.family,
        served_by=serving,
        sdk_uri=accounts.address(holder, place, row.repository, tag if named else given),
        remarks=_remarks(row, target, place),
        readings=(),
        as_of=row.as_of,
        source=row.source,
    )


def _row(asked: FrameworkQuery, target: Target) -> images.ImageRow:
    row = images.image_row(asked.framework, target, asked.version)
    if row is None:
        why = "it serves no endpoint" if target.kind in ("edge", "platform") else _others(target)
        what = f"no table has an image of {asked.framework} for {target.name}"
        raise Unsupported(what, hint=why)
    if asked.version and not row.serving(asked.version):
        what = f"{asked.framework} {asked.version} was never listed with an image"
        raise Unsupported(f"{what} for {target.name}", hint=_nearby(asked, target))
    return row


def _refuse_absent(row: images.ImageRow, serving: str, place: str, python: str) -> None:
    image = f"{row.repository} {serving}"
    if row.regions and place not in row.regions:
        there = ", ".join(row.regions)
        raise Unsupported(f"{image} is not in {place}", hint=f"it is in {there}")
    if row.pythons and python not in row.pythons:
        raise UsageError(f"{image} has no {python}", hint=f"it has {', '.join(row.pythons)}")


def _others(target: Target) -> str:
    rows = [row for row in images.image_rows() if target.kind in row.scope.kinds]
    names = dict.fromkeys(name for row in rows for name in row.scope.frameworks)
    return f"there are images of {', '.join(names)}" if names else "there is no image for it"


def _nearby(asked: FrameworkQuery, target: Target) -> str:
    listed = [v for row in images.rows_for(asked.framework, target) for v in row.versions]
    below, above = around(asked.version, listed)
    return " and ".join(f"{v} has one" for v in (below, above) if v)


def _remarks(row: images.ImageRow, target: Target, region: str) -> tuple[str, ...]:
    compiles = facts.regions(target)
    only = facts_file("images").texts("sdk_only")
    said = (
        row.note,
        target.retired,
        "the region is in the SDK's table only, not in the guide's"
        if row.registry == accounts.NEO and region in only
        else "",
        f"Neo compiles for {target.name} in {', '.join(compiles)} only"
        if compiles and region not in compiles
        else "",
    )
    return tuple(remark for remark in said if remark)
