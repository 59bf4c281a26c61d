"""The container image that serves a compiled model: ``images.toml``, ``elastic.toml``,
``accounts.toml``.

Prefer DescribeCompilationJob.InferenceImage if a job has one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from neopack import versions
from neopack.facts.accounts import NEO, account, address
from neopack.facts.elastic import ElasticImage, elastic_images
from neopack.facts.rows import Row, Scope, facts_file
from neopack.values.target import Target

__all__ = [
    "ImageRow",
    "image_row",
    "image_rows",
    "inference_image",
    "rows_for",
    "sdk_only_regions",
]

PYTHON = "py3"
TAG = "{version}-{processor}-py3"
ELASTIC_TAG = "{version}-cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow:
    """A repository and the versions of its images, oldest first.

    ``aliases`` are versions that another version's image serves. If ``up_to`` is set, models of
    that version or older are served. ``registry`` names the table of accounts; ``regions`` are
    those with the image (empty: all of the table). ``pythons`` is set if a version has an image
    for each Python. ``others`` says whether a version that is not listed gets the newest image,
    as with Neo's containers.
    """

    scope: Scope
    repository: str
    versions: tuple[str, ...]
    family: str
    tag: str = TAG
    aliases: Mapping[str, str] = field(default_factory=dict)
    up_to: str = ""
    registry: str = NEO
    regions: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    others: bool = True
    note: str = ""
    as_of: str
    source: str

    def serving(self, version: str) -> str:
        """Return the version whose image serves a model of ``version``, or "" if there is none."""
        if version in self.aliases:
            return self.aliases[version]
        same = [listed for listed in self.versions if versions.same(version, listed)]
        if same:
            return same[-1]
        older = bool(self.up_to) and versions.at_most(version, self.up_to)
        return self.versions[-1] if older or self.versions == ("latest",) else ""

    def tag_of(self, version: str, target: Target, python: str = PYTHON) -> str:
        words = facts_file("images").table("processors")
        processor = words.text(target.accelerator or "none", "cpu")
        return self.tag.format(version=version, processor=processor, python=python)

    def holder(self, region: str) -> str:
        """Return the account that has the image in a region, or "" if there is none."""
        there = not self.regions or region in self.regions
        return account(region, self.registry) if there else ""


@cache
def image_rows() -> tuple[ImageRow, ...]:
    """Return the rows, for each framework and target in the order of versions."""
    data = facts_file("images")
    return (
        *(_row(row, data) for row in data.tables("image")),
        *(_elastic(image) for image in elastic_images()),
    )


def _row(row: Row, data: Row) -> ImageRow:
    return ImageRow(
        scope=Scope.of(row),
        repository=row.text("repository"),
        versions=row.texts("versions"),
        family=row.text("family"),
        tag=row.text("tag", TAG),
        aliases=row.words("aliases"),
        up_to=row.text("up_to", ""),
        registry=row.text("registry", NEO),
        note=row.text("note", ""),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )


def _elastic(image: ElasticImage) -> ImageRow:
    return ImageRow(
        scope=Scope(kinds=("eia",), frameworks=(image.framework,)),
        repository=image.repository,
        versions=image.versions,
        family="elastic",
        tag=ELASTIC_TAG + "-{python}" if image.pythons else ELASTIC_TAG,
        others=False,
        registry=image.registry,
        regions=image.regions,
        pythons=image.pythons,
        as_of=image.as_of,
        source=image.source,
    )


def rows_for(framework: str, target: Target) -> Sequence[ImageRow]:
    """Return the repositories for a framework on a target, oldest first; empty for edge devices
    and platforms."""
    return [row for row in image_rows() if row.scope.fits(target, framework)]


def image_row(framework: str, target: Target, version: str = "") -> ImageRow | None:
    """Return the repository for a framework's version on a target, or None if there is none.

    Without a version, or for an unlisted one, that is the newest repository.
    """
    rows = rows_for(framework, target)
    serving = [row for row in rows if version and row.serving(version)]
    return next(reversed(serving or rows), None)


def inference_image(framework: str, version: str, target: Target, region: str) -> str:
    """Return the address of the image, or "" if no table has one: for edge devices, platforms,
    other regions. A version without an image of Neo's own gets the newest one."""
    row = image_row(framework, target, version)
    holder = row.holder(region) if row else ""
    if row is None or not holder:
        return ""
    newest = row.versions[-1] if row.others or not version else ""
    serving = row.serving(version) or newest
    if not serving:
        return ""
    return address(holder, region, row.repository, row.tag_of(serving, target))


def sdk_only_regions() -> tuple[str, ...]:
    """The regions that are in the SDK's table of accounts, and not in the guide's."""
    return facts_file("images").texts("sdk_only")
