"""The verbs, from source to result: what users and the command line call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from neopack import facts
from neopack.artifacts import answer as answers
from neopack.artifacts import inspecting
from neopack.artifacts import load as artifacts
from neopack.artifacts.inspection import Inspected
from neopack.checks import all_targets as matrices
from neopack.checks import checking, compiled, explaining, fixing, judging
from neopack.checks.failure_reasons import Explanation
from neopack.checks.roadmap import roadmap
from neopack.compiling import local, target_choice
from neopack.errors import UsageError
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.frameworks import ExportSettings
from neopack.goldens.inputs import shape_of
from neopack.measure import bench as measuring
from neopack.measure import cost as costing
from neopack.measure.price import Price, price_of, read_prices
from neopack.options import BenchOptions, CheckOptions, CompileOptions, JobOptions, PackageOptions
from neopack.packaging import exporting, packing, resolving
from neopack.proving import verify as proving
from neopack.values.artifact import CompiledArtifact, NeoArchive
from neopack.values.evidence import Evidence
from neopack.values.finding import CheckResult, Report
from neopack.values.json import Json
from neopack.values.log import Log, SilentLog
from neopack.values.signature import InputRequest

if TYPE_CHECKING:  # a local compilation needs nothing of it
    from neopack.sagemaker import following

__all__ = [
    "answer",
    "bench",
    "check",
    "check_targets",
    "compile",
    "costs",
    "explain",
    "fix",
    "inspect",
    "load",
    "matrix",
    "package",
    "roadmap",
    "run",
    "submit",
    "verify",
]

Inputs = Mapping[str, Sequence[int]] | Sequence[InputRequest]
# an archive or an artifact is its path
Place: TypeAlias = str | PathLike[str]


def inspect(
    model: Any,
    *,
    inputs: Inputs = (),
    framework: str | None = None,
    weights: Place | None = None,
    arguments: Mapping[str, Json] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    log: Log | None = None,
) -> Inspected:
    """Say what a file, an archive, a callable or a live model is.

    Files are read without their framework and without running anything; a callable and a live
    model are exported first, in a child process, and need ``inputs`` for that.
    """
    if isinstance(model, str | PathLike) and Path(model).exists():
        return inspecting.inspect_path(Path(model), limits)
    source = resolving.resolve(
        model, framework=framework, arguments=arguments or {}, weights=_path(weights)
    )
    settings = ExportSettings()
    with exporting.exported(source, _requests(inputs), settings, log or SilentLog()) as (_, info):
        return Inspected(subject=source.where, form=info.format, info=info)


def package(
    model: Any,
    *,
    path: Place,
    inputs: Inputs = (),
    target: str = "ml_c5",
    framework: str | None = None,
    framework_version: str | None = None,
    weights: Place | None = None,
    arguments: Mapping[str, Json] | None = None,
    code: Place | None = None,
    script: bool = False,
    example: Place | None = None,
    signature: str | None = None,
    tags: Sequence[str] = (),
    form: Literal["saved-model", "frozen"] | None = None,
    outputs: Sequence[str] = (),
    trust_pickle: bool = False,
    seed: int = 0,
    level: int = 1,
    verify: bool = False,
    runtime: str | None = None,
    ignore: Sequence[str] = (),
    force: bool = False,
    log: Log | None = None,
) -> NeoArchive:
    """Write the archive that Neo takes for ``target``, its manifest and its golden numbers.

    ``model`` is a live model, ``module:callable``, ``file.py:callable`` or a file; ``inputs``
    maps names to shapes, or is a sequence of ``InputRequest``. ``signature`` and ``tags`` choose
    in a SavedModel, ``outputs`` names those of a frozen graph; ``trust_pickle`` lets a pickled
    XGBoost model be loaded, which may run anything. ``verify`` proves the model in the exact
    version that Neo compiles with, or in ``runtime``; ``runtime`` without it does so too, and has
    a PyTorch callable built and traced in it where it does not take today's export. Nothing is
    written where a rule finds an error (``CheckFailed``, ``Unsupported``), or anything else fails.
    """
    log, output = log or SilentLog(), Path(path)
    settings = PackageOptions(
        code=_path(code),
        level=level,
        force=force,
        ignore=tuple(ignore),
        verify=verify or runtime is not None,
        runtime=runtime,
    )
    export = ExportSettings(
        script=script,
        runtime="" if verify or runtime is None else runtime,
        seed=seed,
        example=_path(example),
        signature=signature,
        tags=tuple(tags),
        form=form,
        outputs=tuple(outputs),
        trust_pickle=trust_pickle,
    )
    submission = judging.Submission(
        target=facts.target(target), framework_version=framework_version
    )
    packing.refuse_outputs(output, force=force)
    source = resolving.resolve(
        model, framework=framework, arguments=arguments or {}, weights=_path(weights)
    )
    submission = packing.for_runtime(submission, source.framework, runtime, export)
    packing.refuse_unsupported(source.framework, submission)
    packing.code_members(settings.code)
    version = judging.version_for(source.framework, submission)
    export = replace(export, framework_version=version)
    with exporting.exported(source, _requests(inputs), export, log) as (made, info):
        return packing.write(made, info, source, submission, output, settings, log)


def check(
    model: Place,
    *,
    target: str | None = None,
    framework: str | None = None,
    framework_version: str | None = None,
    data_input_config: str | None = None,
    compiler_options: str | None = None,
    as_of: str | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """Every finding of every rule that holds for ``model`` on ``target``: an archive, or a file or
    a directory that one would be made of.

    What is not given is taken from the manifest beside the archive. Raises ``UsageError``
    where neither names a target, ``Malformed`` where the file is broken.
    """
    wanted = CheckOptions(
        framework=framework.upper() if framework else None,
        framework_version=framework_version,
        data_input_config=data_input_config,
        compiler_options=compiler_options,
        as_of=as_of,
        select=tuple(select),
        ignore=tuple(ignore),
        limits=limits,
    )
    return check_targets(model, [target] if target else [], wanted).reports[0]


def check_targets(
    model: Place,
    targets: Sequence[str] = (),
    wanted: CheckOptions | None = None,
    *,
    otherwise: Sequence[str] = (),
    source: Place | None = None,
) -> CheckResult:
    """``check`` for several targets, read once; where none is given for that of the manifest, and
    where there is none for those of ``otherwise``.

    What a job returned is told by its files, by the manifest beside it, or by ``source``, the
    archive that was submitted, and judged as such.
    """
    wanted, path = wanted or CheckOptions(), Path(model)
    aims, spare = ([facts.target(name) for name in names] for names in (targets, otherwise))
    scanned = checking.opened(path, wanted)
    if scanned is None and source is not None:
        raise UsageError("--source goes with what a job returned", where=str(path))
    if scanned is not None:
        artifact = compiled.artifact_of(scanned, _path(source), wanted)
        if artifact is not None:
            return compiled.check(path, scanned, artifact, aims, wanted)
    subject = checking.read(path, wanted, scanned)
    return checking.check(subject, aims, wanted, otherwise=spare)


def explain(text: str) -> Explanation:
    """What a rule, a message that AWS printed, or a failed job is about: cause, fix, source.

    ``text`` is a rule's id, the message, the JSON of DescribeCompilationJob, or the path of a file
    that holds one of these. What nobody knows has no cause; its class may still be told.
    """
    return explaining.explain_any(text)


def fix(
    model: Place,
    path: Place,
    *,
    target: str | None = None,
    wanted: CheckOptions | None = None,
    otherwise: Sequence[str] = (),
    force: bool = False,
    log: Log | None = None,
) -> fixing.FixedArchive:
    """Write ``path``: ``model``'s files byte for byte, packed as Neo wants them, and checked.

    What is not packaging stays wrong, and is a finding of ``Fixed.checked``.
    """
    wanted = wanted or CheckOptions()
    subject = checking.read(Path(model), wanted)
    given, spare = [target] if target else [], otherwise
    aims = checking.targets_of(
        subject, [facts.target(name) for name in given], [facts.target(name) for name in spare]
    )
    return fixing.mend(subject, aims[0], wanted, Path(path), force=force, log=log or SilentLog())


def matrix(model: Place, wanted: CheckOptions | None = None) -> matrices.Matrix:
    """What each target makes of ``model`` in each version that it takes: read once, judged for
    all."""
    wanted = wanted or CheckOptions()
    return matrices.matrix(checking.read(Path(model), wanted), wanted)


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

    The golden inputs are computed there; ``VerificationFailed`` where the version cannot load
    the model, or its outputs differ by more than ``max_difference`` of the largest (1e-4). The
    evidence is written into the manifest. A runtime that is absent is installed first.
    """
    return proving.verify(
        Path(archive),
        runtime=runtime,
        target=target,
        max_difference=max_difference,
        log=log or SilentLog(),
        limits=limits,
    )


def compile(  # noqa: A001 - Neo's own word
    archive: Place,
    *,
    target: str | None = None,
    output: Place | None = None,
    precision: str = "fp32",
    engine: str | None = None,
    max_difference: float | None = None,
    backend: Literal["local", "sagemaker"] = "local",
    role: str = "",
    region: str = "",
    profile: str = "",
    waiting: following.WaitOptions | None = None,
    force: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    log: Log | None = None,
) -> CompiledArtifact:
    """Compile an archive; the artifact's ``path`` is the new archive. Without ``target``, for the
    one that its manifest names; ``UsageError`` where none does.

    Here, with a local engine, the outputs are compared with the golden ones:
    ``VerificationFailed`` where they differ by more than ``max_difference`` (1e-3 of the largest
    in fp32 unless given). With ``backend="sagemaker"`` a compilation job does it, with ``role``,
    the ARN of a role, and ``output``, ``s3://bucket/prefix``; ``JobFailed`` where it fails, other
    ``ServiceError`` where AWS says no. ``submit`` does the same with all there is to say.
    """
    target = target or target_choice.target_of(Path(archive), (), "", log or SilentLog())
    if backend == "sagemaker":
        from neopack.options import Connection

        return _by_sagemaker(
            archive,
            target,
            JobOptions(
                role=role,
                output=str(output or ""),
                connection=Connection(region=region, profile=profile),
                force=force,
                limits=limits,
            ),
            waiting,
            log,
        )
    settings = CompileOptions(
        precision=precision,
        engine=engine,
        max_difference=max_difference,
        force=force,
        limits=limits,
    )
    return local.compile_archive(
        Path(archive), target, _path(output), settings, log or SilentLog()
    )


def _by_sagemaker(
    archive: Place,
    target: str,
    asked: JobOptions,
    waiting: following.WaitOptions | None,
    log: Log | None,
) -> CompiledArtifact:
    from neopack.sagemaker import following

    outcomes = submit(archive, [target], asked, waiting=waiting, log=log)
    following.raise_for(outcomes)
    return following.compiled(outcomes[0])


def submit(
    archive: Place,
    targets: Sequence[str],
    asked: JobOptions,
    *,
    waiting: following.WaitOptions | None = None,
    log: Log | None = None,
) -> tuple[following.JobOutcome, ...]:
    """One compilation job of SageMaker Neo for each target, followed to their ends.

    A failed job is an outcome, not an exception; ``following.raise_for`` makes it one.
    """
    from neopack.sagemaker import following, submitting

    wait = waiting or following.WaitOptions()
    return submitting.submit(Path(archive), targets, asked, wait, log or SilentLog())


def load(archive: Place, *, threads: int | None = None) -> artifacts.LoadedModel:
    """An archive, compiled or not, to compute with: ``neopack.load(path).predict({"x": array})``.

    ``predict`` raises ``UsageError`` for inputs that do not fit its ``signature``.
    """
    return artifacts.load(Path(archive), threads=threads)


def run(
    archive: Place, inputs: Mapping[str, Any], *, threads: int | None = None
) -> dict[str, Any]:
    """Load an archive and compute once: arrays in by name, arrays out by name."""
    return load(archive, threads=threads).predict(inputs)


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
    seconds: float = 10.0,
    threads: int | None = None,
    instance: str = "",
    price: float | None = None,
    prices: Place | None = None,
    log: Log | None = None,
) -> measuring.BenchResult:
    """Throughput and latency of one archive, or of two in turns with their ratio.

    With ``price``, in USD an hour, or ``prices``, the file of a list that has ``instance``, also
    what a million inferences cost.
    """
    paid = _paid(instance, price, _path(prices))
    paths = [Path(archive)] + ([Path(against)] if against is not None else [])
    settings = BenchOptions(seconds=seconds, threads=threads)
    result = measuring.bench(paths, settings, log or SilentLog())
    return costing.priced(result, instance, paid)


def costs(results: Sequence[Place], *, prices: Place | None = None) -> costing.Costs:
    """What a million inferences cost on each machine that ``results`` were measured on: files that
    ``neopack bench --format json`` wrote. The cheapest first."""
    return costing.costs([Path(result) for result in results], _path(prices))


def _paid(instance: str, price: float | None, prices: Path | None) -> Price | None:
    if prices is None:
        return None if price is None else Price(hourly=price)
    if price is not None or not instance:
        raise UsageError("--prices goes with --instance, and without --price")
    return price_of(instance, read_prices(prices), str(prices))


def _requests(inputs: Inputs) -> tuple[InputRequest, ...]:
    if isinstance(inputs, Mapping):
        return tuple(
            InputRequest(name=name, shape=shape_of(name, given)) for name, given in inputs.items()
        )
    if not isinstance(inputs, Sequence) or not all(isinstance(i, InputRequest) for i in inputs):
        raise UsageError("inputs is no mapping", hint='such as {"input0": (1, 3, 224, 224)}')
    return tuple(inputs)


def _path(given: Place | None) -> Path | None:
    return None if given is None else Path(given)
