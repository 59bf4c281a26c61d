"""Host an artifact behind an endpoint, if target, instance and image fit together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from neopack import facts
from neopack.archive.read import scan
from neopack.errors import SourceError
from neopack.facts import Handler
from neopack.facts.images import inference_image
from neopack.serving.container import Container
from neopack.serving.hosting import (
    CompiledFor,
    cloud_handler,
    compiled_for,
    script_in,
    started,
)
from neopack.serving.scripted import ScriptedContainer
from neopack.values.log import Log

__all__ = ["Hosted", "Variant", "hosted"]

Hosted: TypeAlias = Container | ScriptedContainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The instance and the image of an endpoint."""

    image: str
    environment: Mapping[str, str]
    instance: str
    accelerator: str
    region: str


def hosted(artifact: Path, variant: Variant, log: Log) -> Hosted:
    """Load the artifact, or start the script in it. Raises ``NeopackError`` if it does not load,
    start or fit."""
    scanned = scan(artifact)
    compiled = compiled_for(scanned)
    if compiled is not None:
        _refuse_misfit(compiled, variant)
    signature = compiled.signature if compiled else None
    script = script_in(scanned, _handler(compiled, variant), variant.environment, signature)
    if script is None:
        return Container(artifact, signature)
    return started(scanned, script, log)


def _handler(compiled: CompiledFor | None, variant: Variant) -> Handler | None:
    """How the container calls a script; an image's name says it where nothing is compiled."""
    if compiled is not None:
        return facts.handler(compiled.framework, compiled.target)
    repository = _family(variant.image)[0]
    names = (row.name for row in facts.frameworks() if row.name.lower() in repository)
    return next((cloud_handler(name) for name in names), None)


def _refuse_misfit(compiled: CompiledFor, variant: Variant) -> None:
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
