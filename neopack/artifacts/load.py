"""Open an archive, compiled or not, and load what is in it: in memory, nothing is unpacked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neopack.archive.manifest import manifest_of, manifest_path
from neopack.archive.read import ArchiveFiles, ArchiveScan, MemberSource, extract_member, scan
from neopack.artifacts.compiled_manifest import ARTIFACT_MANIFEST, ArtifactManifest, beside
from neopack.errors import (
    Malformed,
    NeopackError,
    SourceError,
    Unsafe,
    Unsupported,
    UsageError,
    first_line,
)
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.frameworks import Framework
from neopack.frameworks import registry as frameworks
from neopack.outputs.atomic import writing
from neopack.outputs.staging import staging_directory
from neopack.values.artifact import Array, Runner
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature

__all__ = [
    "LoadedModel",
    "OpenedArchive",
    "checked_inputs",
    "find_model",
    "is_compiled",
    "job_manifest",
    "load",
    "load_opened",
    "open_archive",
    "refuse_what_is_no_file",
    "unpack",
]


# kinds of a job's artifact in which the model is as it came, or a local engine's
RUNS_HERE = frozenset({"emulated", "not compiled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedArchive:
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


def open_archive(
    path: Path, limits: Limits = DEFAULT_LIMITS, *, signature: Signature | None = None
) -> OpenedArchive:
    """Scan ``path`` and say what it is; ``signature`` is that of an archive whose manifest is
    not at hand. Raises ``SourceError`` where nothing in it can run."""
    refuse_what_is_no_file(path)
    scanned = scan(path, limits)
    _refuse_unsafe(scanned)
    if is_compiled(scanned):
        compiled = ArtifactManifest.loads(
            _whole(scanned, ARTIFACT_MANIFEST, limits), f"{path.name}:{ARTIFACT_MANIFEST}"
        )
        return OpenedArchive(
            scan=scanned,
            compiled=compiled,
            framework=compiled.framework,
            model="",
            signature=compiled.signature,
        )
    return _uncompiled(scanned, limits, signature)


def refuse_what_is_no_file(path: Path) -> None:
    if path.is_dir():
        raise SourceError("is a directory", where=str(path), hint="name the .tar.gz in it")
    if not path.is_file():
        raise SourceError("no such file", where=str(path), hint="neopack package writes one")


def _refuse_unsafe(scanned: ArchiveScan) -> None:
    """What no honest tool packs is no model to run, even though nothing is unpacked by name."""
    seen: set[str] = set()
    for entry in scanned.entries:
        why = ""
        if entry.name.startswith("/") or ".." in entry.name.split("/"):
            why = "leads outside of the archive"
        elif entry.kind not in ("file", "directory"):
            why = f"is no file but a {entry.kind}"
        elif entry.kind == "file" and entry.name in seen:
            why = "is there twice"
        if why:
            raise Unsafe(
                f"member {entry.name!r} {why}",
                where=str(scanned.path),
                hint="neopack check says all that is wrong with it",
            )
        seen.add(entry.name)


def job_manifest(scanned: ArchiveScan) -> ArtifactManifest | None:
    """What lies beside an artifact that a job made; None where nothing of this archive does."""
    path = beside(scanned.path)
    if not path.is_file():
        return None
    manifest = ArtifactManifest.loads(path.read_bytes(), str(path))
    return manifest if manifest.archive_sha256 == scanned.sha256 else None


def is_compiled(scanned: ArchiveScan) -> bool:
    return ARTIFACT_MANIFEST in scanned.file_names()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """An archive in what runs it. ``predict`` takes and gives arrays by the signature's names."""

    archive: str
    engine: str
    precision: str
    signature: Signature
    runner: Runner = field(repr=False)

    def predict(self, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """Raises ``UsageError`` for inputs that the signature has not; others are cast to its
        dtypes."""
        return self.runner.predict(checked_inputs(self.signature, inputs))


def load(path: Path, *, threads: int | None = None) -> LoadedModel:
    """The archive at ``path``; only the archive and its engine are needed."""
    opened = open_archive(path)
    return LoadedModel(
        archive=path.name,
        engine=opened.engine,
        precision=opened.precision,
        signature=opened.signature,
        runner=load_opened(opened, threads=threads),
    )


def load_opened(
    opened: OpenedArchive, *, threads: int | None = None, limits: Limits = DEFAULT_LIMITS
) -> Runner:
    if threads is not None and threads < 1:
        raise UsageError(f"--threads {threads} is not positive")
    if opened.compiled is None:
        archived = ArchiveFiles(opened.scan, limits)
        framework = frameworks.of_neo(opened.framework)
        return framework.runner(archived, opened.model, opened.signature, threads)
    return _load_compiled(opened, opened.compiled, threads, limits)


def _load_compiled(
    opened: OpenedArchive, compiled: ArtifactManifest, threads: int | None, limits: Limits
) -> Runner:
    """By way of files that are gone afterwards: an engine reads them in its own way, and maps
    what it keeps."""
    from neopack.engines import registry as engines

    lacking = set(compiled.members) - set(opened.scan.file_names())
    if lacking:
        raise Malformed(f"lacks {min(lacking)!r}", where=opened.scan.path.name)
    engine = engines.get(compiled.engine)
    with staging_directory() as folder:
        for name in compiled.members:
            _extract(opened.scan, name, folder / name, limits)
        return engine.load(folder, opened.signature, compiled.options, threads)


def unpack(opened: OpenedArchive, into: Path, limits: Limits = DEFAULT_LIMITS) -> Path:
    """The model and its parts as files under ``into``, placed to each other as in the archive,
    whose names ``open_archive`` found safe. Returns the main file."""
    framework = frameworks.of_neo(opened.framework)
    for name in (opened.model, *framework.parts(opened.scan.file_names(), opened.model)):
        _extract(opened.scan, name, into / name, limits)
    return into / opened.model


def _extract(scanned: ArchiveScan, name: str, path: Path, limits: Limits) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path):
        extract_member(scanned, name, path, limits)


def checked_inputs(signature: Signature, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """``inputs`` as the signature has them: every name, its shape, cast to its dtype.

    Raises ``UsageError`` for a name missing or unknown, and for a shape that differs.
    """
    import numpy as np

    if not isinstance(inputs, Mapping):
        raise UsageError(f"inputs are a {type(inputs).__name__}", hint=_how(signature))
    wanted = {spec.name: spec for spec in signature.inputs}
    for name in (*inputs, *wanted):
        if name not in wanted or name not in inputs:
            what = "is not given" if name in wanted else "is not one of the model's"
            raise UsageError(f"input {name!r} {what}", hint=f"it takes {', '.join(wanted)}")
    try:
        arrays = {name: np.ascontiguousarray(inputs[name], wanted[name].dtype) for name in wanted}
    except (TypeError, ValueError) as error:
        raise UsageError(f"an input is no array of numbers: {first_line(error)}") from None
    for name, array in arrays.items():
        fits = len(array.shape) == len(wanted[name].shape) and all(
            dim in (None, size) for dim, size in zip(wanted[name].shape, array.shape, strict=True)
        )
        if not fits:
            raise UsageError(
                f"input {name!r} has shape {list(array.shape)}, not {list(wanted[name].shape)}"
            )
    return arrays


def _how(signature: Signature) -> str:
    given = ", ".join(f"{spec.name!r}: array of {list(spec.shape)}" for spec in signature.inputs)
    return f"give {{{given}}}"


def find_model(
    scanned: ArchiveScan, limits: Limits = DEFAULT_LIMITS
) -> tuple[Framework, str, ModelInfo] | None:
    """The first member, by name, that some framework recognizes by its bytes and calls its own."""
    files = ArchiveFiles(scanned, limits)
    for found in frameworks.find(files):
        if found.packaged:
            info = found.framework.read(files, found.model, limits)
            return found.framework, found.model, info
    return None


def _uncompiled(scanned: ArchiveScan, limits: Limits, known: Signature | None) -> OpenedArchive:
    made = job_manifest(scanned)
    if made is not None and made.job is not None:
        if made.job.kind not in RUNS_HERE:
            raise Unsupported(
                f"SageMaker Neo compiled it for {made.target}: only its containers run it",
                where=str(scanned.path),
                hint="neopack deploy serves it",
            )
        known = known or made.signature
    found = find_model(scanned, limits)
    if found is None:
        raise frameworks.nothing_found(
            scanned.file_names(), str(scanned.path), hint="neopack check says what is in it"
        )
    framework, name, info = found
    manifest = manifest_of(scanned.path, scanned.content_sha256)
    signature = manifest.signature if manifest else known or info.signature
    if signature is None or any(None in spec.shape for spec in signature.inputs):
        raise _shapes_unknown(scanned.path)
    return OpenedArchive(
        scan=scanned, compiled=None, framework=framework.name, model=name, signature=signature
    )


def _shapes_unknown(path: Path) -> NeopackError:
    if manifest_path(path).is_file():
        return Malformed(
            "the manifest beside it is of another archive",
            where=str(path),
            hint="package the model again",
        )
    return UsageError(
        "the shapes of its inputs are not known",
        where=str(path),
        hint="keep the .neopack.json that package wrote beside it",
    )


def _whole(scanned: ArchiveScan, name: str, limits: Limits) -> bytes:
    with MemberSource(scanned, name, limits) as source:
        return source.read(0, source.size)
