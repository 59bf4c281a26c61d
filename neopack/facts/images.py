"""The container image that serves a compiled model, by table: ``images.toml``, ``accounts.toml``.

DescribeCompilationJob.InferenceImage is to be preferred wherever a job has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neopack.facts import elastic, versions
from neopack.facts.accounts import NEO, account, address
from neopack.facts.rows import Row, Scope, facts_file
from neopack.types import Target

__all__ = [
    "ImageRow",
    "image_row",
    "image_rows",
    "inference_image",
]

TAG = "{version}-{processor}-py3"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow:
    """A repository and the versions it has images of, oldest first.

    ``aliases`` are versions that another's image serves; models of ``up_to`` or older are served
    where it is stated. ``registry`` names the table of accounts.
    """

    scope: Scope
    repository: str
    versions: tuple[str, ...]
    family: str
    tag: str = TAG
    aliases: Mapping[str, str]
    up_to: str = ""
    registry: str = NEO
    note: str = ""
    as_of: str
    source: str

    def serving(self, version: str) -> str:
        """The version whose image serves a model's; empty where none is said to."""
        if version in self.aliases:
            return self.aliases[version]
        same = [each for each in self.versions if versions.same(version, each)]
        if same:
            return same[-1]
        older = bool(self.up_to) and versions.at_most(version, self.up_to)
        return self.versions[-1] if older or self.versions == ("latest",) else ""

    def tag_of(self, version: str, target: Target) -> str:
        words = facts_file("images").table("processors")
        processor = words.text(target.accelerator or "none", "cpu")
        return self.tag.format(version=version, processor=processor)


def image_rows() -> tuple[ImageRow, ...]:
    data = facts_file("images")
    return tuple(_row(row, data) for row in data.tables("image"))


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


def image_row(framework: str, target: Target) -> ImageRow | None:
    """The repository for a framework on a target; None: edge devices, platforms."""
    return next((row for row in image_rows() if row.scope.fits(target, framework)), None)


def inference_image(framework: str, version: str, target: Target, region: str) -> str:
    """The image's whole address; empty where no table has one: edge devices, platforms, other
    regions. A version that has no image of its own is served by the newest one."""
    if target.kind == "eia":
        return elastic.address_of(framework, version, region)
    row = image_row(framework, target)
    holder = account(region, row.registry) if row else ""
    if row is None or not holder:
        return ""
    serving = row.serving(version) or row.versions[-1]
    return address(holder, region, row.repository, row.tag_of(serving, target))
