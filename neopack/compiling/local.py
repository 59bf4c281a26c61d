"""The steps of a local ``compile``: choose an engine, run it in a child, write the artifact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from neopack import facts
from neopack.archive.manifest import goldens_of, manifest_of, stem
from neopack.archive.read import ArchiveScan
from neopack.archive.write import write_archive
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.artifacts.load import OpenedArchive, member_names, open_archive, require_file, unpack
from neopack.artifacts.own_names import MANIFEST, own_name
from neopack.compiling.earlier import compilation_digest, earlier_artifact
from neopack.compiling.fastest_engine import best_of, unusable
from neopack.engines import Engine, registry
from neopack.errors import EngineFailed, Missing, Unsupported, UsageError, VerificationFailed
from neopack.formats.codec import from_json, to_json
from neopack.frameworks import registry as frameworks
from neopack.goldens.batch_ranges import batches_of
from neopack.options import CompileOptions
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable
from neopack.outputs.staging import staging_directory
from neopack.processes.child import Child
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.log import Log
from neopack.values.model import Member
from neopack.values.quantization import AUTO
from neopack.values.target import Target

__all__ = ["compile_archive", "compile_opened", "default_output"]

FP32 = "fp32"
TASKS = "neopack.compiling.compile_task"


def default_output(archive: Path, target: Target) -> Path:
    """``<stem>-<target>.tar.gz`` beside the archive, as Neo names it; a platform is
    ``<OS>_<ARCH>_<ACCELERATOR>``."""
    name = target.name.upper().replace("/", "_") if target.kind == "platform" else target.name
    return archive.with_name(f"{stem(archive)}-{name}.tar.gz")


def compile_archive(
    archive: Path, target_name: str, output: Path | None, settings: CompileOptions, log: Log
) -> CompiledArtifact:
    """Compile here. Raises ``Unsupported`` where no local engine does, before any work."""
    target = facts.target(target_name)
    require_file(archive)
    path = output or default_output(archive, target)
    before = earlier_artifact(path)
    if before is None:
        refuse_unwritable(path, force=settings.force)
    with log.step("reading"):
        opened = open_archive(archive, settings.limits)
    if opened.compiled is not None:
        raise UsageError("is compiled already", where=str(archive))
    return compile_opened(
        opened, target, path, _goldens(opened.scan, log), settings, log, before=before
    )


def compile_opened(
    opened: OpenedArchive,
    target: Target,
    path: Path,
    goldens: Path | None,
    settings: CompileOptions,
    log: Log,
    *,
    before: tuple[str, CompiledArtifact] | None = None,
) -> CompiledArtifact:
    """Compile what ``opened`` holds into a new archive at ``path``, unless ``before``, the digest
    of the compilation that is there, and its artifact, is the same."""
    framework = frameworks.of_neo(opened.framework)
    layout = framework.layout(opened.signature, target, opened.scan.file_names())
    request = CompilationRequest(
        framework=opened.framework,
        model=Path(opened.model),
        target=target,
        signature=opened.signature,
        goldens=goldens,
        precision=settings.precision,
        max_difference=settings.max_difference,
        data_input_config=layout.data_input_config,
        compiler_options=settings.compiler_options,
        batches=batches_of(settings.inputs, opened.signature),
    )
    first = replace(request, precision=FP32) if settings.precision == AUTO else request
    engines = registry.choose_all(first, settings.engine)
    named = ", ".join(f"{engine.name} {engine.available().version}" for engine in engines)
    log.note(f"a local compilation with {named} for {target.name}, not a Neo job")
    digest = compilation_digest(opened.scan.sha256, request, engines, settings)
    same = before is not None and before[0] == digest
    if before is not None and same and not settings.rerun:
        log.note(
            "compiled already: the same archive, target, engine, options and CPU; --rerun "
            "compiles again"
        )
        return before[1]
    settings = replace(settings, force=settings.force or same)
    refuse_unwritable(path, force=settings.force)
    with ExitStack() as stack:
        made = _fastest(stack, opened, request, engines, settings, log)
        return _write(made, opened, path, digest, settings, log)


def _fastest(
    stack: ExitStack,
    opened: OpenedArchive,
    request: CompilationRequest,
    engines: Sequence[Engine],
    settings: CompileOptions,
    log: Log,
) -> CompiledArtifact:
    """What the one engine makes; of several the fastest, and no less where the others cannot."""
    artifacts, refused = [], []
    for engine in engines:
        try:
            compiled = _compiled(opened, request, engine.name, settings, log)
            artifacts.append(stack.enter_context(compiled))
        except (EngineFailed, Unsupported, VerificationFailed, Missing) as error:
            if len(engines) == 1:
                raise
            refused.append((engine, error))
    if not artifacts:
        raise refused[0][1]
    if settings.engine != AUTO:
        return artifacts[0]
    child = Child(TASKS, failure=EngineFailed, subject=opened.scan.path.name, log=log)
    times = stack.enter_context(child).call("measure", {"artifacts": to_json(artifacts)})
    return best_of(artifacts, times, [unusable(*each) for each in refused])


@contextmanager
def _compiled(
    opened: OpenedArchive,
    request: CompilationRequest,
    engine: str,
    settings: CompileOptions,
    log: Log,
) -> Iterator[CompiledArtifact]:
    """The artifact's files, in a staging directory that is gone when the block ends."""
    subject = opened.scan.path.name
    with (
        staging_directory() as staging,
        Child(
            TASKS,
            failure=EngineFailed,
            subject=subject,
            owns=staging,
            log=log,
            preload=(TASKS, *registry.preload(engine, request.framework)),
        ) as child,
    ):
        folder = staging / "model"
        model = unpack(opened, folder, settings.limits)
        names = member_names(opened, folder)
        task = {
            "engine": engine,
            "request": to_json(replace(request, model=model, folder=folder, members=names)),
            "out": str(staging),
            "calibration": to_json(settings.calibrated),
        }
        with log.step("compiling"):
            made = from_json(CompiledArtifact, child.call("compile", task))
        yield made


def _goldens(scanned: ArchiveScan, log: Log) -> Path | None:
    goldens = goldens_of(scanned.path, scanned.content_sha256)
    if goldens is None:
        log.warn("no golden outputs beside the archive: the compiled model is not compared")
        return None
    manifest = manifest_of(scanned.path, scanned.content_sha256)
    if manifest is not None and manifest.random:
        log.warn("the model is random: the compiled model is not compared with it")
        return None
    return goldens


def _write(
    made: CompiledArtifact,
    opened: OpenedArchive,
    path: Path,
    digest: str,
    settings: CompileOptions,
    log: Log,
) -> CompiledArtifact:
    manifest = ArtifactManifest.of(made, opened.framework, opened.scan.sha256)
    manifest = replace(manifest, compilation=digest)
    name = own_name(MANIFEST, [member.name for member in made.members])
    described = made.members[0].path.with_name(name)
    described.write_bytes(manifest.dumps())
    members = (*made.members, Member(name=name, path=described))
    with AtomicOutputs(force=settings.force) as outputs:
        write_archive(outputs.open(path), members, level=settings.level, log=log)
    # the staging directory goes; the bytes are in the archive now
    inside = tuple(Member(name=member.name, path=path) for member in made.members)
    return replace(made, path=path, members=inside, twin=None)
