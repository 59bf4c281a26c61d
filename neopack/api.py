"""The verbs, from source to result: what users and the command line call.

Each verb takes an options value of ``neopack.options``; those that notebooks use most also take
the fields of that value as keywords.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from neopack import facts, support
from neopack.archive.subjects import subject
from neopack.artifacts import answer as answers
from neopack.artifacts import inspecting
from neopack.artifacts import loaded_model as artifacts
from neopack.artifacts.inspecting import Inspection
from neopack.checks import all_targets, checking, explaining, fixing, judging
from neopack.checks import compiled as compiled_checks
from neopack.checks.failure_reasons import Explanation
from neopack.checks.roadmap import roadmap
from neopack.compiling import local
from neopack.compiling.target_choice import target_of
from neopack.errors import NeopackError, UsageError
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.frameworks import ExportOptions
from neopack.goldens.inputs import requests_of
from neopack.loadtests import target as loading
from neopack.loadtests.compare import compare
from neopack.loadtests.running import LoadResult
from neopack.loadtests.running import priced as priced_load
from neopack.measure import bench as measuring
from neopack.measure import cost as costing
from neopack.measure.price import hourly_price
from neopack.options import (
    BenchChoices,
    BenchOptions,
    CheckChoices,
    CheckOptions,
    CompileChoices,
    CompileOptions,
    JobOptions,
    LoadChoices,
    LoadOptions,
    PackageChoices,
    PackageOptions,
    Place,
    WaitOptions,
    chosen,
)
from neopack.packaging import exporting, packing, resolving
from neopack.packaging.steps import package_source
from neopack.project.settings import read_settings
from neopack.proving import compiler as compiler_proving
from neopack.proving import verify as proving
from neopack.reports.load_report import refuse_report, write_report
from neopack.reports.notebook_log import log as default_log
from neopack.runtimes.managing import doctor, install_runtimes, remove_runtimes, states
from neopack.serving.verbs import server, write_dockerfile
from neopack.values.artifact import CompiledArtifact, NeoArchive
from neopack.values.evidence import CompilerEvidence, Evidence
from neopack.values.finding import CheckedModels, CheckResult, Level, Report, UncheckedModel
from neopack.values.json import Json
from neopack.values.log import Log, SilentLog
from neopack.values.signature import InputRequest
from neopack.values.subject import Subject

if TYPE_CHECKING:
    from neopack.sagemaker.verbs import (
        attach,
        delete_job,
        deploy,
        dry_run,
        job_log,
        job_results,
        jobs,
        plan_endpoint,
        raise_for_jobs,
        show_job,
        stop_job,
        submit,
        undeploy,
        write_policies,
    )

__all__ = [
    "answer",
    "attach",
    "bench",
    "check",
    "check_models",
    "check_targets",
    "compare",
    "compile",
    "costs",
    "delete_job",
    "deploy",
    "doctor",
    "dry_run",
    "explain",
    "fix",
    "inspect",
    "install_runtimes",
    "job_log",
    "job_results",
    "jobs",
    "load",
    "matrix",
    "package",
    "package_for",
    "plan_endpoint",
    "raise_for",
    "raise_for_jobs",
    "read_settings",
    "remove_runtimes",
    "roadmap",
    "run",
    "server",
    "show_job",
    "states",
    "stop_job",
    "subjects",
    "submit",
    "support",
    "target_of",
    "unchecked",
    "undeploy",
    "verify",
    "verify_compiler",
    "write_dockerfile",
    "write_policies",
]

Inputs: TypeAlias = Mapping[str, Sequence[int]] | Sequence[InputRequest]


def __getattr__(name: str) -> Any:
    """SageMaker's verbs are imported at first use: other verbs import nothing of it."""
    if name not in __all__:
        raise AttributeError(f"module 'neopack.api' has no attribute {name!r}")
    return getattr(importlib.import_module("neopack.sagemaker.verbs"), name)


if "IPython" in sys.modules:  # a notebook shows results as tables
    from neopack.reports import notebook

    notebook.register()


# --- packaging ------------------------------------------------------------------------------


def inspect(
    model: Any,
    *,
    inputs: Inputs = (),
    framework: str | None = None,
    weights: Place | None = None,
    arguments: Mapping[str, Json] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    log: Log | None = None,
) -> Inspection:
    """Say what a file, an archive, a callable or a live model is.

    Files are read without their framework and without running anything. A callable and a live
    model are exported first, in a child process, and need ``inputs`` for that.
    """
    if isinstance(model, str | PathLike) and Path(model).exists():
        return inspecting.inspect_path(Path(model), limits)
    source = resolving.resolve(
        resolving.SourceRequest(
            model=model,
            framework=framework,
            arguments=arguments or {},
            weights=_path(weights),
        )
    )
    requests = requests_of(inputs)
    with exporting.exported(source, requests, ExportOptions(), log or SilentLog()) as (_, info):
        return Inspection(subject=source.where, form=info.format, info=info)


def package(
    model: Any,
    *,
    path: Place,
    inputs: Inputs = (),
    weights: Place | None = None,
    arguments: Mapping[str, Json] | None = None,
    options: PackageOptions | None = None,
    log: Log | None = None,
    **choices: Unpack[PackageChoices],
) -> NeoArchive:
    """Write the archive that Neo takes for a target, its manifest and its golden numbers.

    ``model`` is a live model, ``module:callable``, ``file.py:callable`` or a file. ``inputs`` maps
    names to shapes, or is a sequence of ``InputRequest``. ``weights`` is a state_dict, and
    ``arguments`` go to the callable. Nothing is written where a rule finds an error
    (``CheckFailed``, ``Unsupported``) or anything else fails.
    """
    options = chosen(PackageOptions, options, choices)
    request = resolving.SourceRequest(
        model=model,
        framework=options.framework,
        arguments=arguments or {},
        weights=_path(weights),
    )
    return package_source(request, requests_of(inputs), Path(path), options, log or default_log())


def package_for(
    targets: Sequence[str],
    model: Any,
    *,
    path: Place,
    inputs: Inputs = (),
    weights: Place | None = None,
    arguments: Mapping[str, Json] | None = None,
    options: PackageOptions | None = None,
    log: Log | None = None,
    **choices: Unpack[PackageChoices],
) -> tuple[NeoArchive, ...]:
    """``package`` for each of several targets, as ``<stem>.<target>.tar.gz``; for one target as
    ``path`` itself. Names of targets and outputs that exist are refused before the first is
    written."""
    options = chosen(PackageOptions, options, choices)
    paths = packing.paths_for(Path(path), [facts.target(name) for name in targets])
    for target, each in paths.items():
        packing.refuse_outputs(each, replace(options, target=target))
    return tuple(
        package(
            model,
            path=each,
            inputs=inputs,
            weights=weights,
            arguments=arguments,
            options=replace(options, target=target),
            log=log,
        )
        for target, each in paths.items()
    )


# --- checks ---------------------------------------------------------------------------------


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
        artifact = compiled_checks.artifact_of(scanned, _path(source), options)
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


def subjects(paths: Sequence[Place]) -> tuple[Subject, ...]:
    """Those of ``paths`` that are files, with their digests: a report names what it is about."""
    return tuple(subject(Path(path)) for path in paths if Path(path).is_file())


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


# --- compiling ------------------------------------------------------------------------------


def compile(  # noqa: A001 - Neo's own word
    archive: Place,
    *,
    target: str | None = None,
    output: Place | None = None,
    options: CompileOptions | JobOptions | None = None,
    wait: WaitOptions | None = None,
    log: Log | None = None,
    **choices: Unpack[CompileChoices],
) -> CompiledArtifact:
    """Compile an archive; the artifact's ``path`` is the new archive. Without ``target``, for the
    target that its manifest names; ``UsageError`` where none does.

    Here, with a local engine, the outputs are compared with the golden ones:
    ``VerificationFailed`` where they differ by more than ``max_difference`` (1e-3 of the largest
    in fp32 unless given). With ``JobOptions`` a compilation job of SageMaker does it:
    ``JobFailed`` where the job fails, another ``ServiceError`` where AWS refuses.
    """
    log = log or default_log()
    target = target or target_of(Path(archive), (), "", log)
    if isinstance(options, JobOptions):
        if choices or output is not None:
            raise UsageError("JobOptions say everything about a job", where=str(archive))
        return _by_job(archive, target, options, wait, log)
    return local.compile_archive(
        Path(archive), target, _path(output), chosen(CompileOptions, options, choices), log
    )


def _by_job(
    archive: Place, target: str, options: JobOptions, wait: WaitOptions | None, log: Log
) -> CompiledArtifact:
    from neopack.sagemaker import following, verbs

    outcomes = verbs.submit(archive, [target], options, wait=wait, log=log)
    following.raise_for(outcomes)
    return following.compiled(outcomes[0])


def load(
    archive: Place,
    *,
    threads: int | None = None,
    streams: int | None = None,
    cache: bool = True,
) -> artifacts.LoadedModel:
    """An archive, compiled or not, to compute with: ``neopack.load(path).predict({"x": array})``.

    ``predict`` raises ``UsageError`` for inputs that do not fit its ``signature``. Threads may
    share the model: ``streams`` of their calls compute at once, where its engine has streams.
    ``cache`` lets a large artifact keep unpacked files beside it, so that it loads fast again.
    """
    return artifacts.load(Path(archive), threads=threads, streams=streams, cache=cache)


def run(
    archive: Place, inputs: Mapping[str, Any], *, threads: int | None = None
) -> dict[str, Any]:
    """Load an archive and compute once: arrays in by name, arrays out by name."""
    return load(archive, threads=threads, cache=False).predict(inputs)


def answer(
    archive: Place,
    *,
    inputs: Place | None = None,
    seed: int = 0,
    threads: int | None = None,
    output: Place | None = None,
    force: bool = False,
    log: Log | None = None,
) -> answers.Answer:
    """``run`` from files: the arrays of an .npz, or seeded ones, in; a summary out."""
    return answers.answer(
        Path(archive),
        inputs=_path(inputs),
        seed=seed,
        threads=threads,
        output=_path(output),
        force=force,
        log=log or SilentLog(),
    )


def bench(
    archive: Place,
    *,
    against: Place | None = None,
    options: BenchOptions | None = None,
    instance: str = "",
    price: float | None = None,
    prices: Place | None = None,
    log: Log | None = None,
    **choices: Unpack[BenchChoices],
) -> measuring.BenchResult:
    """Throughput and latency of one archive, or of two in turns with their ratio.

    With ``price``, in USD an hour, or ``prices``, the file of a list that has ``instance``, also
    what a million inferences cost.
    """
    hourly = hourly_price(instance, price, _path(prices))
    paths = [Path(archive)] + ([Path(against)] if against is not None else [])
    result = measuring.bench(paths, chosen(BenchOptions, options, choices), log or default_log())
    return costing.priced(result, instance, hourly)


def loadtest(
    target: Place,
    *,
    goldens: Place | None = None,
    options: LoadOptions | None = None,
    instance: str = "",
    price: float | None = None,
    prices: Place | None = None,
    report: Place | None = None,
    force: bool = False,
    log: Log | None = None,
    **choices: Unpack[LoadChoices],
) -> LoadResult:
    """Throughput and latencies of a server under load: of an artifact or archive, which is served
    here in processes of its own, or of the server at a URL.

    A URL is sent the golden inputs of the archive ``goldens``, or ``options.payload``. Raises
    ``UsageError`` where there is nothing to send, ``EngineFailed`` where nothing is answered.
    ``price`` and ``prices`` add costs, as for ``bench``. ``report`` is a file to write, as HTML,
    Markdown or JSON by its extension.
    """
    settings = chosen(LoadOptions, options, choices)
    hourly = hourly_price(instance, price, _path(prices))
    if report is not None:
        refuse_report(Path(report), force=force)
    place, log = _path(goldens), log or SilentLog()
    result = loading.loadtest(str(target), settings, goldens=place, log=log)
    result = priced_load(result, instance, hourly)
    if report is not None:
        sent = [each for each in (target, goldens, settings.payload) if each is not None]
        write_report(Path(report), result, subjects(sent), force=force)
    return result


def costs(results: Sequence[Place], *, prices: Place | None = None) -> costing.Costs:
    """What a million inferences cost on each machine that ``results`` were measured on: files that
    ``neopack bench --format json`` wrote. The cheapest first."""
    return costing.costs([Path(result) for result in results], _path(prices))


# --- small things ---------------------------------------------------------------------------


def _path(place: Place | None) -> Path | None:
    return None if place is None else Path(place)
