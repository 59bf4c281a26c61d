"""Open an archive, compiled or not, and load its model from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack.archive.manifest import manifest_of, manifest_path
from neopack.archive.read import ArchiveFiles, ArchiveScan, MemberSource, extract_member, scan
from neopack.artifacts.compiled_manifest import ArtifactManifest, beside
from neopack.artifacts.guarded import GuardedRunner, failures_explained
from neopack.artifacts.model_cache import CachePlace
from neopack.artifacts.own_names import MANIFEST, own_member
from neopack.errors import (
    Malformed,
    NeopackError,
    SourceError,
    Unsafe,
    Unsupported,
    UsageError,
)
from neopack.facts.framework_table import has_free_rows
from neopack.formats.files import limits_for
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.frameworks import Framework
from neopack.frameworks import registry as frameworks
from neopack.outputs.atomic import writing
from neopack.outputs.staging import staging_directory
from neopack.processes.at_once import check_count
from neopack.spelling import nearest_file
from neopack.values.artifact import Runner
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature

__all__ = [
    "Loading",
    "OpenedArchive",
    "extract",
    "find_model",
    "is_compiled",
    "job_manifest",
    "load_cached",
    "load_opened",
    "member_names",
    "open_archive",
    "refuse_changed",
    "refuse_unsafe",
    "require_file",
    "unpack",
]


# kinds of a job's artifact whose model is unchanged, or compiled by a local engine
RUNS_HERE = frozenset({"emulated", "not compiled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedArchive:
    """An archive and its contents. ``compiled`` is None if it is not compiled."""

    scan: ArchiveScan
    compiled: ArtifactManifest | None
    framework: str
    model: str
    signature: Signature

    @property
    def engine(self) -> str:
        """The engine that compiled it, or else the framework; either runs it."""
        return self.compiled.engine if self.compiled else self.framework

    @property
    def precision(self) -> str:
        return self.compiled.precision if self.compiled else "fp32"


def open_archive(
    path: Path, limits: Limits = DEFAULT_LIMITS, *, signature: Signature | None = None
) -> OpenedArchive:
    """Scan ``path`` and recognize its model. Pass ``signature`` for an archive without manifest.

    Raises ``SourceError`` if nothing in it can run, ``Unsafe`` for suspicious members.
    """
    require_file(path)
    limits = limits_for(path, limits)
    scanned = scan(path, limits)
    refuse_unsafe(scanned)
    name = own_member(MANIFEST, scanned.file_names())
    if name:
        where = f"{path.name}:{name}"
        compiled = ArtifactManifest.loads(_whole(scanned, name, limits), where, limits)
        return OpenedArchive(
            scan=scanned,
            compiled=compiled,
            framework=compiled.framework,
            model="",
            signature=compiled.signature,
        )
    return _uncompiled(scanned, limits, signature)


def require_file(path: Path) -> None:
    if path.is_dir():
        raise SourceError("is a directory", where=str(path), hint="name the .tar.gz in it")
    if not path.is_file():
        hint = nearest_file(path, "neopack package writes one")
        raise SourceError("no such file", where=str(path), hint=hint)


def refuse_unsafe(scanned: ArchiveScan, where: str = "") -> None:
    """Refuse members that no packaging tool writes, although nothing is unpacked by name."""
    names: set[str] = set()
    for entry in scanned.entries:
        why = ""
        if entry.is_root:
            continue
        if entry.name.startswith("/") or ".." in entry.name.split("/"):
            why = "leads outside the archive"
        elif entry.kind not in ("file", "directory"):
            why = f"is not a file but a {entry.kind}"
        elif entry.kind == "file" and entry.name in names:
            why = "occurs twice"
        if why:
            raise Unsafe(
                f"member {entry.name!r} {why}",
                where=where or str(scanned.path),
                hint="neopack check lists everything that is wrong with it",
            )
        names.add(entry.name)


def job_manifest(scanned: ArchiveScan) -> ArtifactManifest | None:
    """Return the manifest beside a job's artifact, or None if it belongs to another file."""
    path = beside(scanned.path)
    if not path.is_file():
        return None
    manifest = ArtifactManifest.loads(path.read_bytes(), str(path))
    return manifest if manifest.archive_sha256 == scanned.sha256 else None


def is_compiled(scanned: ArchiveScan) -> bool:
    return bool(own_member(MANIFEST, scanned.file_names()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How a model is loaded: ``threads`` that it computes with, ``streams`` that it computes in at
    once; None: the engine's own choice. ``cache`` is for artifacts that ``load`` loads again."""

    threads: int | None = None
    streams: int | None = None
    cache: CachePlace | None = None

    def __post_init__(self) -> None:
        # only threads are an option of commands
        for name, value in (("--threads", self.threads), ("streams", self.streams)):
            if value is not None:
                check_count(name, value)


def load_opened(
    opened: OpenedArchive,
    *,
    threads: int | None = None,
    streams: int | None = None,
    cache: CachePlace | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Runner:
    """Load the model. Raises ``Unsupported`` for ``streams`` where its engine has none."""
    loading = Loading(threads=threads, streams=streams, cache=cache)
    with failures_explained(opened.engine, opened.scan.path.name, "load"):
        runner = _loaded(opened, loading, limits)
    return GuardedRunner(runner, opened.engine, opened.scan.path.name)


def load_cached(manifest: ArtifactManifest, archive: str, loading: Loading) -> Runner:
    """Load from the members that ``loading.cache`` has, whose manifest is ``manifest``."""
    with failures_explained(manifest.engine, archive, "load"):
        runner = _by_engine(manifest, archive, None, loading)
    return GuardedRunner(runner, manifest.engine, archive)


def _loaded(opened: OpenedArchive, loading: Loading, limits: Limits) -> Runner:
    if opened.compiled is not None:
        return _load_compiled(opened, opened.compiled, loading, limits)
    if loading.streams is not None:
        raise Unsupported(
            "an archive that is not compiled has no streams", hint="neopack compile it first"
        )
    archived = ArchiveFiles(opened.scan, limits)
    framework = frameworks.of_neo(opened.framework)
    return framework.runner(archived, opened.model, opened.signature, loading.threads)


def _load_compiled(
    opened: OpenedArchive, compiled: ArtifactManifest, loading: Loading, limits: Limits
) -> Runner:
    """Load from the cache, or temporary files: an engine reads them itself, and maps those that it
    keeps."""
    from neopack.engines import registry as engines

    def unpacked(name: str, path: Path) -> None:
        extract(opened.scan, name, path, limits)

    archive = opened.scan.path.name
    refuse_changed(opened.scan, compiled)
    keeps = loading.cache is not None and engines.loads(compiled.engine, "cache")
    if keeps and loading.cache is not None and loading.cache.fill(compiled, unpacked):
        return _by_engine(compiled, archive, None, loading)
    with staging_directory() as folder:
        for name in compiled.members:
            unpacked(name, folder / name)
        return _by_engine(compiled, archive, folder, loading)


def _by_engine(
    compiled: ArtifactManifest, archive: str, folder: Path | None, loading: Loading
) -> Runner:
    """From ``folder``, or else from the cache."""
    from neopack.engines import registry as engines

    engine = engines.get(compiled.engine)
    engines.refuse_options(compiled.engine, compiled.options, archive)
    special: dict[str, Any] = {}
    if loading.streams is not None:
        if not engines.loads(compiled.engine, "streams"):
            raise Unsupported(f"{compiled.engine} has no streams", hint="load it without")
        special["streams"] = loading.streams
    if folder is None:
        assert loading.cache is not None  # noqa: S101 - one of both is there
        folder = special["cache"] = loading.cache.folder
    signature, options = compiled.signature, compiled.options
    return engine.load(folder, signature, options, loading.threads, **special)


def refuse_changed(scanned: ArchiveScan, compiled: ArtifactManifest) -> None:
    """Raise ``Malformed`` unless all members are there, as the engine wrote them."""
    missing = set(compiled.members) - set(scanned.file_names())
    if missing:
        raise Malformed(f"lacks {min(missing)!r}", where=scanned.path.name)
    for name in compiled.members:
        if compiled.digests.get(name, scanned.digests[name]) != scanned.digests[name]:
            raise Malformed(
                f"{name!r} is not what {compiled.engine} compiled: its SHA-256 is another one",
                where=scanned.path.name,
                hint="compile the archive again",
            )


def unpack(opened: OpenedArchive, into: Path, limits: Limits = DEFAULT_LIMITS) -> Path:
    """Write the model and its parts under ``into``, at the same relative paths as in the archive,
    which ``open_archive`` has checked. Return the path of the main file."""
    framework = frameworks.of_neo(opened.framework)
    for name in (opened.model, *framework.parts(opened.scan.file_names(), opened.model)):
        extract(opened.scan, name, into / name, limits)
    return into / opened.model


def member_names(opened: OpenedArchive, into: Path) -> tuple[str, ...]:
    """The names of all members, in the archive's order; make its directories under ``into``."""
    entries = [entry for entry in opened.scan.entries if not entry.is_root]
    for entry in entries:
        if entry.kind == "directory":
            (into / entry.name).mkdir(parents=True, exist_ok=True)
    return tuple(entry.name for entry in entries)


def extract(scanned: ArchiveScan, name: str, path: Path, limits: Limits) -> None:
    """Write one member to ``path``, which may be in a folder that is not there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path):
        extract_member(scanned, name, path, limits)


def find_model(
    scanned: ArchiveScan, limits: Limits = DEFAULT_LIMITS, *, framework: str | None = None
) -> tuple[Framework, str, ModelInfo] | None:
    """Return the first member, by name, that a framework recognizes as its packaged form; that
    ``framework`` alone, if it is given."""
    files = ArchiveFiles(scanned, limits)
    for match in frameworks.find(files):
        if match.packaged and framework in (None, match.framework.name):
            info = match.framework.read(files, match.model, limits)
            return match.framework, match.model, info
    return None


def _uncompiled(
    scanned: ArchiveScan, limits: Limits, signature: Signature | None
) -> OpenedArchive:
    job = job_manifest(scanned)
    if job is not None and job.job is not None:
        if job.job.kind not in RUNS_HERE:
            raise Unsupported(
                f"SageMaker Neo compiled it for {job.target}: only its containers run it",
                where=str(scanned.path),
                hint="neopack deploy serves it",
            )
        signature = signature or job.signature
    model = find_model(scanned, limits)
    if model is None:
        raise frameworks.nothing_found(
            ArchiveFiles(scanned, limits),
            str(scanned.path),
            hint="neopack check says what is in it",
        )
    framework, name, info = model
    manifest = manifest_of(scanned.path, scanned.content_sha256)
    # who gives a signature may leave the rows of a request free
    fixed_from = 0 if signature is None else 1
    signature = manifest.signature if manifest else signature or info.signature
    if signature is not None and has_free_rows(framework.name):
        signature, fixed_from = signature.with_free_rows(), 1
    if signature is None or any(None in spec.shape[fixed_from:] for spec in signature.inputs):
        raise _shapes_unknown(scanned.path)
    return OpenedArchive(
        scan=scanned, compiled=None, framework=framework.name, model=name, signature=signature
    )


def _shapes_unknown(path: Path) -> NeopackError:
    if manifest_path(path).is_file():
        return Malformed(
            "the manifest beside it belongs to another archive",
            where=str(path),
            hint="package the model again",
        )
    return UsageError(
        "the shapes of its inputs are unknown",
        where=str(path),
        hint="keep the .neopack.json that package wrote beside it",
    )


def _whole(scanned: ArchiveScan, name: str, limits: Limits) -> bytes:
    with MemberSource(scanned, name, limits) as source:
        return source.read(0, source.size)
