"""The container image that serves a compiled model, and where it lies."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from neopack import facts
from neopack.catalog.names import (
    Asked,
    Reading,
    around,
    framework_of,
    readings,
    region_of,
    target_of,
)
from neopack.errors import Unsupported, UsageError
from neopack.facts import accounts, images, versions
from neopack.facts.elastic import elastic_images
from neopack.facts.rows import facts_file
from neopack.types import Target

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
    if found.kind == "eia":
        made = _elastic(asked, found, region, python)
    else:
        made = _plain(asked, found, region)
    given = (asked.reading_of(framework), (target, found.name), (region, made.region))
    return dataclasses.replace(made, readings=readings(*given))


def _plain(asked: Asked, target: Target, region: str) -> Image:
    row = images.image_row(asked.framework, target)
    if row is None:
        why = "it serves no endpoint" if target.kind in ("edge", "platform") else _others(target)
        what = f"no table has an image of {asked.framework} for {target.name}"
        raise Unsupported(what, hint=why)
    place = region_of(region, row.registry)
    serving = row.serving(asked.version) if asked.version else row.versions[-1]
    if not serving:
        raise Unsupported(_unserved(asked, target), hint=_nearby(asked, row))
    holder = accounts.account(place, row.registry)
    tag, given = row.tag_of(serving, target), row.tag_of(asked.version or serving, target)
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


def _others(target: Target) -> str:
    rows = [row for row in images.image_rows() if target.kind in row.scope.kinds]
    names = dict.fromkeys(name for row in rows for name in row.scope.frameworks)
    return f"there are images of {', '.join(names)}" if names else "there is no image for it"


def _unserved(asked: Asked, target: Target) -> str:
    return f"{asked.framework} {asked.version} was never listed with an image for {target.name}"


def _nearby(asked: Asked, row: images.ImageRow) -> str:
    below, above = around(asked.version, row.versions)
    return " and ".join(f"{v} has one" for v in (below, above) if v)


def _remarks(row: images.ImageRow, target: Target, region: str) -> tuple[str, ...]:
    compiles = facts.regions(target)
    only = facts_file("images").texts("sdk_only")
    said = (
        row.note,
        "the region is in the SDK's table only, not in the guide's"
        if row.registry == accounts.NEO and region in only
        else "",
        f"Neo compiles for {target.name} in {', '.join(compiles)} only"
        if compiles and region not in compiles
        else "",
    )
    return tuple(remark for remark in said if remark)


def _elastic(asked: Asked, target: Target, region: str, python: str) -> Image:
    rows = [row for row in elastic_images() if row.framework == asked.framework]
    if not rows:
        known = ", ".join(dict.fromkeys(row.framework for row in elastic_images()))
        what = f"no table has an image of {asked.framework} for {target.name}"
        raise Unsupported(what, hint=f"there are images of {known}")
    listed = [version for row in rows for version in row.versions]
    fitting = [v for v in listed if not asked.version or versions.same(asked.version, v)]
    if not fitting:
        below, above = around(asked.version, listed)
        near = " and ".join(f"{v} has one" for v in (below, above) if v)
        raise Unsupported(_unserved(asked, target), hint=near)
    serving = fitting[-1]
    row = next(row for row in rows if serving in row.versions)
    place = region_of(region, row.registry)
    if place not in row.regions:
        raise Unsupported(
            f"{row.repository} {serving} is not in {place}",
            hint=f"it is in {', '.join(row.regions)}",
        )
    if row.pythons and python not in row.pythons:
        raise UsageError(
            f"{row.repository} {serving} has no {python}", hint=f"it has {', '.join(row.pythons)}"
        )
    holder = accounts.account(place, row.registry)
    return Image(
        framework=asked.framework,
        version=asked.version,
        target=target.name,
        region=place,
        uri=accounts.address(holder, place, row.repository, row.tag(serving, python)),
        account=holder,
        repository=row.repository,
        tag=row.tag(serving, python),
        family="elastic",
        served_by=serving,
        sdk_uri=accounts.address(
            holder, place, row.repository, row.tag(asked.version or serving, python)
        ),
        remarks=(target.retired,),
        readings=(),
        as_of=row.as_of,
        source=row.source,
    )
