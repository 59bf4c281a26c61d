"""The steps of a local ``compile``: choose an engine, run it in a child, write the artifact."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts
from neopack.archive.atomic import AtomicOutputs, refuse_unwritable, writing
from neopack.archive.manifest import golden_path, read_manifest, stem
from neopack.archive.read import ArchiveScan, extract_member
from neopack.archive.write import write_archive
from neopack.artifacts.load import Opened, open_archive, refuse_what_is_no_file
from neopack.artifacts.manifest import ARTIFACT_MANIFEST, ArtifactManifest
from neopack.child import Child, staging_directory
from neopack.codec import from_json, to_json
from neopack.engines import catalogue
from neopack.errors import EngineFailed, Malformed, UsageError
from neopack.frameworks import catalogue as frameworks
from neopack.types import CompilationRequest, CompiledArtifact, Log, Member, Target
from neopack.wire.guard import DEFAULT_LIMITS, Limits

__all__ = ["CompileSettings", "compile_archive", "compile_opened", "default_output"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSettings:
    """``max_difference`` None: the engine's own limit for the precision (1e-3 in fp32)."""

    precision: str = "fp32"
    engine: str | None = None
    max_difference: float | None = None
    level: int = 1
    force: bool = False
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        allowed = self.max_difference
        if allowed is not None and not (math.isfinite(allowed) and allowed >= 0):
            raise UsageError(f"--max-difference {allowed} is no distance", hint="such as 1e-3")


def default_output(archive: Path, target: Target) -> Path:
    """``<stem>-<target>.tar.gz`` beside the archive, as Neo names it; a platform is
    ``<OS>_<ARCH>_<ACCELERATOR>``."""
    name = target.name.upper().replace("/", "_") if target.kind == "platform" else target.name
    return archive.with_name(f"{stem(archive)}-{name}.tar.gz")


def compile_archive(
    archive: Path, target_name: str, output: Path | None, settings: CompileSettings, log: Log
) -> CompiledArtifact:
    """Compile here. Raises ``Unsupported`` where no local engine does, before any work."""
    target = facts.target(target_name)
    refuse_what_is_no_file(archive)
    path = output or default_output(archive, target)
    refuse_unwritable(path, force=settings.force)
    with log.step("reading"):
        opened = open_archive(archive, settings.limits)
    if opened.compiled is not None:
        raise UsageError("is compiled already", where=str(archive))
    return compile_opened(opened, target, path, _goldens(opened.scan, log), settings, log)


def compile_opened(
    opened: Opened,
    target: Target,
    path: Path,
    goldens: Path | None,
    settings: CompileSettings,
    log: Log,
) -> CompiledArtifact:
    """Compile what ``opened`` holds into a new archive at ``path``."""
    request = CompilationRequest(
        framework=opened.framework,
        model=Path(opened.model),
        target=target,
        signature=opened.signature,
        goldens=goldens,
        precision=settings.precision,
        max_difference=settings.max_difference,
    )
    engine = catalogue.choose(request, settings.engine)
    log.note(
        f"a local compilation with {engine.name} {engine.available().version} for {target.name}, "
        "not a Neo job"
    )
    with _compiled(opened, request, engine.name, settings, log) as made:
        return _write(made, opened, path, settings, log)


@contextmanager
def _compiled(
    opened: Opened,
    request: CompilationRequest,
    engine: str,
    settings: CompileSettings,
    log: Log,
) -> Iterator[CompiledArtifact]:
    """The artifact's files, in a staging directory that is gone when the block ends."""
    subject = opened.scan.path.name
    with (
        staging_directory() as staging,
        Child(failure=EngineFailed, subject=subject, owns=staging, log=log) as child,
    ):
        model = _unpacked(opened, staging / "model", settings.limits)
        task = {
            "engine": engine,
            "request": to_json(replace(request, model=model)),
            "out": str(staging),
        }
        with log.step("compiling"):
            made = from_json(CompiledArtifact, child.call("compile", task))
        yield made


def _unpacked(opened: Opened, into: Path, limits: Limits) -> Path:
    """The model and its parts, placed to each other as in the archive, whose names are known to
    be safe (``open_archive``)."""
    framework = frameworks.get(opened.framework)
    parts = framework.parts(opened.scan.file_names(), opened.model)
    for name in (opened.model, *parts):
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path):
            extract_member(opened.scan, name, path, limits)
    return into / opened.model


def _goldens(scanned: ArchiveScan, log: Log) -> Path | None:
    """The golden numbers beside the archive; refused where they belong to another."""
    manifest = read_manifest(scanned.path)
    path = golden_path(scanned.path)
    if manifest is None or not path.is_file():
        log.warn("no golden outputs beside the archive: the compiled model is not compared")
        return None
    if manifest.archive.content_sha256 != scanned.content_sha256:
        raise Malformed(
            "the manifest beside it is of another archive",
            where=str(scanned.path),
            hint="package the model again, or move the stray .neopack.json away",
        )
    with path.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != manifest.goldens.sha256:
            raise Malformed(
                "is not the file of golden numbers that its manifest names",
                where=str(path),
                hint="package the model again",
            )
    return path.resolve()


def _write(
    made: CompiledArtifact, opened: Opened, path: Path, settings: CompileSettings, log: Log
) -> CompiledArtifact:
    manifest = ArtifactManifest.of(made, opened.framework, opened.scan.sha256)
    described = made.members[0].path.with_name(ARTIFACT_MANIFEST)
    described.write_bytes(manifest.dumps())
    members = (*made.members, Member(name=ARTIFACT_MANIFEST, path=described))
    with AtomicOutputs(force=settings.force) as outputs:
        write_archive(outputs.open(path), members, level=settings.level, log=log)
    # the staging directory goes; the bytes are in the archive now
    inside = tuple(Member(name=member.name, path=path) for member in made.members)
    return replace(made, path=path, members=inside)
