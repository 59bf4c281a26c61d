"""Host an artifact behind an endpoint, if target, instance and image fit together."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from neopack import facts
from neopack.archive.read import ArchiveScan, MemberSource, scan
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.artifacts.emulated import EmulatedMark
from neopack.artifacts.own_names import MANIFEST, MARK, own_member
from neopack.errors import NeopackError, SourceError
from neopack.facts import Handler
from neopack.facts.images import inference_image
from neopack.serving.container import Container
from neopack.serving.requirements import REQUIREMENTS, absent
from neopack.serving.script import CODE, ServingScript, program_of
from neopack.serving.scripted import ScriptedContainer
from neopack.values.log import Log
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["Hosted", "Variant", "hosted"]

Hosted: TypeAlias = Container | ScriptedContainer
LARGEST_TEXT = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The instance and the image of an endpoint."""

    image: str
    environment: Mapping[str, str]
    instance: str
    accelerator: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    target: Target
    framework: str
    signature: Signature | None = None


def hosted(artifact: Path, variant: Variant, log: Log) -> Hosted:
    """Load the artifact, or start the script in it. Raises ``NeopackError`` if it does not load,
    start or fit."""
    scanned = scan(artifact)
    compiled = _compiled(scanned)
    if compiled is not None:
        _refuse_misfit(compiled, variant)
    signature = compiled.signature if compiled else None
    script = _script(scanned, compiled, variant)
    if script is None:
        return Container(artifact, signature)
    return _scripted(artifact, replace(script, signature=signature), _warned(scanned, log))


def _scripted(artifact: Path, script: ServingScript, warning: str) -> ScriptedContainer:
    try:
        return ScriptedContainer(artifact, script)
    except NeopackError as error:
        raise NeopackError(f"{error}. {warning}" if warning else str(error)) from None


def _warned(scanned: ArchiveScan, log: Log) -> str:
    """The warning, also told, that packages which the container would install are absent here."""
    named = (name for name in scanned.file_names() if posixpath.normpath(name) == REQUIREMENTS)
    member = next(named, "")
    names = absent(_text(scanned, member).decode("utf-8", "replace")) if member else ()
    if not names:
        return ""
    warning = (
        f"{REQUIREMENTS} is not installed here, but by the container: install {', '.join(names)} "
        "beside neopack"
    )
    log.warn(warning)
    return warning


def _script(
    scanned: ArchiveScan, compiled: _Compiled | None, variant: Variant
) -> ServingScript | None:
    """The script that the container runs, or None if the archive lacks it."""
    handler = _handler(compiled, variant)
    if handler is None:
        return None
    program = program_of(handler, variant.environment)
    if CODE + program not in {posixpath.normpath(name) for name in scanned.file_names()}:
        return None
    return ServingScript(calls=handler.calls, program=program, environment=variant.environment)


def _handler(compiled: _Compiled | None, variant: Variant) -> Handler | None:
    """How the container calls a script; an image's name says it where nothing is compiled."""
    if compiled is not None:
        return facts.handler(compiled.framework, compiled.target)
    repository = _family(variant.image)[0]
    cloud = next(target for target in facts.targets() if target.kind == "cloud")
    names = (row.name for row in facts.frameworks() if row.name.lower() in repository)
    return next((facts.handler(name, cloud) for name in names), None)


def _compiled(scanned: ArchiveScan) -> _Compiled | None:
    """The properties from the marks in an artifact, or None without a mark."""
    where = scanned.path.name
    mark_name = own_member(MARK, scanned.file_names())
    if mark_name:
        mark = EmulatedMark.loads(_text(scanned, mark_name), where)
        return _Compiled(
            target=facts.target(mark.target), framework=mark.framework, signature=mark.signature
        )
    name = own_member(MANIFEST, scanned.file_names())
    if name:
        manifest = ArtifactManifest.loads(_text(scanned, name), where)
        return _Compiled(target=facts.target(manifest.target), framework=manifest.framework)
    return None


def _text(scanned: ArchiveScan, name: str) -> bytes:
    with MemberSource(scanned, name) as source:
        return source.read(0, min(source.size, LARGEST_TEXT))


def _refuse_misfit(compiled: _Compiled, variant: Variant) -> None:
    target = compiled.target
    family = target.name.replace("_", ".") + "."
    if target.kind in ("edge", "platform"):
        raise SourceError(
            f"a model compiled for {target.name} runs on the device, not on an endpoint"
        )
    if target.kind == "eia":
        if not variant.accelerator.startswith(family):
            raise SourceError(f"a model compiled for {target.name} needs an AcceleratorType")
        return
    if not variant.instance.startswith(family):
        raise SourceError(
            f"a model compiled for {target.name} runs on {family}*, not on {variant.instance}"
        )
    image = inference_image(compiled.framework, "", target, variant.region)
    if image and _family(image) != _family(variant.image):
        raise SourceError(
            f"the image {variant.image} does not serve {compiled.framework} compiled for "
            f"{target.name}; {image} does"
        )


def _family(image: str) -> tuple[str, str]:
    """The (repository, accelerator), which all versions of one image share."""
    repository, _, tag = image.rpartition("/")[2].partition(":")
    words = tag.split("-")
    return repository, words[1] if len(words) > 1 else ""
