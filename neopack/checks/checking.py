"""The steps of ``check``: read a thing once, whatever it is, and judge it for each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts, runtimes
from neopack.archive.manifest import Manifest, manifest_of, manifest_path
from neopack.archive.read import ArchiveScan, scan
from neopack.checks import repacking
from neopack.checks.engine import Judge
from neopack.checks.judging import (
    ArchiveContents,
    Submission,
    context_of,
    hold_code,
    is_code,
    judge_of,
    read_contents,
)
from neopack.errors import NeopackError, SourceError, UsageError
from neopack.formats.compressed import is_packed
from neopack.formats.files import FolderFiles, limits_for
from neopack.formats.guard import Limits
from neopack.formats.source import FileSource
from neopack.formats.tar import TarEntry
from neopack.frameworks import Framework
from neopack.frameworks import registry as frameworks
from neopack.options import CheckOptions
from neopack.spelling import nearest_file
from neopack.values.evidence import CompilerEvidence, Evidence
from neopack.values.finding import CheckResult, Report
from neopack.values.model import ModelInfo
from neopack.values.target import Target

__all__ = [
    "Subject",
    "archive",
    "budgeted",
    "check",
    "judged",
    "opened",
    "read",
    "submission",
    "targets_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is checked, read once: an archive, or the files that one would be made of.

    ``model`` is the main file's name, empty where none is known. For files ``scanned`` is None,
    ``root`` the directory that they lie in, and ``planned`` how they would be packed.
    """

    path: Path
    contents: ArchiveContents
    scanned: ArchiveScan | None = None
    root: Path | None = None
    planned: repacking.RepackingPlan | None = None
    model: str = ""
    remark: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.contents.entries)


def budgeted(path: Path, options: CheckOptions) -> CheckOptions:
    """The options with one budget for all that reads and judges what lies at ``path``."""
    return replace(options, limits=limits_for(path, options.limits))


def opened(path: Path, options: CheckOptions) -> ArchiveScan | None:
    """One pass over an archive; None for a model file and a directory. Raises ``SourceError``
    where there is nothing to read."""
    if path.is_dir():
        return None
    if not path.is_file():
        raise SourceError(
            "no such file", where=str(path), hint=nearest_file(path, "neopack package writes one")
        )
    return scan(path, options.limits) if _is_archive(path) else None


def read(path: Path, options: CheckOptions, scanned: ArchiveScan | None = None) -> Subject:
    """Raises ``SourceError`` where there is nothing to read, ``NotRecognized`` where neither the
    bytes nor the caller tell the framework, ``Malformed`` where the file is broken."""
    scanned = scanned or opened(path, options)
    if scanned is not None:
        return archive(path, scanned, options)
    return _folder(path, options) if path.is_dir() else _bare(path, options)


def archive(path: Path, scanned: ArchiveScan, options: CheckOptions) -> Subject:
    """An archive that was scanned already."""
    manifest = manifest_of(path, scanned.content_sha256)
    contents = read_contents(scanned, options.framework, manifest, options.limits)
    return Subject(path=path, contents=contents, scanned=scanned, model=contents.model)


def check(
    subject: Subject,
    targets: Sequence[Target],
    options: CheckOptions,
    *,
    otherwise: Sequence[Target] = (),
) -> CheckResult:
    """A report for each target; ``UsageError`` where neither the caller, a manifest nor
    ``otherwise`` names one."""
    aims = targets_of(subject, targets, otherwise)
    framework = subject.contents.framework.name
    judge = judge_of(framework, select=options.select, ignore=options.ignore)
    reports = tuple(_report(subject, judge, target, options) for target in aims)
    return CheckResult(
        path=str(subject.path),
        members=subject.members,
        reports=reports,
        sha256=subject.scanned.sha256 if subject.scanned else "",
        passing=options.passing,
    )


def targets_of(
    subject: Subject, targets: Sequence[Target], otherwise: Sequence[Target] = ()
) -> Sequence[Target]:
    """Those that are given, else that of the manifest, else ``otherwise``."""
    chosen = targets or _own(subject) or otherwise
    if not chosen:
        raise _no_target(subject)
    return chosen


def submission(target: Target, options: CheckOptions, version: str | None = None) -> Submission:
    return Submission(
        target=target,
        framework=options.framework,
        framework_version=version or options.framework_version,
        data_input_config=options.data_input_config,
        compiler_options=options.compiler_options,
        as_of=options.as_of,
    )


def _report(subject: Subject, judge: Judge, target: Target, options: CheckOptions) -> Report:
    report = judged(subject, judge, submission(target, options))
    manifest = subject.contents.manifest
    return replace(
        report,
        subject=subject.path.name or str(subject.path),
        evidence=_evidence(manifest, report.framework_version) if manifest else (),
        compiler=_compiler(manifest, report) if manifest else (),
        remark=subject.remark,
    )


def _evidence(manifest: Manifest, version: str) -> tuple[Evidence, ...]:
    """The evidence of a manifest; ``exact`` is about the version that is judged now."""
    return tuple(
        replace(
            evidence,
            exact=_is_exact(evidence.runtime, version),
            framework_version=evidence.framework_version or manifest.framework_version,
        )
        for evidence in manifest.evidence
    )


def _compiler(manifest: Manifest, report: Report) -> tuple[CompilerEvidence, ...]:
    """As ``_evidence``; a proof for another target is never exact."""
    return tuple(
        replace(
            evidence,
            exact=evidence.target == report.target
            and _is_exact(evidence.runtime, report.framework_version),
        )
        for evidence in manifest.compiler
    )


def _is_exact(runtime: str, version: str) -> bool:
    known = runtime in runtimes.names()  # another neopack may have had others
    return known and runtimes.is_exact(runtimes.get(runtime), version)


def judged(subject: Subject, judge: Judge, submitted: Submission) -> Report:
    """The findings of the rules that were chosen; ``UsageError`` where none was: it would pass."""
    context = context_of(subject.contents, submitted)
    report = judge.report(context)
    if not report.outcomes:
        what = f"no rule is left for {context.framework} on {context.target.name}"
        raise UsageError(what, hint="--select and --ignore leave none")
    return report


def _own(subject: Subject) -> tuple[Target, ...]:
    manifest = subject.contents.manifest
    return (facts.target(manifest.target),) if manifest is not None else ()


def _no_target(subject: Subject) -> UsageError:
    hint = "give --target ml_c5"
    if subject.scanned is not None and manifest_path(subject.path).is_file():
        hint = f"the manifest beside it is of another archive: {hint}"
    return UsageError("which target?", where=str(subject.path), hint=hint)


# --- files before they are an archive ----------------------------------------------------------


def _is_archive(path: Path) -> bool:
    """By its bytes; what calls itself an archive is read as one, to be told what it is."""
    if ".tar" in path.suffixes or path.suffix == ".tgz":
        return True
    with FileSource(path) as source:
        return is_packed(source)


def _bare(path: Path, options: CheckOptions) -> Subject:
    """One model file, with the parts that belong to it beside it."""
    with FileSource(path) as source:
        framework = _asked(options) or frameworks.recognize(source)[0]
    files = FolderFiles(path.parent)
    try:
        parts = framework.parts(files.names(), path.name)
    except NeopackError:  # a home directory: what lies beside is not the model's
        parts = ()
    return _planned(path, path.parent, (path.name, *parts), framework, path.name, options)


def _folder(path: Path, options: CheckOptions) -> Subject:
    """All files of a directory, as ``tar`` would take them, hidden ones left out."""
    files = FolderFiles(path)
    names = files.names()
    model_file = next((each for each in frameworks.find(files) if each.packaged), None)
    framework = _asked(options) or (model_file.framework if model_file else None)
    if framework is None:
        hint = "neopack check ARCHIVE.tar.gz" if _archives(names) else ""
        raise frameworks.nothing_found(files, str(path), hint=hint)
    own = model_file.model if model_file and model_file.framework.name == framework.name else ""
    return _planned(path, path, names, framework, own, options)


def _archives(names: Sequence[str]) -> bool:
    return any(name.endswith((".tar.gz", ".tgz")) for name in names)


def _asked(options: CheckOptions) -> Framework | None:
    return frameworks.of_neo(options.framework) if options.framework else None


def _planned(
    path: Path,
    root: Path,
    names: Sequence[str],
    framework: Framework,
    model: str,
    options: CheckOptions,
) -> Subject:
    files = FolderFiles(root)
    entries = [_entry(root, name) for name in names]
    # the names that members get do not depend on the target
    planned = repacking.plan(entries, framework, facts.targets()[0], model)
    info, refusal = _info(files, framework, model, options.limits)
    placed = [replace(entry, name=name) for name, entry in planned.placed.items()]
    contents = ArchiveContents(
        name=f"{path.stem or 'model'}.tar.gz",
        entries=tuple(placed),
        framework=framework,
        model=next((name for name, entry in planned.placed.items() if entry.name == model), ""),
        info=info,
        refusal=refusal,
        code=_code(root, planned, options.limits),
        packed=False,
    )
    return Subject(
        path=path,
        contents=contents,
        root=root,
        planned=planned,
        model=model,
        remark=_as_what(planned),
    )


def _as_what(planned: repacking.RepackingPlan) -> str:
    names = [*(f"{name}/" for name in planned.directories), *planned.placed]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"no archive: judged as one of these files, packed as neopack packs them: {shown}"


def _info(
    files: FolderFiles, framework: Framework, model: str, limits: Limits
) -> tuple[ModelInfo | None, NeopackError | None]:
    if not model:
        return None, SourceError(f"no file is a model of {framework.name}")
    try:
        return framework.read(files, model, limits), None
    except NeopackError as error:
        return None, error


def _entry(root: Path, name: str) -> TarEntry:
    return TarEntry(name=name, kind="file", size=(root / name).stat().st_size, offset=0)


def _code(root: Path, planned: repacking.RepackingPlan, limits: Limits) -> dict[str, str]:
    texts = {}
    for name, entry in planned.placed.items():
        if is_code(name):
            hold_code(entry.size, str(root / entry.name), limits)
            texts[name] = (root / entry.name).read_text("utf-8", "replace")
    return texts
