"""What ``inspect`` saw: a model, or an archive with what is in it."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.formats.tar import TarEntry
from neopack.values.model import ModelInfo

__all__ = ["Inspected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """``form`` is what the bytes are, in words; ``entries`` are an archive's members."""

    subject: str
    form: str
    info: ModelInfo | None = None
    entries: tuple[TarEntry, ...] = ()
    compiled: ArtifactManifest | None = None
