"""Open an archive, compiled or not, and load what is in it: in memory, nothing is unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neopack.archive.manifest import read_manifest
from neopack.archive.read import ArchiveScan, MemberSource, scan
from neopack.artifacts.manifest import ARTIFACT_MANIFEST, ArtifactManifest
from neopack.errors import Malformed, NotRecognised, SourceError, UsageError
from neopack.frameworks import Framework
from neopack.frameworks import catalogue as frameworks
from neopack.types import ModelInfo, Runner, Signature
from neopack.wire.guard import DEFAULT_LIMITS, Limits

__all__ = ["Opened", "find_model", "load", "open_archive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An archive and what it holds. ``compiled`` is None for one that nobody compiled yet."""

    scan: ArchiveScan
    compiled: ArtifactManifest | None
    framework: str
    model: str
    signature: Signature

    @property
    def engine(self) -> str:
        """What runs it: the engine that compiled it, or the framework."""
        return self.compiled.engine if self.compiled else self.framework

    @property
    def precision(self) -> str:
        return self.compiled.precision if self.compiled else "fp32"


def open_archive(path: Path, limits: Limits = DEFAULT_LIMITS) -> Opened:
    """Scan ``path`` and say what it is. Raises ``SourceError`` where nothing in it can run."""
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    scanned = scan(path, limits)
    if ARTIFACT_MANIFEST in scanned.file_names():
        compiled = ArtifactManifest.loads(
            _whole(scanned, ARTIFACT_MANIFEST, limits), f"{path.name}:{ARTIFACT_MANIFEST}"
        )
        return Opened(
            scan=scanned,
            compiled=compiled,
            framework=compiled.framework,
            model="",
            signature=compiled.signature,
        )
    return _uncompiled(scanned, limits)


def load(path: Path, *, threads: int | None = None, limits: Limits = DEFAULT_LIMITS) -> Runner:
    """A runner for the archive at ``path``; only the archive and its engine are needed."""
    return load_opened(open_archive(path, limits), threads=threads, limits=limits)


def load_opened(
    opened: Opened, *, threads: int | None = None, limits: Limits = DEFAULT_LIMITS
) -> Runner:
    if opened.compiled is None:
        model = _whole(opened.scan, opened.model, limits)
        return frameworks.get(opened.framework).runner(model, opened.signature, threads)
    from neopack.engines import catalogue as engines

    lacking = set(opened.compiled.members) - set(opened.scan.file_names())
    if lacking:
        raise Malformed(f"lacks {sorted(lacking)[0]!r}", where=opened.scan.path.name)
    files = {name: _whole(opened.scan, name, limits) for name in opened.compiled.members}
    engine = engines.get(opened.compiled.engine)
    return engine.load(files, opened.signature, opened.compiled.options, threads)


def find_model(
    scanned: ArchiveScan, limits: Limits = DEFAULT_LIMITS
) -> tuple[Framework, str, ModelInfo] | None:
    """The first member, by name, that some framework recognises by its bytes and calls its own."""
    for name in sorted(scanned.file_names(), key=lambda n: (n.count("/"), n)):
        with MemberSource(scanned, name, limits) as source:
            try:
                framework, _ = frameworks.recognise(source)
            except NotRecognised:
                continue
            if name in framework.models([name]):
                return framework, name, framework.read(source, limits)
    return None


def _uncompiled(scanned: ArchiveScan, limits: Limits) -> Opened:
    found = find_model(scanned, limits)
    if found is None:
        raise NotRecognised(
            "holds no model that neopack knows",
            where=str(scanned.path),
            hint="neopack check says what is in it",
        )
    framework, name, info = found
    manifest = read_manifest(scanned.path)
    signature = manifest.signature if manifest else info.signature
    if signature is None or any(None in spec.shape for spec in signature.inputs):
        raise UsageError(
            "the shapes of its inputs are not known",
            where=str(scanned.path),
            hint="keep the .neopack.json that package wrote beside it",
        )
    return Opened(
        scan=scanned, compiled=None, framework=framework.name, model=name, signature=signature
    )


def _whole(scanned: ArchiveScan, name: str, limits: Limits) -> bytes:
    with MemberSource(scanned, name, limits) as source:
        return source.read(0, source.size)
