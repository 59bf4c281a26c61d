"""Put an archive, or an export that is to become one, before the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neopack import facts
from neopack.archive.manifest import Manifest
from neopack.archive.read import ArchiveScan, MemberSource
from neopack.artifacts.load import find_model
from neopack.catalog.names import date_of
from neopack.errors import CheckFailed, NeopackError, Unsupported
from neopack.frameworks import Framework, Layout
from neopack.frameworks import catalogue as frameworks
from neopack.rules import archive, dataconfig, engine, handler, options, target
from neopack.rules.inspection import Inspection, Rule
from neopack.types import Member, ModelInfo, Report, Target
from neopack.wire.guard import DEFAULT_LIMITS, Limits
from neopack.wire.tar import TarEntry

__all__ = ["Submission", "inspect_archive", "inspect_layout", "judge", "raise_for", "version_for"]

CODE = "code/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a job would say beside the archive. None: what the manifest says, or the default."""

    target: Target
    framework: str | None = None
    framework_version: str | None = None
    data_input_config: str | None = None
    compiler_options: str | None = None
    as_of: str | None = None

    def __post_init__(self) -> None:
        date_of(self.as_of, facts.snapshots()[0])


def version_for(framework: str, submission: Submission) -> str:
    """The version Neo compiles with: the one that was said, or the target's newest."""
    return submission.framework_version or facts.default_version(
        framework, submission.target, submission.as_of
    )


def judge(
    inspection: Inspection, *, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Report:
    """All findings of all rules that hold for this submission."""
    return engine.run(_rules(inspection.framework), inspection, select=select, ignore=ignore)


def _rules(framework: str) -> tuple[Rule, ...]:
    shared = (archive.RULES, dataconfig.RULES, target.RULES, options.RULES, handler.RULES)
    return tuple(rule for rules in shared for rule in rules) + tuple(
        frameworks.get(framework).rules()
    )


def raise_for(report: Report) -> None:
    """Raise where a report is not clean: ``Unsupported`` before ``CheckFailed``."""
    errors = report.at("error")
    unsupported = [finding for finding in errors if finding.id in target.UNSUPPORTED]
    if unsupported:
        first = unsupported[0]
        raise Unsupported(f"{first.id}: {first.message}", report=report, hint=first.fix)
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        raise CheckFailed(f"{errors[0].id}: {errors[0].message}{more}", report=report)
    if report.not_checked:
        first_outcome = report.not_checked[0]
        raise CheckFailed(
            f"{len(report.not_checked)} rules could not be checked: {first_outcome.reason}",
            report=report,
        )


def inspect_archive(
    scanned: ArchiveScan,
    submission: Submission,
    manifest: Manifest | None,
    limits: Limits = DEFAULT_LIMITS,
) -> Inspection:
    """What rules see of an archive on disk. Raises ``NotRecognised`` where neither the bytes,
    the manifest nor the caller tell the framework."""
    framework, info, unreadable = _model(scanned, submission, manifest, limits)
    filled = _filled(submission, framework, manifest)
    models = framework.models(_visible(scanned.entries))
    return Inspection(
        framework=framework.name,
        framework_version=filled.framework_version or "",
        target=submission.target,
        path=facts.compiler_path(
            framework.name, submission.target, filled.framework_version or ""
        ),
        as_of=submission.as_of or facts.newest(),
        entries=scanned.entries,
        archive_name=scanned.path.name,
        models=models,
        info=info,
        unreadable=unreadable,
        data_input_config=filled.data_input_config,
        compiler_options=filled.compiler_options,
        code=_code(scanned, limits),
    )


def inspect_layout(
    members: Sequence[Member],
    layout: Layout,
    info: ModelInfo,
    submission: Submission,
    archive_name: str,
) -> Inspection:
    """What rules would see of an archive that is not written yet."""
    framework = frameworks.get(info.framework)
    version = version_for(info.framework, submission)
    entries = [_entry(member.name, member.path.stat().st_size) for member in members]
    entries += [
        TarEntry(name=name, kind="directory", size=0, offset=0) for name in layout.directories
    ]
    return Inspection(
        framework=info.framework,
        framework_version=version,
        target=submission.target,
        path=facts.compiler_path(info.framework, submission.target, version),
        as_of=submission.as_of or facts.newest(),
        entries=tuple(entries),
        archive_name=archive_name,
        models=framework.models([member.name for member in members]),
        info=info,
        data_input_config=layout.data_input_config,
        compiler_options=layout.compiler_options,
        code=_code_files(members),
    )


def _model(
    scanned: ArchiveScan, submission: Submission, manifest: Manifest | None, limits: Limits
) -> tuple[Framework, ModelInfo | None, str]:
    """(framework, what its reader saw, why it saw nothing)."""
    asked = submission.framework or (manifest.framework if manifest else None)
    try:
        found = find_model(scanned, limits)
    except NeopackError as error:
        if asked is None:
            raise
        return frameworks.get(asked), None, str(error)
    if found is not None and asked in (None, found[0].name):
        return found[0], found[2], ""
    if asked is None:
        raise frameworks.nothing_found(
            scanned.file_names(), str(scanned.path), hint="give --framework"
        )
    return frameworks.get(asked), None, f"no member is a model of {asked}"


def _filled(submission: Submission, framework: Framework, manifest: Manifest | None) -> Submission:
    """What was not said, from the manifest where it is for this target, else the default."""
    same = manifest is not None and manifest.target == submission.target.name
    version = submission.framework_version or (
        manifest.framework_version
        if manifest and same
        else facts.default_version(framework.name, submission.target, submission.as_of)
    )
    config, compiler_options = submission.data_input_config, submission.compiler_options
    if manifest is not None:
        # for another target the same model goes in another form, which its signature gives
        members = [member.name for member in manifest.archive.members]
        layout = framework.layout(manifest.signature, submission.target, members)
        stated = (
            (manifest.data_input_config, manifest.compiler_options)
            if same
            else (layout.data_input_config, layout.compiler_options)
        )
        config = config if config is not None else stated[0]
        compiler_options = compiler_options if compiler_options is not None else stated[1]
    return Submission(
        target=submission.target,
        framework_version=version,
        data_input_config=config,
        compiler_options=compiler_options,
    )


def _visible(entries: Sequence[TarEntry]) -> list[str]:
    """Neo's loader drops members whose name starts with a dot."""
    names = [entry.name for entry in entries if entry.kind == "file"]
    return [name for name in names if not name.rsplit("/", 1)[-1].startswith(".")]


def _code(scanned: ArchiveScan, limits: Limits) -> Mapping[str, str]:
    names = [name for name in scanned.file_names() if _is_code(name)]
    texts = {}
    for name in names:
        with MemberSource(scanned, name, limits) as source:
            texts[name] = source.read(0, limits.record_bytes).decode("utf-8", "replace")
    return texts


def _code_files(members: Sequence[Member]) -> Mapping[str, str]:
    chosen = [member for member in members if _is_code(member.name)]
    return {member.name: member.path.read_text("utf-8", "replace") for member in chosen}


def _is_code(name: str) -> bool:
    leaf = name.rsplit("/", 1)[-1]
    return CODE in name and (leaf.endswith(".py") or leaf == "requirements.txt")


def _entry(name: str, size: int) -> TarEntry:
    return TarEntry(name=name, kind="file", size=size, offset=0)
