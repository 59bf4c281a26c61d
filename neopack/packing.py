"""The steps of ``package``: resolve the source, export it in a child, judge it, write it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neopack import facts
from neopack._version import __version__
from neopack.archive.atomic import AtomicOutputs, refuse_unwritable
from neopack.archive.manifest import (
    ArchiveRecord,
    GoldenRecord,
    Manifest,
    golden_path,
    manifest_path,
)
from neopack.archive.write import Written, write_archive, write_copy
from neopack.child import Child, staging_directory
from neopack.codec import from_json, to_json
from neopack.errors import ExportFailed, SourceError, Unsupported, UsageError
from neopack.facts import versions
from neopack.frameworks import ExportSettings, Framework, Layout, callables, catalogue
from neopack.judging import Submission, inspect_layout, judge, raise_for
from neopack.measure.verify import Proof, prove, runtime_for
from neopack.rules.engine import refuse_unknown
from neopack.types import (
    Evidence,
    ExportedModel,
    InputRequest,
    Json,
    Log,
    Member,
    ModelInfo,
    ModelSource,
    NeoArchive,
    Report,
)
from neopack.wire.files import FolderFiles, PlacedFiles
from neopack.wire.guard import DEFAULT_LIMITS
from neopack.wire.source import FileSource

__all__ = [
    "PackageSettings",
    "exported",
    "find_model",
    "for_runtime",
    "refuse_outputs",
    "refuse_unsupported",
    "resolve",
    "write",
]

SUFFIX = ".tar.gz"
NOT_CODE = ("__pycache__", ".git", ".ipynb_checkpoints")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSettings:
    """``code`` is a directory that goes in as ``code/``; ``ignore`` are rules that may fail;
    ``verify`` proves the model in ``runtime``, or in the one closest to Neo's, before writing."""

    code: Path | None = None
    level: int = 1
    force: bool = False
    ignore: tuple[str, ...] = ()
    verify: bool = False
    runtime: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 9:
            raise UsageError(f"--level {self.level} is not between 0 and 9")
        refuse_unknown(*self.ignore)


def resolve(
    model: Any,
    *,
    framework: str | None,
    arguments: Mapping[str, Json],
    weights: Path | None,
) -> ModelSource:
    """What ``model`` names: a live object, ``module:callable``, or a file or directory judged by
    the bytes in it. Raises ``UsageError`` where it is not of the ``framework`` that was said."""
    said = catalogue.get(framework).name if framework else None
    if not isinstance(model, str | Path):
        return _live(model, said)
    text = str(model)
    if callables.looks_like_callable(text):
        name = said or catalogue.of_callable(text)
        return ModelSource(
            kind="callable", where=text, framework=name, arguments=arguments, weights=weights
        )
    if arguments:
        raise UsageError("--arg goes with module:callable only", where=text)
    path, found = find_model(Path(text))
    if said not in (None, found.name):
        raise UsageError(f"is a {found.name} model, not {said}", where=str(path))
    return ModelSource(kind="file", where=str(path), framework=found.name, weights=weights)


def _live(model: object, said: str | None) -> ModelSource:
    for name in (said,) if said else catalogue.names():
        if catalogue.get(name).owns(model):
            where = type(model).__name__
            return ModelSource(kind="object", where=where, framework=name, model=model)
    known = said or ", ".join(catalogue.names())
    raise SourceError(f"a {type(model).__name__} is no model of {known}")


def find_model(path: Path) -> tuple[Path, Framework]:
    """The model file at ``path``, or the one model in that directory, and whose it is."""
    if path.is_dir():
        return _in_directory(path)
    if not path.is_file():
        hint = "" if path.suffix else "a callable is named module:callable"
        raise SourceError("no such file or directory", where=str(path), hint=hint)
    with FileSource(path) as source:
        return path, catalogue.recognise(source)[0]


def _in_directory(path: Path) -> tuple[Path, Framework]:
    files = FolderFiles(path)
    names, found = files.names(), tuple(catalogue.find(files))
    parts = {part for one in found for part in one.framework.parts(names, one.model)}
    whole = [one for one in found if one.model not in parts]
    # what Neo would not take by its name is taken up to be refused with the way out of it
    models = [one for one in whole if one.packaged] or whole[:1]
    if not models:
        raise catalogue.nothing_found(names, str(path))
    if len(models) > 1:
        raise SourceError(
            f"holds {len(models)} models: {', '.join(one.model for one in models[:5])}",
            where=str(path),
            hint=f"name one of them, such as {path / models[0].model}",
        )
    return path / models[0].model, models[0].framework


@contextmanager
def exported(
    source: ModelSource,
    requests: Sequence[InputRequest],
    settings: ExportSettings,
    log: Log,
) -> Iterator[tuple[ExportedModel, ModelInfo]]:
    """The exported model, in a staging directory that is gone when the block ends.

    Exporting runs the user's code, so it happens in a child process; only a live object whose
    class the child could not import is exported here.
    """
    with staging_directory() as staging:
        framework = catalogue.get(source.framework)
        handed = source if source.kind != "object" else framework.hand_over(source.model, staging)
        if handed is None:
            with log.step("exporting"):
                made = framework.export(source, requests, staging, settings, log)
            yield made, _read(framework, made)
            return
        given = replace(handed, weights=source.weights) if source.weights else handed
        environment = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        live = environment if source.kind == "object" else None
        with Child(
            failure=ExportFailed,
            subject=source.where,
            owns=staging,
            log=log,
            environment=live,
        ) as child:
            task = {
                "source": to_json(given),
                "inputs": to_json(tuple(requests)),
                "settings": to_json(settings),
                "staging": str(staging),
            }
            with log.step("exporting"):
                made = from_json(ExportedModel, child.call("export", task))
            yield made, _read(framework, made)


def _read(framework: Framework, made: ExportedModel) -> ModelInfo:
    """What our own reader says of the export: the archive is judged by its bytes alone."""
    models = framework.models([member.name for member in made.members])
    files = PlacedFiles("the export", {member.name: member.path for member in made.members})
    return framework.read(files, models[0], DEFAULT_LIMITS)


def code_members(code: Path | None) -> tuple[Member, ...]:
    """The files of ``--code DIR``, as ``code/...``; links out of it are refused."""
    if code is None:
        return ()
    if not code.is_dir():
        raise SourceError("is no directory", where=str(code), hint="--code takes a directory")
    root = code.resolve()
    return tuple(_code_files(root))


def _code_files(root: Path) -> Iterator[Member]:
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        hidden = any(part.startswith(".") or part in NOT_CODE for part in relative.parts)
        if hidden or not path.is_file() or path.suffix == ".pyc":
            continue
        if not path.resolve().is_relative_to(root):
            raise SourceError("is a link out of the code directory", where=str(path))
        yield Member(name=f"code/{relative.as_posix()}", path=path)


def refuse_outputs(path: Path, *, force: bool) -> None:
    """Before any work: the name must be one that Neo takes, and all three files writable."""
    if not path.name.endswith(SUFFIX) or path.name == SUFFIX:
        raise UsageError(
            "does not end in .tar.gz", where=str(path), hint="Neo takes one .tar.gz object"
        )
    for output in (path, manifest_path(path), golden_path(path)):
        refuse_unwritable(output, force=force)


def for_runtime(
    submission: Submission, framework: str, runtime: str | None, settings: ExportSettings
) -> Submission:
    """Before any work: the runtime must be of the framework. Where the export may be made in it,
    its version is the one to compile with, unless another was said."""
    if runtime is None:
        return submission
    version = runtime_for(framework, "", runtime).version
    if not settings.runtime or submission.framework_version:
        return submission
    listed = facts.framework_versions(framework, submission.target, submission.as_of)
    same = [one for one in listed if versions.same(one, version)]
    return replace(submission, framework_version=same[-1] if same else version)


def refuse_unsupported(framework: str, submission: Submission) -> None:
    """Before any work: a target that takes no such framework cannot be packaged for."""
    if facts.support(framework, submission.target, submission.as_of) is None:
        raise Unsupported(
            f"{submission.target.name} takes no {framework} models",
            hint=f"neopack targets --framework {framework} names those that do",
        )


def write(
    made: ExportedModel,
    info: ModelInfo,
    source: ModelSource,
    submission: Submission,
    path: Path,
    settings: PackageSettings,
    log: Log,
) -> NeoArchive:
    """Judge the export as the archive it would become, prove it where that was asked, and then
    write the three files together."""
    names = [member.name for member in made.members]
    layout = catalogue.get(made.framework).layout(made.signature, submission.target, names)
    members = (*made.members, *code_members(settings.code))
    inspection = inspect_layout(members, layout, info, submission, path.name)
    report = judge(inspection, ignore=settings.ignore)
    raise_for(report)
    if settings.verify:
        evidence = _proven(made, report, path.name, settings, log)
        report = replace(report, evidence=(evidence,))
    doubts = tuple(_doubts(made))
    warnings = (*made.warnings, *layout.remarks, *doubts)
    for remark in layout.remarks:
        log.note(remark)
    for doubt in doubts:
        log.warn(doubt)
    with AtomicOutputs(force=settings.force) as outputs:
        golden_sha256 = write_copy(outputs.open(golden_path(path)), made.goldens.path)
        described = outputs.open(manifest_path(path))
        written = write_archive(
            outputs.open(path),
            members,
            directories=layout.directories,
            level=settings.level,
            log=log,
        )
        manifest = _manifest(made, source, report, layout, written, path, golden_sha256, warnings)
        described.write(manifest.dumps())
    return NeoArchive(
        path=path,
        bytes=written.bytes,
        sha256=written.sha256,
        content_sha256=written.content_sha256,
        manifest=manifest_path(path),
        goldens=golden_path(path),
        report=report,
        warnings=warnings,
    )


def _proven(
    made: ExportedModel, report: Report, subject: str, settings: PackageSettings, log: Log
) -> Evidence:
    framework = catalogue.get(made.framework)
    with staging_directory() as staging:
        placed = {}
        for member in made.members:
            placed[member.name] = staging / member.name
            placed[member.name].parent.mkdir(parents=True, exist_ok=True)
            placed[member.name].symlink_to(member.path.resolve())
        (model,) = framework.models(list(placed))
        proof = Proof(
            subject=subject,
            framework=made.framework,
            framework_version=report.framework_version,
            model=placed[model],
            parts=[path for name, path in placed.items() if name != model],
            signature=made.signature,
            goldens=made.goldens.path,
            runtime=settings.runtime,
        )
        return prove(proof, log)


def _doubts(made: ExportedModel) -> Iterator[str]:
    if made.goldens.constant:
        yield (
            "the golden outputs are all one number: comparing with them proves nothing (give "
            "trained --weights, or real inputs with --example)"
        )


def _manifest(
    made: ExportedModel,
    source: ModelSource,
    report: Report,
    layout: Layout,
    written: Written,
    path: Path,
    golden_sha256: str,
    warnings: tuple[str, ...],
) -> Manifest:
    return Manifest(
        framework=made.framework,
        framework_version=report.framework_version,
        target=report.target,
        archive=ArchiveRecord(
            name=path.name,
            bytes=written.bytes,
            sha256=written.sha256,
            content_sha256=written.content_sha256,
            members=written.members,
        ),
        signature=made.signature,
        goldens=GoldenRecord(
            name=golden_path(path).name,
            sha256=golden_sha256,
            seed=made.goldens.seed,
            inputs=made.goldens.inputs,
            outputs=made.goldens.outputs,
        ),
        data_input_config=layout.data_input_config,
        compiler_options=layout.compiler_options,
        source=source.where if source.kind != "file" else Path(source.where).name,
        versions={**made.versions, "neopack": __version__},
        warnings=warnings,
        rewrites=made.rewrites,
        evidence=report.evidence,
    )
