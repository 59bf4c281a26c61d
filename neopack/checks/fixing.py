"""The steps of ``check --fix``: pack the same files again, right, and check what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.archive.read import ArchiveScan, extract_members, scan
from neopack.archive.write import Written, write_archive, write_copy
from neopack.checks import checking, repacking
from neopack.checks.checking import Subject
from neopack.checks.judging import context_of
from neopack.checks.repacking import PackagingChange, RepackingPlan
from neopack.errors import OutputError, SourceError, UsageError
from neopack.options import CheckOptions
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable, writing
from neopack.outputs.staging import staging_directory
from neopack.values.finding import CheckResult
from neopack.values.log import Log
from neopack.values.model import Member
from neopack.values.target import Target

__all__ = ["FixedArchive", "mend"]

SUFFIX = ".tar.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedArchive:
    """The archive that was written, what was changed for it, and what is found in it.

    ``data_input_config`` and ``compiler_options`` are what it was checked with.
    """

    path: Path
    bytes: int
    sha256: str
    content_sha256: str
    changes: tuple[PackagingChange, ...]
    checked: CheckResult
    data_input_config: str | None = None
    compiler_options: str | None = None


def mend(
    subject: Subject, target: Target, options: CheckOptions, to: Path, *, force: bool, log: Log
) -> FixedArchive:
    """Write ``to``: the files of ``subject`` byte for byte, packed as Neo wants them.

    Raises ``UsageError`` where Neo does not take the name ``to``, ``SourceError`` where no model
    would be left. What is not packaging is a finding of the result still.
    """
    if not to.name.endswith(SUFFIX) or to.name == SUFFIX:
        raise UsageError("does not end in .tar.gz", where=str(to), hint="Neo takes one .tar.gz")
    refuse_unwritable(to, force=force)
    planned = _plan(subject, target)
    if not subject.contents.framework.models(tuple(planned.placed)):
        raise SourceError(
            "no model would be left in it",
            where=str(subject.path),
            hint="neopack check says what is wrong with it",
        )
    with staging_directory() as staging:
        members = _members(subject, planned, staging, options)
        archive = staging / to.name
        with writing(to), archive.open("xb") as stream:
            written = write_archive(stream, members, directories=planned.directories, log=log)
        _refuse_other_bytes(subject, planned, written)
        fixed = _checked_again(subject, target, options, archive, written, planned)
        with AtomicOutputs(force=force) as outputs:
            write_copy(outputs.open(to), archive)
    checked = replace(fixed.checked, path=str(to))
    return replace(fixed, path=to, checked=checked)


def _plan(subject: Subject, target: Target) -> RepackingPlan:
    if subject.planned is not None:
        return subject.planned
    return repacking.plan(
        subject.contents.entries, subject.contents.framework, target, subject.model
    )


def _members(
    subject: Subject, planned: RepackingPlan, staging: Path, options: CheckOptions
) -> tuple[Member, ...]:
    if subject.scanned is None:
        root = subject.root or subject.path
        return tuple(Member(name=n, path=root / e.name) for n, e in planned.placed.items())
    # names of our own: those of the archive never touch the disk
    numbered = list(planned.placed.items())
    paths = {entry.offset: staging / f"{n}.member" for n, (_, entry) in enumerate(numbered)}
    with writing(staging):
        extract_members(subject.scanned, paths, options.limits)
    return tuple(Member(name=name, path=paths[entry.offset]) for name, entry in numbered)


def _refuse_other_bytes(subject: Subject, planned: RepackingPlan, written: Written) -> None:
    """Neither weights nor anything else may have changed on the way."""
    if subject.scanned is None:
        return
    before = _digests(subject.scanned, planned)
    after = {member.name: member.sha256 for member in written.members}
    if before != after:
        other = min(name for name in after if before.get(name) != after[name])
        raise OutputError(f"{other!r} changed while it was packed", where=str(subject.path))


def _digests(scanned: ArchiveScan, planned: RepackingPlan) -> Mapping[str, str]:
    return {name: scanned.digests[entry.name] for name, entry in planned.placed.items()}


def _checked_again(
    subject: Subject,
    target: Target,
    options: CheckOptions,
    archive: Path,
    written: Written,
    planned: RepackingPlan,
) -> FixedArchive:
    """With the strings of the call as they were for what it was made of."""
    before = context_of(subject.contents, checking.submission(target, options))
    same = replace(
        checking.budgeted(archive, options),
        framework=before.framework,
        framework_version=before.framework_version or None,
        data_input_config=before.data_input_config,
        compiler_options=before.compiler_options,
    )
    result = checking.archive(archive, scan(archive, options.limits), same)
    return FixedArchive(
        path=archive,
        bytes=written.bytes,
        sha256=written.sha256,
        content_sha256=written.content_sha256,
        changes=planned.changes,
        checked=checking.check(result, [target], same),
        data_input_config=before.data_input_config,
        compiler_options=before.compiler_options,
    )
