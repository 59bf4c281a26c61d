"""The steps of ``check``: read a thing once, whatever it is, and judge it for each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts
from neopack.archive.manifest import manifest_of, manifest_path
from neopack.archive.read import ArchiveScan, scan
from neopack.checks import repacking
from neopack.checks.engine import Judge
from neopack.checks.judging import Seen, Submission, inspect, is_code, judge_of, look
from neopack.errors import NeopackError, SourceError, UsageError
from neopack.formats.files import FolderFiles
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import FileSource
from neopack.formats.tar import TarEntry
from neopack.frameworks import Framework
from neopack.frameworks import registry as frameworks
from neopack.values.finding import Checked, Level, Report
from neopack.values.model import ModelInfo
from neopack.values.target import Target

__all__ = [
    "Subject",
    "Wanted",
    "archive",
    "check",
    "judged",
    "opened",
    "read",
    "submission",
    "targets_of",
]

GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a job would say beside the archive, and which rules count. ``passing`` is the gravest
    level of a finding that passes."""

    framework: str | None = None
    framework_version: str | None = None
    data_input_config: str | None = None
    compiler_options: str | None = None
    as_of: str | None = None
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    passing: Level = "warning"
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is checked, read once: an archive, or the files that one would be made of.

    ``model`` is the main file's name, empty where none is known. For files ``scanned`` is None,
    ``root`` the directory that they lie in, and ``planned`` how they would be packed.
    """

    path: Path
    seen: Seen
    scanned: ArchiveScan | None = None
    root: Path | None = None
    planned: repacking.Plan | None = None
    model: str = ""
    remark: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.seen.entries)


def opened(path: Path, wanted: Wanted) -> ArchiveScan | None:
    """One pass over an archive; None for a model file and a directory. Raises ``SourceError``
    where there is nothing to read."""
    if path.is_dir():
        return None
    if not path.is_file():
        raise SourceError("no such file", where=str(path), hint="neopack package writes one")
    return scan(path, wanted.limits) if _is_archive(path) else None


def read(path: Path, wanted: Wanted, scanned: ArchiveScan | None = None) -> Subject:
    """Raises ``SourceError`` where there is nothing to read, ``NotRecognised`` where neither the
    bytes nor the caller tell the framework, ``Malformed`` where the file is broken."""
    scanned = scanned or opened(path, wanted)
    if scanned is not None:
        return archive(path, scanned, wanted)
    return _folder(path, wanted) if path.is_dir() else _bare(path, wanted)


def archive(path: Path, scanned: ArchiveScan, wanted: Wanted) -> Subject:
    """An archive that was scanned already."""
    manifest = manifest_of(path, scanned.content_sha256)
    seen = look(scanned, wanted.framework, manifest, wanted.limits)
    return Subject(path=path, seen=seen, scanned=scanned, model=seen.model)


def check(
    subject: Subject,
    targets: Sequence[Target],
    wanted: Wanted,
    *,
    otherwise: Sequence[Target] = (),
) -> Checked:
    """A report for each target; ``UsageError`` where neither the caller, a manifest nor
    ``otherwise`` names one."""
    aims = targets_of(subject, targets, otherwise)
    framework = subject.seen.framework.name
    judge = judge_of(framework, select=wanted.select, ignore=wanted.ignore)
    reports = tuple(_report(subject, judge, target, wanted) for target in aims)
    return Checked(
        path=str(subject.path),
        members=subject.members,
        reports=reports,
        sha256=subject.scanned.sha256 if subject.scanned else "",
        passing=wanted.passing,
    )


def targets_of(
    subject: Subject, targets: Sequence[Target], otherwise: Sequence[Target] = ()
) -> Sequence[Target]:
    """Those that are given, else that of the manifest, else ``otherwise``."""
    found = targets or _own(subject) or otherwise
    if not found:
        raise _no_target(subject)
    return found


def submission(target: Target, wanted: Wanted, version: str | None = None) -> Submission:
    return Submission(
        target=target,
        framework=wanted.framework,
        framework_version=version or wanted.framework_version,
        data_input_config=wanted.data_input_config,
        compiler_options=wanted.compiler_options,
        as_of=wanted.as_of,
    )


def _report(subject: Subject, judge: Judge, target: Target, wanted: Wanted) -> Report:
    report = judged(subject, judge, submission(target, wanted))
    manifest = subject.seen.manifest
    return replace(
        report,
        subject=subject.path.name or str(subject.path),
        evidence=manifest.evidence if manifest else (),
        remark=subject.remark,
    )


def judged(subject: Subject, judge: Judge, asked: Submission) -> Report:
    """The findings of the rules that were chosen; ``UsageError`` where none was: it would pass."""
    inspection = inspect(subject.seen, asked)
    report = judge.report(inspection)
    if not report.outcomes:
        what = f"no rule is left for {inspection.framework} on {inspection.target.name}"
        raise UsageError(what, hint="--select and --ignore leave none")
    return report


def _own(subject: Subject) -> tuple[Target, ...]:
    manifest = subject.seen.manifest
    return (facts.target(manifest.target),) if manifest is not None else ()


def _no_target(subject: Subject) -> UsageError:
    hint = "give --target ml_c5"
    if subject.scanned is not None and manifest_path(subject.path).is_file():
        hint = f"the manifest beside it is of another archive: {hint}"
    return UsageError("which target?", where=str(subject.path), hint=hint)


# --- files that are no archive yet ----------------------------------------------------------


def _is_archive(path: Path) -> bool:
    """By its bytes; what calls itself an archive is read as one, to be told what it is."""
    if ".tar" in path.suffixes or path.suffix == ".tgz":
        return True
    with FileSource(path) as source:
        return source.read(0, len(GZIP)) == GZIP


def _bare(path: Path, wanted: Wanted) -> Subject:
    """One model file, with the parts that belong to it beside it."""
    with FileSource(path) as source:
        framework = _asked(wanted) or frameworks.recognise(source)[0]
    files = FolderFiles(path.parent)
    try:
        parts = framework.parts(files.names(), path.name)
    except NeopackError:  # a home directory: what lies beside is not the model's
        parts = ()
    return _planned(path, path.parent, (path.name, *parts), framework, path.name, wanted)


def _folder(path: Path, wanted: Wanted) -> Subject:
    """All files of a directory, as ``tar`` would take them, hidden ones left out."""
    files = FolderFiles(path)
    names = files.names()
    found = next((one for one in frameworks.find(files) if one.packaged), None)
    framework = _asked(wanted) or (found.framework if found else None)
    if framework is None:
        hint = "neopack check ARCHIVE.tar.gz" if _archives(names) else ""
        raise frameworks.nothing_found(names, str(path), hint=hint)
    own = found.model if found and found.framework.name == framework.name else ""
    return _planned(path, path, names, framework, own, wanted)


def _archives(names: Sequence[str]) -> bool:
    return any(name.endswith((".tar.gz", ".tgz")) for name in names)


def _asked(wanted: Wanted) -> Framework | None:
    return frameworks.of_neo(wanted.framework) if wanted.framework else None


def _planned(
    path: Path,
    root: Path,
    names: Sequence[str],
    framework: Framework,
    model: str,
    wanted: Wanted,
) -> Subject:
    files = FolderFiles(root)
    entries = [_entry(root, name) for name in names]
    # the names that members get do not depend on the target
    planned = repacking.plan(entries, framework, facts.targets()[0], model)
    info, unreadable = _info(files, framework, model, wanted.limits)
    placed = [replace(entry, name=name) for name, entry in planned.placed.items()]
    seen = Seen(
        name=f"{path.stem or 'model'}.tar.gz",
        entries=tuple(placed),
        framework=framework,
        info=info,
        unreadable=unreadable,
        code=_code(root, planned),
        packed=False,
    )
    return Subject(
        path=path,
        seen=seen,
        root=root,
        planned=planned,
        model=model,
        remark=_as_what(planned),
    )


def _as_what(planned: repacking.Plan) -> str:
    names = [*(f"{name}/" for name in planned.directories), *planned.placed]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"no archive: judged as one of these files, packed as neopack packs them: {shown}"


def _info(
    files: FolderFiles, framework: Framework, model: str, limits: Limits
) -> tuple[ModelInfo | None, str]:
    if not model:
        return None, f"no file is a model of {framework.name}"
    try:
        return framework.read(files, model, limits), ""
    except NeopackError as error:
        return None, str(error)


def _entry(root: Path, name: str) -> TarEntry:
    return TarEntry(name=name, kind="file", size=(root / name).stat().st_size, offset=0)


def _code(root: Path, planned: repacking.Plan) -> dict[str, str]:
    return {
        name: (root / entry.name).read_text("utf-8", "replace")
        for name, entry in planned.placed.items()
        if is_code(name)
    }
