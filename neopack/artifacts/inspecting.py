"""Recognize a file, a directory or an archive by its contents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neopack.archive.read import ArchiveScan, scan
from neopack.artifacts import load as artifacts
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.formats.compressed import is_packed
from neopack.formats.files import FolderFiles, limits_for
from neopack.formats.guard import Limits
from neopack.formats.source import FileSource
from neopack.formats.tar import TarEntry
from neopack.frameworks import unsupported
from neopack.frameworks.finding import find_model
from neopack.values.model import ModelInfo

__all__ = ["Inspection", "inspect_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """``form`` is the file format in words; ``entries`` are the members of an archive."""

    subject: str
    form: str
    info: ModelInfo | None = None
    entries: tuple[TarEntry, ...] = ()
    compiled: ArtifactManifest | None = None


def inspect_path(path: Path, limits: Limits) -> Inspection:
    limits = limits_for(path, limits)
    if path.is_file() and _is_archive(path):
        return _inspect_archive(path, limits)
    main, framework = find_model(path)
    with FileSource(main) as source:
        form = framework.recognize(source) or ""
    info = framework.read(FolderFiles(main.parent), main.name, limits)
    return Inspection(subject=path.name or str(path), form=form, info=info)


def _is_archive(path: Path) -> bool:
    with FileSource(path) as source:
        return is_packed(source)


def _inspect_archive(path: Path, limits: Limits) -> Inspection:
    scanned = scan(path, limits)
    if artifacts.is_compiled(scanned):
        opened = artifacts.open_archive(path, limits)
        return Inspection(
            subject=path.name,
            form="compiled archive",
            entries=scanned.entries,
            compiled=opened.compiled,
        )
    model = artifacts.find_model(scanned, limits)
    return Inspection(
        subject=path.name,
        form=f"archive with {model[1]}" if model else _without_model(scanned),
        info=model[2] if model else None,
        entries=scanned.entries,
    )


def _without_model(scanned: ArchiveScan) -> str:
    other = unsupported.among(scanned.file_names())
    return f"archive: {other.what}" if other else "archive without a model that neopack knows"
