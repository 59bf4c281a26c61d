"""The target of a compilation that names none: the project's, else the manifest's."""

from __future__ import annotations

from pathlib import Path

from neopack.archive.manifest import read_manifest
from neopack.artifacts.load import require_file
from neopack.errors import UsageError
from neopack.values.log import Log

__all__ = ["target_of"]


def target_of(archive: Path, project: tuple[str, ...], where: str, log: Log) -> str:
    """The one target that ``project``, what ``where`` says, names, else that the manifest beside
    ``archive`` does; told to ``log``. Raises ``UsageError`` where that is not exactly one."""
    require_file(archive)
    if len(project) > 1:
        raise UsageError(
            f"which target? {where} names {', '.join(project)}",
            hint="--target, once for each that is meant",
        )
    if project:
        log.note(f"target {project[0]} ({where})")
        return project[0]
    manifest = read_manifest(archive)
    if manifest is None or not manifest.target:
        raise UsageError(
            "which target? no manifest beside the archive names one",
            where=str(archive),
            hint="--target ml_c5; neopack targets lists all",
        )
    log.note(f"target {manifest.target} (the manifest's)")
    return manifest.target
