"""What is known of where a file comes from: an artifact, the archive it was compiled from, and the
manifest that tells what that was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neopack.archive.manifest import Manifest, golden_path, manifest_path, read_manifest, stem
from neopack.archive.read import ArchiveScan, scan
from neopack.artifacts.compiled import artifact_manifest, look
from neopack.artifacts.compiled_manifest import ArtifactManifest, beside
from neopack.artifacts.load import job_manifest, refuse_unsafe, require_file
from neopack.formats.file_names import require_file_name
from neopack.formats.files import limits_for
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.values.subject import Subject

__all__ = [
    "BENCHMARK",
    "BOM",
    "SIGNATURE",
    "STATEMENT",
    "Lineage",
    "files_beside",
    "place_beside",
    "trace",
]

ENDING = ".neopack.json"
STATEMENT, BOM, SIGNATURE = ".provenance.json", ".cdx.json", ".sigstore.json"
# build writes it
BENCHMARK = ".bench.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Of ``path``, an archive or an artifact. ``compiled`` is an artifact's own manifest, None
    where it has none. ``archive`` is ``path`` itself, or what an artifact was compiled from; None
    where it is not here. ``manifest`` lies beside the archive."""

    path: Path
    scan: ArchiveScan
    is_artifact: bool
    compiled: ArtifactManifest | None = None
    archive: ArchiveScan | None = None
    manifest: Manifest | None = None

    @property
    def own_manifest(self) -> Manifest | None:
        """The manifest, if it is of this very archive, and an artifact was compiled from that."""
        archive, manifest = self.archive, self.manifest
        if archive is None or manifest is None:
            return None
        source = self.compiled.source_sha256 if self.compiled else ""
        own = manifest.archive.content_sha256 == archive.content_sha256
        return manifest if own and source in ("", archive.sha256) else None

    @property
    def subject(self) -> Subject:
        return Subject(path=str(self.path), bytes=self.scan.archive_bytes, sha256=self.scan.sha256)

    @property
    def what(self) -> str:
        return "artifact" if self.is_artifact else "archive"


def trace(path: Path, archive: Path | None = None, limits: Limits = DEFAULT_LIMITS) -> Lineage:
    """Read ``path`` and what lies beside it. ``archive`` is what an artifact was compiled from;
    by default the one beside it whose name its own begins with.

    Raises ``SourceError``, ``Malformed``, ``Unsafe`` and ``LimitExceeded`` as ``check`` does.
    """
    scanned = _scanned(path, limits)
    if look(scanned, None, limits) is None:
        return Lineage(
            path=path, scan=scanned, is_artifact=False, archive=scanned,
            manifest=read_manifest(path),
        )  # fmt: skip
    source = archive or _archive_beside(path)
    return Lineage(
        path=path,
        scan=scanned,
        is_artifact=True,
        # the emulator's artifacts have a manifest inside too, which does not name the job
        compiled=job_manifest(scanned) or artifact_manifest(scanned, limits),
        archive=_scanned(source, limits) if source is not None else None,
        manifest=read_manifest(source) if source is not None else None,
    )


def _scanned(path: Path, limits: Limits) -> ArchiveScan:
    require_file(path)
    scanned = scan(path, limits_for(path, limits))
    refuse_unsafe(scanned)
    return scanned


def _archive_beside(path: Path) -> Path | None:
    """``net.tar.gz`` beside ``net-ml_c5.tar.gz``, if it has a manifest; the longest such name."""
    names = sorted(
        (each.name.removesuffix(ENDING) for each in path.parent.glob(f"*{ENDING}")),
        key=len,
        reverse=True,
    )
    for name in names:
        manifest = path.with_name(f"{name}{ENDING}")
        if not stem(path).startswith(f"{name}-") or not manifest.is_file():
            continue
        found = read_manifest(path.with_name(f"{name}.tar.gz"))
        archive = path.with_name(found.archive.name) if found else None
        if archive is not None and archive.is_file():
            return archive
    return None


def place_beside(path: Path, ending: str) -> Path:
    """``net.cdx.json`` for ``net.tar.gz``."""
    return path.with_name(require_file_name(f"{stem(path)}{ending}", str(path)))


def files_beside(path: Path) -> tuple[Path, ...]:
    """The files that belong to ``path`` and are there, itself first; its signature does not."""
    known = (
        path,
        manifest_path(path),
        golden_path(path),
        beside(path),
        place_beside(path, STATEMENT),
        place_beside(path, BOM),
    )
    return tuple(each for each in known if each.is_file())
