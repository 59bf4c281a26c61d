"""What ``inspect`` saw: a model, or an archive with what is in it."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.artifacts.manifest import ArtifactManifest
from neopack.types import ModelInfo
from neopack.wire.tar import TarEntry

__all__ = ["Inspected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """``form`` is what the bytes are, in words; ``entries`` are an archive's members."""

    subject: str
    form: str
    info: ModelInfo | None = None
    entries: tuple[TarEntry, ...] = ()
    compiled: ArtifactManifest | None = None
