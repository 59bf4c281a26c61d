"""Verdicts on a model: of the rules, of the exact version, of the compiler."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from neopack import facts
from neopack.api.places import path_of
from neopack.checks import all_targets, checking, explaining, fixing, judging, several
from neopack.checks import compiled as compiled_checks
from neopack.checks.failure_reasons import Explanation
from neopack.errors import NeopackError, UsageError
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.options import (
    CheckChoices,
    CheckOptions,
    Place,
    chosen,
)
from neopack.proving import compiler as compiler_proving
from neopack.proving import verify as proving
from neopack.reports.notebook_log import log as default_log
from neopack.values.evidence import CompilerEvidence, Evidence
from neopack.values.finding import CheckedModels, CheckResult, Level, Report, UncheckedModel
from neopack.values.log import Log


def check(
    model: Place,
    *,
    target: str | None = None,
    options: CheckOptions | None = None,
    **choices: Unpack[CheckChoices],
) -> Report:
    """Every finding of every rule that holds for ``model`` on ``target``. ``model`` is an archive,
    or a file or a directory that one would be made of.

    What is not given is taken from the manifest beside the archive. Raises ``UsageError`` where
    neither names a target, ``Malformed`` where the file is broken.
    """
    options = chosen(CheckOptions, options, choices)
    return check_targets(model, [target] if target else [], options).reports[0]


def check_targets(
    model: Place,
    targets: Sequence[str] = (),
    options: CheckOptions | None = None,
    *,
    otherwise: Sequence[str] = (),
    source: Place | None = None,
) -> CheckResult:
    """``check`` for several targets, read once. Without ``targets``, for the manifest's; where
    there is no manifest, for ``otherwise``.

    An artifact that a job returned is recognized by its files, by the manifest beside it, or by
    ``source``, the archive that was submitted. It is judged by the rules for artifacts.
    """
    path = Path(model)
    options = checking.budgeted(path, options or CheckOptions())
    chosen_targets, spare = (
        [facts.target(name) for name in names] for names in (targets, otherwise)
    )
    scanned = checking.opened(path, options)
    if scanned is None and source is not None:
        raise UsageError("--source goes with what a job returned", where=str(path))
    if scanned is not None:
        artifact = compiled_checks.artifact_of(scanned, path_of(source), options)
        if artifact is not None:
            return compiled_checks.check(path, scanned, artifact, chosen_targets, options)
    subject = checking.read(path, options, scanned)
    return checking.check(subject, chosen_targets, options, otherwise=spare)


def check_models(
    models: Sequence[Place],
    targets: Sequence[str] = (),
    options: CheckOptions | None = None,
    *,
    otherwise: Sequence[str] = (),
) -> CheckedModels:
    """``check_targets`` for several models. One that cannot be judged does not keep the others
    from being: its error is in ``unchecked``."""
    results, others = [], []
    for model in models:
        try:
            results.append(check_targets(model, targets, options, otherwise=otherwise))
        except UsageError:
            raise
        except NeopackError as error:
            others.append(unchecked(str(model), error))
    return CheckedModels(results=tuple(results), unchecked=tuple(others))


def matching(names: Sequence[Place]) -> tuple[Path, ...]:
    """The models that ``names`` mean, each once: a pattern means the files that match it, and a
    folder the archives in it, at any depth. Raises ``UsageError`` where nothing matches."""
    return several.matching(names)


def unchecked(path: str, error: NeopackError) -> UncheckedModel:
    """What a report says of a model that ``error`` kept from being judged."""
    return UncheckedModel(
        path=path, error=type(error).__name__, message=error.line(), exit_code=error.exit_code
    )


def fix(
    model: Place,
    path: Place,
    *,
    target: str | None = None,
    options: CheckOptions | None = None,
    otherwise: Sequence[str] = (),
    force: bool = False,
    log: Log | None = None,
) -> fixing.FixedArchive:
    """Write ``path``: the files of ``model`` byte for byte, packed as Neo wants them, and checked.

    An error that is not about packaging stays, and is a finding of ``FixedArchive.checked``.
    """
    options = checking.budgeted(Path(model), options or CheckOptions())
    subject = checking.read(Path(model), options)
    names = [target] if target else []
    targets = checking.targets_of(
        subject, [facts.target(name) for name in names], [facts.target(name) for name in otherwise]
    )
    return fixing.mend(
        subject, targets[0], options, Path(path), force=force, log=log or default_log()
    )


def matrix(model: Place, options: CheckOptions | None = None) -> all_targets.Matrix:
    """The verdict of each target, in each version that it takes, on ``model``, read once."""
    options = checking.budgeted(Path(model), options or CheckOptions())
    return all_targets.matrix(checking.read(Path(model), options), options)


def raise_for(report: Report, passing: Level = "warning") -> None:
    """Raise ``CheckFailed`` or ``Unsupported`` where the report does not pass."""
    judging.raise_for(report, passing)


def explain(text: str) -> Explanation:
    """The cause, the fix and the source of a rule, of a message that AWS printed, or of a failed
    job.

    ``text`` is a rule's id, the message, the JSON of DescribeCompilationJob, or the path of a file
    that holds one of these. An unknown message has no cause; its class may still be known.
    """
    return explaining.explain_any(text)


def verify(
    archive: Place,
    *,
    runtime: str | None = None,
    target: str | None = None,
    max_difference: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
    log: Log | None = None,
) -> Evidence:
    """Load an archive's model in the exact version that Neo compiles with, and compare.

    The golden inputs are computed there. Raises ``VerificationFailed`` where the version cannot
    load the model, or its outputs differ by more than ``max_difference`` of the largest (1e-4).
    The evidence is written into the manifest. An absent runtime is installed first.
    """
    return proving.verify(
        Path(archive),
        runtime=runtime,
        target=target,
        max_difference=max_difference,
        log=log or default_log(),
        limits=limits,
    )


def verify_compiler(
    archive: Place,
    *,
    target: str | None = None,
    max_difference: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
    log: Log | None = None,
) -> CompilerEvidence:
    """Compile an archive by Neo's public loader and the nearest public build of its compiler.

    Neither is Neo. The golden inputs are computed by what was built, where it runs here; else by
    code for this CPU. Raises ``VerificationFailed`` with the loader's own words where it refuses
    the model, ``Unsupported`` for a target that Neo compiles for otherwise. The evidence is
    written into the manifest. An absent runtime is installed first.
    """
    return compiler_proving.verify_compiler(
        Path(archive),
        target=target,
        max_difference=max_difference,
        log=log or default_log(),
        limits=limits,
    )
