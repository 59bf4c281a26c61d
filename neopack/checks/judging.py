"""Put an archive, or an export that is to become one, before the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from neopack import facts
from neopack.archive.manifest import Manifest
from neopack.archive.read import ArchiveFiles, ArchiveScan, MemberSource
from neopack.artifacts.load import find_model
from neopack.checks import engine
from neopack.errors import CheckFailed, LimitExceeded, NeopackError, SourceError, Unsupported
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.tar import TarEntry
from neopack.formats.text import is_text
from neopack.frameworks import Framework, Layout
from neopack.frameworks import registry as frameworks
from neopack.rules import (
    archive,
    dataconfig,
    handler,
    neuron_operators,
    options,
    randomness,
    scikit_learn,
    script_needs,
    target,
    traps,
    tvm_operators,
)
from neopack.rules.rule import CheckContext, Rule
from neopack.support.names import date_of
from neopack.values.finding import Level, Report
from neopack.values.model import Member, ModelInfo
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = [
    "ArchiveContents",
    "Submission",
    "context_of",
    "context_of_archive",
    "context_of_layout",
    "hold_code",
    "is_code",
    "judge",
    "judge_of",
    "raise_for",
    "read_contents",
    "version_for",
]

CODE = "code/"
PARSED = 250


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveContents:
    """What was read of an archive, once for all targets. ``model`` is the main file's name, empty
    where none was found.

    ``packed`` is False for the files of one that nobody wrote yet: its directory members, and the
    strings of the call, are then what the framework's layout says. ``modelless`` says that no
    member can be a model, of a framework that takes any name for one. ``refusal`` is why the model
    could not be read.
    """

    name: str
    entries: tuple[TarEntry, ...]
    framework: Framework
    model: str = ""
    info: ModelInfo | None = None
    refusal: NeopackError | None = None
    code: Mapping[str, str] = field(default_factory=dict)
    manifest: Manifest | None = None
    packed: bool = True
    modelless: bool = False


def version_for(framework: str, submission: Submission) -> str:
    """The version Neo compiles with: the one that was said, or the target's newest."""
    return submission.framework_version or facts.default_version(
        framework, submission.target, submission.as_of
    )


def judge(
    context: CheckContext, *, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Report:
    """All findings of all rules that hold for this submission."""
    return judge_of(context.framework, select=select, ignore=ignore).report(context)


def judge_of(
    framework: str, *, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> engine.Judge:
    """One that judges the same archive for many targets without asking a rule twice."""
    return engine.Judge(_rules(framework), select=select, ignore=ignore)


def _rules(framework: str) -> tuple[Rule, ...]:
    found = frameworks.of_neo(framework)
    strings = (dataconfig.RULES, options.RULES, scikit_learn.RULES)
    of_operators = (tvm_operators.RULES, neuron_operators.RULES)
    shared = (
        archive.RULES,
        target.RULES,
        *strings,
        handler.RULES,
        traps.RULES,
        randomness.RULES,
        *(of_operators if frameworks.is_read(found) else ()),
        script_needs.RULES,
    )
    return tuple(rule for rules in shared for rule in rules) + tuple(found.rules())


def raise_for(report: Report, passing: Level = "warning") -> None:
    """Raise where findings are graver than ``passing``, or rules could not be checked:
    ``Unsupported`` before ``CheckFailed``."""
    failing = report.failing(passing)
    unsupported = [finding for finding in failing if finding.id in target.UNSUPPORTED]
    if unsupported:
        first = unsupported[0]
        raise Unsupported(f"{first.id}: {first.message}", report=report, hint=first.fix)
    if failing:
        more = f", and {len(failing) - 1} more" if len(failing) > 1 else ""
        raise CheckFailed(f"{failing[0].id}: {failing[0].message}{more}", report=report)
    if report.not_checked:
        first_outcome = report.not_checked[0]
        raise CheckFailed(
            f"{len(report.not_checked)} rules could not be checked: {first_outcome.reason}",
            report=report,
        )


def context_of_archive(
    scanned: ArchiveScan,
    submission: Submission,
    manifest: Manifest | None,
    limits: Limits = DEFAULT_LIMITS,
) -> CheckContext:
    """What rules see of an archive on disk. Raises ``NotRecognized`` where neither the bytes,
    the manifest nor the caller tell the framework."""
    return context_of(read_contents(scanned, submission.framework, manifest, limits), submission)


def read_contents(
    scanned: ArchiveScan,
    framework_name: str | None,
    manifest: Manifest | None,
    limits: Limits = DEFAULT_LIMITS,
) -> ArchiveContents:
    """Read the model of an archive, which the caller says is of ``framework_name``."""
    name = framework_name or (manifest.framework if manifest else None)
    framework, model, info, refusal = _model(scanned, name, limits)
    return ArchiveContents(
        name=scanned.path.name,
        entries=scanned.entries,
        framework=framework,
        model=model,
        info=info,
        refusal=refusal,
        code=_code(scanned, limits),
        manifest=manifest,
        modelless=info is None and _is_modelless(scanned, framework, limits),
    )


def _is_modelless(scanned: ArchiveScan, framework: Framework, limits: Limits) -> bool:
    """Whether a model may have any name, and every member is a text that is not one, nor in place
    of one."""
    if any(group.suffixes for group in facts.framework(framework.name).files):
        return False
    texts = all(_is_other_text(scanned.heads[name]) for name in scanned.file_names())
    return texts and not frameworks.stub_among(ArchiveFiles(scanned, limits), framework)


def _is_other_text(head: bytes) -> bool:
    """A model in JSON begins with an object of these (XGBoost, demo/model_parser)."""
    is_model = head.lstrip().startswith(b"{") and (b'"learner"' in head or b'"version"' in head)
    return is_text(head) and not is_model


def context_of(contents: ArchiveContents, submission: Submission) -> CheckContext:
    """What rules see of what was read, as it would be submitted."""
    framework, layout = contents.framework, _layout(contents, submission)
    filled = _filled(submission, contents, layout)
    version = filled.framework_version or ""
    directories = layout.directories if layout is not None and not contents.packed else ()
    added = tuple(map(_directory, directories))
    return CheckContext(
        framework=framework.name,
        framework_version=version,
        target=submission.target,
        path=facts.compiler_path(framework.name, submission.target, version),
        as_of=submission.as_of or facts.newest(),
        entries=(*contents.entries, *added) if added else contents.entries,
        archive_name=contents.name,
        models=_models(contents),
        info=_with_types(
            contents.info, contents.manifest.signature if contents.manifest else None
        ),
        unreadable=_why(contents.refusal) if contents.refusal else "",
        over_limit=isinstance(contents.refusal, LimitExceeded),
        data_input_config=filled.data_input_config,
        compiler_options=filled.compiler_options,
        code=contents.code,
    )


def _with_types(info: ModelInfo | None, known: Signature | None) -> ModelInfo | None:
    """What was read of a model. Where its file tells nothing of inputs, as TorchScript that was
    rewritten, they have the names and types that were packaged."""
    if info is None or info.signature or known is None:
        return info
    inputs = tuple(replace(spec, shape=()) for spec in known.inputs)
    return replace(info, signature=Signature(inputs=inputs))


def _models(contents: ArchiveContents) -> tuple[str, ...]:
    """What may be a model, first the one that was read: findings about it name it."""
    if contents.modelless:
        return ()
    names = contents.framework.models(_visible(contents.entries))
    return tuple(sorted(names, key=lambda name: name != contents.model))


def context_of_layout(
    members: Sequence[Member],
    layout: Layout,
    info: ModelInfo,
    submission: Submission,
    archive_name: str,
    signature: Signature | None = None,
) -> CheckContext:
    """What rules would see of an archive that is not written yet."""
    framework = frameworks.get(info.framework)
    version = version_for(info.framework, submission)
    entries = [_entry(member.name, member.path.stat().st_size) for member in members]
    entries += map(_directory, layout.directories)
    return CheckContext(
        framework=info.framework,
        framework_version=version,
        target=submission.target,
        path=facts.compiler_path(info.framework, submission.target, version),
        as_of=submission.as_of or facts.newest(),
        entries=tuple(entries),
        archive_name=archive_name,
        models=framework.models([member.name for member in members]),
        info=_with_types(info, signature),
        data_input_config=layout.data_input_config,
        compiler_options=layout.compiler_options,
        code=_code_files(members),
    )


def _model(
    scanned: ArchiveScan, framework_name: str | None, limits: Limits
) -> tuple[Framework, str, ModelInfo | None, NeopackError | None]:
    """(framework, main file, what its reader saw, why it saw nothing)."""
    chosen = frameworks.of_neo(framework_name) if framework_name else None
    try:
        recognized = find_model(scanned, limits, framework=chosen.name if chosen else None)
    except NeopackError as error:
        if chosen is None:
            raise
        return chosen, "", None, error
    if recognized is not None:
        return recognized[0], recognized[1], recognized[2], None
    files = ArchiveFiles(scanned, limits)
    if chosen is None:
        raise frameworks.nothing_found(files, str(scanned.path), hint="give --framework")
    stub = frameworks.stub_among(files, chosen)
    if not (stub or frameworks.is_read(chosen)):
        return chosen, "", None, None
    return chosen, "", None, SourceError(stub or f"no member is a model of {chosen.name}")


def _why(refusal: NeopackError) -> str:
    """Why a model could not be read; where a limit was in the way, how to raise it."""
    return refusal.line() if isinstance(refusal, LimitExceeded) else str(refusal)


def _layout(contents: ArchiveContents, submission: Submission) -> Layout | None:
    """How the framework would have it submitted; None where only the caller can tell."""
    if contents.manifest is not None:
        names = [member.name for member in contents.manifest.archive.members]
        return contents.framework.layout(contents.manifest.signature, submission.target, names)
    if contents.packed:
        return None
    signature = contents.info.signature if contents.info is not None else None
    fixed = signature is not None and not any(None in spec.shape for spec in signature.inputs)
    names = [entry.name for entry in contents.entries if entry.kind == "file"]
    layout = contents.framework.layout(signature or Signature(inputs=()), submission.target, names)
    return layout if fixed else replace(layout, data_input_config=None)


def _filled(
    submission: Submission, contents: ArchiveContents, layout: Layout | None
) -> Submission:
    """The submission with what it leaves out: from the manifest where that is for this target,
    else the default."""
    manifest = contents.manifest
    if manifest is not None and manifest.target != submission.target.name:
        manifest = None
    version = submission.framework_version or (
        manifest.framework_version
        if manifest is not None
        else facts.default_version(contents.framework.name, submission.target, submission.as_of)
    )
    # for another target the same model goes in another form, which its signature gives
    stated = manifest if manifest is not None else layout
    return replace(
        submission,
        framework_version=version,
        data_input_config=_first(
            submission.data_input_config, stated.data_input_config if stated else None
        ),
        compiler_options=_first(
            submission.compiler_options, stated.compiler_options if stated else None
        ),
    )


def _first(chosen: str | None, otherwise: str | None) -> str | None:
    return chosen if chosen is not None else otherwise


def _visible(entries: Sequence[TarEntry]) -> list[str]:
    """Neo's loader drops members whose name starts with a dot."""
    names = [entry.name for entry in entries if entry.kind == "file"]
    return [name for name in names if not name.rsplit("/", 1)[-1].startswith(".")]


def _code(scanned: ArchiveScan, limits: Limits) -> Mapping[str, str]:
    names = [name for name in scanned.file_names() if is_code(name)]
    texts = {}
    for name in names:
        with MemberSource(scanned, name, limits) as source:
            hold_code(source.size, source.name, limits)
            texts[name] = source.read(0, source.size).decode("utf-8", "replace")
    return texts


def hold_code(size: int, where: str, limits: Limits) -> None:
    """Raise ``LimitExceeded`` for a script of ``size`` bytes that costs too much: Python's own
    parser takes two hundred times its size in memory."""
    limits.hold("record_bytes", size, where=where)
    budget = limits.begun(size)
    budget.spend(size, where)
    budget.hold(size * PARSED, where)


def _code_files(members: Sequence[Member]) -> Mapping[str, str]:
    chosen = [member for member in members if is_code(member.name)]
    return {member.name: member.path.read_text("utf-8", "replace") for member in chosen}


def is_code(name: str) -> bool:
    leaf = name.rsplit("/", 1)[-1]
    return CODE in name and (leaf.endswith(".py") or leaf == "requirements.txt")


def _entry(name: str, size: int) -> TarEntry:
    return TarEntry(name=name, kind="file", size=size, offset=0)


def _directory(name: str) -> TarEntry:
    return TarEntry(name=name, kind="directory", size=0, offset=0)
