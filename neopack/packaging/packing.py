"""The last steps of ``package``: judge what was exported, prove it, write it."""

from __future__ import annotations

import filecmp
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from neopack import facts, runtimes, versions
from neopack._version import __version__
from neopack.archive.manifest import (
    ArchiveRecord,
    GoldenRecord,
    Manifest,
    golden_path,
    manifest_path,
    read_manifest,
    record_compiler_evidence,
    record_evidence,
    record_origin,
    stem,
)
from neopack.archive.write import Written, write_archive, write_copy
from neopack.checks.judging import Submission, context_of_layout, judge, raise_for
from neopack.errors import (
    Malformed,
    OutputError,
    SourceError,
    Unsupported,
    UsageError,
    VerificationFailed,
)
from neopack.frameworks import Layout, registry
from neopack.options import PackageOptions
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable, settle
from neopack.outputs.staging import staging_directory
from neopack.proving.compiler import is_compiled_by_tvm, prove_compiler
from neopack.proving.proof import Proof
from neopack.proving.verify import prove, runtime_for
from neopack.rules.randomness import random_parts
from neopack.values.artifact import NeoArchive
from neopack.values.finding import Report
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member, ModelInfo, ModelSource
from neopack.values.origin import Origin
from neopack.values.target import Target

__all__ = [
    "code_members",
    "for_runtime",
    "refuse_outputs",
    "refuse_unsupported",
    "write",
]

SUFFIX = ".tar.gz"
# the compiler may refuse a model for what these warn of
REASONS = ("NEO-PT-014", "NEO-PT-016", "NEO-TV-")
NOT_CODE = ("__pycache__", ".git", ".ipynb_checkpoints")


def code_members(code: Path | None) -> tuple[Member, ...]:
    """Return the files of ``--code DIR``, as ``code/...``; links to other places are refused."""
    if code is None:
        return ()
    if not code.is_dir():
        raise SourceError("is not a directory", where=str(code), hint="--code takes a directory")
    root = code.resolve()
    return tuple(_code_files(root))


def _code_files(root: Path) -> Iterator[Member]:
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        hidden = any(part.startswith(".") or part in NOT_CODE for part in relative.parts)
        if hidden or path.suffix == ".pyc":
            continue
        if path.is_symlink():
            _refuse_link(path, root)
        if path.is_file():
            yield Member(name=f"code/{relative.as_posix()}", path=path)


def _refuse_link(path: Path, root: Path) -> None:
    """Only a link to a file in ``root`` can be packaged: what another one names would be left
    out, and the handler that needs it would fail on the endpoint."""
    if not path.resolve().is_relative_to(root):
        raise SourceError("is a link out of the code directory", where=str(path))
    if not path.is_file():
        what = "is a link to a directory" if path.is_dir() else "is a link to a missing file"
        raise SourceError(what, where=str(path), hint="put a copy in its place, or remove it")


def paths_for(path: Path, targets: Sequence[Target]) -> dict[str, Path]:
    """The archive of each target, by the target's name: ``path`` itself where there is one."""
    if len(targets) == 1:
        return {targets[0].name: path}
    return {
        target.name: path.with_name(f"{stem(path)}.{target.name.replace('/', '_')}.tar.gz")
        for target in targets
    }


def refuse_outputs(path: Path, options: PackageOptions) -> None:
    """Before any work: the name must be one that Neo takes, and all three files writable. Those of
    an archive that was packaged before may be there, if the options say nothing else: perhaps it
    is the same."""
    if not path.name.endswith(SUFFIX) or path.name == SUFFIX:
        raise UsageError(
            "does not end in .tar.gz", where=str(path), hint="Neo takes one .tar.gz object"
        )
    before = _packaged_before(path)
    if before is not None and not options.force:
        _refuse_other_options(path, before, options)
    for output in (path, manifest_path(path), golden_path(path)):
        refuse_unwritable(output, force=options.force or before is not None)


def _refuse_other_options(path: Path, before: Manifest, options: PackageOptions) -> None:
    target = facts.target(options.target).name
    version = options.framework_version or before.framework_version
    if (options.seed, target, version) != (
        before.goldens.seed,
        before.target,
        before.framework_version,
    ):
        raise _another(path)


def _packaged_before(path: Path) -> Manifest | None:
    """The manifest of the archive that is there, as far as a look at its size tells."""
    settle(path)
    try:
        if not (path.is_file() and golden_path(path).is_file()):
            return None
        manifest = read_manifest(path)
    except (Malformed, OSError):
        return None
    same = manifest is not None and manifest.archive.bytes == path.stat().st_size
    return manifest if same else None


def for_runtime(
    submission: Submission, framework: str, runtime: str | None, *, builds: bool
) -> Submission:
    """Before any work: the runtime must be of the framework. Where it ``builds`` the export too,
    its version is the one to compile with, unless another was said."""
    if runtime is None:
        return submission
    version = runtime_for(framework, "", runtime).version
    if not builds or submission.framework_version:
        return submission
    listed = facts.framework_versions(framework, submission.target, submission.as_of)
    same = [each for each in listed if versions.same(each, version)]
    return replace(submission, framework_version=same[-1] if same else version)


def refuse_unsupported(framework: str, submission: Submission) -> None:
    """Before any work: a target that takes no such framework cannot be packaged for."""
    if facts.support(framework, submission.target, submission.as_of) is None:
        raise Unsupported(
            f"{submission.target.name} takes no {framework} models",
            hint=f"neopack targets --framework {framework} names those that do",
        )


def write(
    model: ExportedModel,
    info: ModelInfo,
    source: ModelSource,
    submission: Submission,
    path: Path,
    settings: PackageOptions,
    log: Log,
    origin: Origin | None = None,
) -> NeoArchive:
    """Judge the export as the archive it would become, prove it where that was asked, and then
    write the three files together."""
    names = [member.name for member in model.members]
    layout = registry.get(model.framework).layout(model.signature, submission.target, names)
    members = (*model.members, *code_members(settings.code))
    context = context_of_layout(members, layout, info, submission, path.name, model.signature)
    report = judge(context, ignore=settings.ignore)
    raise_for(report)
    random = _random(model, info)
    if settings.verify or settings.runtime is not None:
        with _staged(model, members, layout, report, submission, path.name, random) as proof:
            report = _proven(report, proof, settings, log)
    doubts = (*_doubts(model), *_randomness(model, random))
    warnings = (*model.warnings, *layout.remarks, *doubts)
    for remark in layout.remarks:
        log.note(remark)
    for doubt in doubts:
        log.warn(doubt)
    # a script that is not there yet is written, although the archive is the same
    before = None if settings.force or _lacking(model.scripts) else _packaged_before(path)
    with AtomicOutputs(force=settings.force or before is not None, main=path) as outputs:
        golden_sha256 = write_copy(outputs.open(golden_path(path)), model.goldens.path)
        described = outputs.open(manifest_path(path))
        written = write_archive(
            outputs.open(path),
            members,
            directories=layout.directories,
            level=settings.level,
            log=log,
        )
        manifest = _manifest(model, report, layout, written, path, golden_sha256, warnings)
        named = _source(source, origin)
        manifest = replace(manifest, source=named, random=random, origin=origin)
        described.write(manifest.dumps())
        if before is not None:
            _refuse_other(path, before, manifest)
            outputs.discard()
            _add_evidence(path, before, report)
            _add_origin(path, origin)
            log.note(f"{path} is there already, with the same content: nothing is written")
        _write_scripts(model.scripts, force=settings.force)
    return NeoArchive(
        path=path,
        bytes=written.bytes,
        sha256=written.sha256,
        content_sha256=written.content_sha256,
        manifest=manifest_path(path),
        goldens=golden_path(path),
        report=report,
        warnings=warnings,
        unchanged=before is not None,
    )


def _write_scripts(scripts: Sequence[Member], *, force: bool) -> None:
    """Each in a folder of its own, just before the archive and its files appear."""
    for script in _lacking(scripts):
        with AtomicOutputs(force=force) as outputs:
            write_copy(outputs.open(Path(script.name)), script.path)


def _lacking(scripts: Sequence[Member]) -> list[Member]:
    """Those that are not there yet, as they are: several targets share one script."""
    places = [(script, Path(script.name)) for script in scripts]
    return [
        script
        for script, place in places
        if not (place.is_file() and filecmp.cmp(place, script.path, shallow=False))
    ]


def _refuse_other(path: Path, before: Manifest, manifest: Manifest) -> None:
    """Raise ``OutputError`` unless the archive that is there, and how to submit it, are the same.
    Evidence and the versions of what wrote it may differ."""
    with path.open("rb") as archive, golden_path(path).open("rb") as goldens:
        digests = [hashlib.file_digest(each, "sha256").hexdigest() for each in (archive, goldens)]
    own = replace(
        manifest,
        source=before.source,
        versions=before.versions,
        warnings=before.warnings,
        rewrites=before.rewrites,
        origin=before.origin,
        evidence=before.evidence,
        compiler=before.compiler,
    )
    if own != before or digests != [manifest.archive.sha256, manifest.goldens.sha256]:
        raise _another(path)


def _another(path: Path) -> OutputError:
    return OutputError(
        "already exists, and is another archive",
        where=str(path),
        hint="give --force to replace it",
    )


def _add_evidence(path: Path, before: Manifest, report: Report) -> None:
    for evidence in report.evidence:
        record_evidence(path, before, evidence)
    for compiled in report.compiler:
        record_compiler_evidence(path, read_manifest(path) or before, compiled)


def _add_origin(path: Path, origin: Origin | None) -> None:
    """Other sources that give the same bytes are what it is made from, from now on."""
    written = read_manifest(path)
    if written is not None and origin is not None:
        record_origin(path, written, origin)


def _proven(report: Report, proof: Proof, settings: PackageOptions, log: Log) -> Report:
    """With the evidence: of the framework, and of the compiler where that is Neo's loader."""
    framework, version = proof.framework, proof.framework_version
    proves = settings.compiler and settings.runtime is None
    # a framework whose versions nobody names is proven by the compiler alone
    if not proves or runtimes.closest(framework, version) is not None:
        report = replace(report, evidence=(prove(proof, settings.runtime, log),))
    if not (proves and is_compiled_by_tvm(framework, proof.target, version)):
        return report
    if runtimes.closest_loader(framework, version) is None:
        log.note(f"there is no runtime of Neo's loader for {framework}: it was not compiled")
        return report
    try:
        return replace(report, compiler=(prove_compiler(proof, log),))
    except VerificationFailed:
        for finding in report.at("warning"):
            if finding.id.startswith(REASONS):
                log.warn(f"{finding.id}, which may be why: {finding.message}")
        raise


@contextmanager
def _staged(
    exported: ExportedModel,
    members: Sequence[Member],
    layout: Layout,
    report: Report,
    submission: Submission,
    subject: str,
    random: tuple[str, ...],
) -> Iterator[Proof]:
    """The files as they will be in the archive, to be proven."""
    with staging_directory() as folder:
        placed = {member.name: folder / member.name for member in exported.members}
        for member in exported.members:
            placed[member.name].parent.mkdir(parents=True, exist_ok=True)
            placed[member.name].symlink_to(member.path.resolve())
        for directory in layout.directories:
            (folder / directory).mkdir(parents=True, exist_ok=True)
        (model,) = registry.get(exported.framework).models(list(placed))
        yield Proof(
            subject=subject,
            framework=exported.framework,
            framework_version=report.framework_version,
            model=placed[model],
            parts=[path for name, path in placed.items() if name != model],
            signature=exported.signature,
            goldens=exported.goldens.path,
            folder=folder,
            members=sorted([*(member.name for member in members), *layout.directories]),
            target=submission.target,
            data_input_config=layout.data_input_config,
            compiler_options=layout.compiler_options,
            random=random,
        )


def _doubts(model: ExportedModel) -> Iterator[str]:
    if model.goldens.constant:
        yield (
            "the golden outputs are all one number: comparing with them proves nothing (give "
            "trained --weights, or real inputs with --example)"
        )
    if not (model.goldens.finite or model.goldens.empty):
        yield (
            "the golden outputs are all NaN or infinite: comparing with them proves nothing (give "
            "trained --weights, or real inputs with --example)"
        )
    if model.goldens.empty:
        yield (
            "the golden outputs are empty: the model found nothing in the golden inputs, and "
            "comparing with them proves nothing (give inputs in which it does, with --example)"
        )


def _random(model: ExportedModel, info: ModelInfo) -> tuple[str, ...]:
    """What makes the model random, in words: what its bytes tell, and what its source did."""
    seen = ("the source answers the same input differently each time",) * model.goldens.random
    return (*random_parts(info), *seen)


def _randomness(model: ExportedModel, random: tuple[str, ...]) -> Iterator[str]:
    if random:
        does = "answers" if model.goldens.random else "may answer"
        yield (
            f"the model is random: it {does} the same input differently each time, so that it "
            "computes the same in another version or compiled cannot be proven (no dropout with "
            "training=True and no random numbers in its forward make it provable)"
        )


def _manifest(
    model: ExportedModel,
    report: Report,
    layout: Layout,
    written: Written,
    path: Path,
    golden_sha256: str,
    warnings: tuple[str, ...],
) -> Manifest:
    return Manifest(
        framework=model.framework,
        framework_version=report.framework_version,
        target=report.target,
        archive=ArchiveRecord(
            name=path.name,
            bytes=written.bytes,
            sha256=written.sha256,
            content_sha256=written.content_sha256,
            members=written.members,
        ),
        signature=model.signature,
        goldens=GoldenRecord(
            name=golden_path(path).name,
            sha256=golden_sha256,
            seed=model.goldens.seed,
            inputs=model.goldens.inputs,
            outputs=model.goldens.outputs,
            cases=model.goldens.cases,
        ),
        data_input_config=layout.data_input_config,
        compiler_options=layout.compiler_options,
        versions={**model.versions, "neopack": __version__},
        warnings=warnings,
        rewrites=model.rewrites,
        evidence=report.evidence,
        compiler=report.compiler,
    )


def _source(source: ModelSource, origin: Origin | None) -> str:
    """Of a file its name, and of a callable what its origin says: no place on this machine."""
    if source.kind == "file":
        return Path(source.where).name
    return origin.source if origin is not None and source.kind == "callable" else source.where
