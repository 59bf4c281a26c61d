"""The container image that serves a compiled model, and its address."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from neopack import facts
from neopack.errors import Unsupported, UsageError
from neopack.facts import accounts, images
from neopack.facts.notices import notices_for
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
    """``served_by`` is the version of the image. ``sdk_uri`` is the address that the SageMaker SDK
    would write, with the version as requested. ``family`` is framework, neo, neuronx, algorithm
    or elastic."""

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
    """Return the image for a framework version (default: the newest) on a target in a region.

    ``python`` (py2 or py3) matters only for old images of Elastic Inference. Prefer the image
    that DescribeCompilationJob names for a job. Raises ``Unsupported`` if no table has an image,
    ``UsageError`` for a name or a region that no table has.
    """
    query = framework_of(framework, version, also=(ALGORITHM,))
    device = target_of(target)
    image = _image(query, device, region, python)
    pairs = (query.reading_of(framework), (target, device.name), (region, image.region))
    return dataclasses.replace(image, readings=readings(*pairs))


def _image(query: FrameworkQuery, target: Target, region: str, python: str) -> Image:
    row = _row(query, target)
    place = region_of(region, row.registry)
    serving = row.serving(query.version) if query.version else row.versions[-1]
    _refuse_absent(row, serving, place, python)
    holder = accounts.account(place, row.registry)
    tag = row.tag_of(serving, target, python)
    requested = row.tag_of(query.version or serving, target, python)
    fixed = "latest" in row.versions or row.up_to
    return Image(
        framework=query.framework,
        version=query.version,
        target=target.name,
        region=place,
        uri=accounts.address(holder, place, row.repository, tag),
        account=holder,
        repository=row.repository,
        tag=tag,
        family=row.family,
        served_by=serving,
        sdk_uri=accounts.address(holder, place, row.repository, tag if fixed else requested),
        remarks=_remarks(row, target, place, query.framework),
        readings=(),
        as_of=row.as_of,
        source=row.source,
    )


def _row(query: FrameworkQuery, target: Target) -> images.ImageRow:
    row = images.image_row(query.framework, target, query.version)
    if row is None:
        why = (
            "this target has no endpoints"
            if target.kind in ("edge", "platform")
            else _others(target)
        )
        message = f"no table has an image of {query.framework} for {target.name}"
        raise Unsupported(message, hint=why)
    if query.version and not row.serving(query.version):
        message = f"{query.framework} {query.version} was never listed with an image"
        raise Unsupported(f"{message} for {target.name}", hint=_nearby(query, target))
    return row


def _refuse_absent(row: images.ImageRow, serving: str, place: str, python: str) -> None:
    image = f"{row.repository} {serving}"
    if row.regions and place not in row.regions:
        there = ", ".join(row.regions)
        raise Unsupported(f"{image} is not in {place}", hint=f"it is in {there}")
    if row.pythons and python not in row.pythons:
        raise UsageError(f"{image} lacks {python}", hint=f"it has {', '.join(row.pythons)}")


def _others(target: Target) -> str:
    rows = [row for row in images.image_rows() if target.kind in row.scope.kinds]
    names = dict.fromkeys(name for row in rows for name in row.scope.frameworks)
    return f"there are images of {', '.join(names)}" if names else "there is no image for it"


def _nearby(query: FrameworkQuery, target: Target) -> str:
    tags = [v for row in images.rows_for(query.framework, target) for v in row.versions]
    below, above = around(query.version, tags)
    return " and ".join(f"{v} has one" for v in (below, above) if v)


def _remarks(row: images.ImageRow, target: Target, region: str, framework: str) -> tuple[str, ...]:
    compiles = facts.regions(target)
    only = images.sdk_only_regions()
    remarks = (
        row.note,
        target.retired,
        *(notice.line for notice in notices_for(target, framework)),
        "the region is only in the SDK's table, not in the guide's"
        if row.registry == accounts.NEO and region in only
        else "",
        f"Neo compiles for {target.name} only in {', '.join(compiles)}"
        if compiles and region not in compiles
        else "",
    )
    return tuple(remark for remark in remarks if remark)
