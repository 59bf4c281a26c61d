"""The worker's side: carry out a step. What a step does is what its own command does."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from neopack import runtimes
from neopack.archive.manifest import golden_path, manifest_path, read_manifest
from neopack.archive.subjects import subject
from neopack.build.tasks import StepAnswer, StepTask, failure_of
from neopack.errors import NeopackError
from neopack.formats.codec import from_json, to_json
from neopack.goldens.inputs import requests_of
from neopack.options import BenchOptions, CompileOptions, Connection, JobOptions, PackageOptions
from neopack.options import chosen as chosen_options
from neopack.project.model_settings import ModelSettings
from neopack.values.artifact import NeoArchive
from neopack.values.json import AnyJson
from neopack.values.log import Log
from neopack.values.reads import Reads
from neopack.values.signature import InputRequest

__all__ = [
    "TASKS",
    "carry_out",
    "compile_options",
    "package_options",
    "target_folder",
]


def carry_out(task: StepTask, log: Log) -> tuple[StepAnswer, ...]:
    """An answer for each target: an error is one too."""
    os.chdir(task.root)
    try:
        return tuple(_STEPS[task.kind](task, log))
    except NeopackError as error:
        failure = failure_of(error)
        return tuple(StepAnswer(target=target, failure=failure) for target in task.targets)


def target_folder(target: str) -> str:
    return target.replace("/", "_")


# --- package --------------------------------------------------------------------------------


def _package(task: StepTask, log: Log) -> Iterator[StepAnswer]:
    from neopack.packaging.resolving import SourceRequest
    from neopack.packaging.steps import package_targets

    model = task.model
    request = SourceRequest(
        model=model.source,
        framework=model.framework,
        arguments=dict(model.arguments),
        weights=Path(model.weights) if model.weights else None,
    )
    paths = {
        target: Path(task.folder, target_folder(target), f"{model.name}.tar.gz")
        for target in task.targets
    }
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    if task.many:
        _warm(request)
    options = package_options(model)
    follows = model.verify in ("framework", "both") and not task.many
    if follows and model.runtime:
        runtimes.warm(model.runtime)
    for packaged in package_targets(
        request, _inputs(model), paths, options, log, proof_follows=follows and not model.runtime
    ):
        reads = packaged.reads
        known = {"reads": reads, "distributions": _distributions(reads)}
        if packaged.error is not None:
            failure = failure_of(packaged.error)
            yield StepAnswer(target=packaged.target, failure=failure, **known)  # type: ignore[arg-type]
        else:
            value, files = _packaged(packaged.result())
            yield StepAnswer(target=packaged.target, value=value, files=files, **known)  # type: ignore[arg-type]


def _warm(request: object) -> None:
    """Have the framework imported once for all exports of this worker."""
    from neopack.frameworks import registry
    from neopack.packaging.exporting import TASKS as EXPORTS
    from neopack.packaging.resolving import SourceRequest, resolve
    from neopack.processes import forkserver

    assert isinstance(request, SourceRequest)  # noqa: S101
    source = resolve(request)
    forkserver.warm((EXPORTS, *registry.preload(source.framework)))


def _packaged(archive: NeoArchive) -> tuple[dict[str, AnyJson], dict[str, str]]:
    manifest = read_manifest(archive.path)
    assert manifest is not None  # noqa: S101 - it was written a moment ago
    report = archive.path.with_name("report.json")
    report.write_text(json.dumps(to_json(archive.report)))
    value: dict[str, AnyJson] = {
        "framework": manifest.framework,
        "framework_version": manifest.framework_version,
        "sha256": archive.sha256,
        "content_sha256": archive.content_sha256,
        "goldens_sha256": manifest.goldens.sha256,
        "bytes": archive.bytes,
        "data_input_config": manifest.data_input_config,
        "compiler_options": manifest.compiler_options,
        "signature": to_json(manifest.signature),
        "random": list(manifest.random),
        "warnings": list(archive.warnings),
        "findings": [[f.id, f.level, f.message] for f in archive.report.findings],
    }
    files = {
        "archive": str(archive.path),
        "manifest": str(manifest_path(archive.path)),
        "goldens": str(golden_path(archive.path)),
        "report": str(report),
    }
    return value, files


def package_options(model: ModelSettings) -> PackageOptions:
    building = model.runtime if model.verify == "no" else None
    return chosen_options(
        PackageOptions,
        None,
        {
            **model.options,
            "framework": model.framework,
            "framework_version": model.framework_version,
            "code": model.code,
            "example": model.example,
            "seed": model.seed,
            "level": model.level,
            "ignore": model.ignore,
            "runtime": building,
        },
    )


def _inputs(model: ModelSettings) -> tuple[InputRequest, ...]:
    return requests_of(
        [
            InputRequest(name=name, shape=each.shape, dtype=each.dtype, below=each.below)
            for name, each in model.inputs.items()
        ]
    )


def _distributions(reads: Reads | None) -> tuple[str, ...]:
    named = _packages() if reads is not None else {}
    found = {each for name in (reads.packages if reads else ()) for each in named.get(name, ())}
    return tuple(sorted(found - {"neopack"}))


@cache
def _packages() -> Mapping[str, list[str]]:
    from importlib.metadata import packages_distributions

    return packages_distributions()


# --- proofs ---------------------------------------------------------------------------------


def _framework(task: StepTask, log: Log) -> Iterator[StepAnswer]:
    from neopack.proving.verify import verify

    evidence = verify(
        Path(task.archive),
        runtime=task.model.runtime,
        target=task.targets[0],
        max_difference=task.model.thresholds.max_difference,
        log=log,
    )
    yield StepAnswer(target=task.targets[0], value={"evidence": to_json(evidence)})


def _compiler(task: StepTask, log: Log) -> Iterator[StepAnswer]:
    from neopack.proving.compiler import verify_compiler

    evidence = verify_compiler(
        Path(task.archive),
        target=task.targets[0],
        max_difference=task.model.thresholds.max_difference,
        log=log,
    )
    yield StepAnswer(target=task.targets[0], value={"evidence": to_json(evidence)})


# --- compiling and measuring ----------------------------------------------------------------


def compile_options(model: ModelSettings) -> CompileOptions:
    settings = model.compile
    assert settings is not None  # noqa: S101 - there is no such step without
    return CompileOptions(
        precision=settings.precision,
        engine=settings.engine,
        max_difference=model.thresholds.max_difference,
        calibration=settings.calibration,
        preprocess=settings.preprocess,
        metric=settings.metric,
        max_accuracy_drop=settings.max_accuracy_drop,
        compiler_options=settings.compiler_options,
    )


def _compile(task: StepTask, log: Log) -> Iterator[StepAnswer]:
    from neopack import facts
    from neopack.compiling.local import compile_archive, default_output

    target = task.targets[0]
    path = default_output(Path(task.folder, Path(task.archive).name), facts.target(target))
    if task.model.backend == "sagemaker":
        yield _by_job(task, path, log)
        return
    options = compile_options(task.model)
    made = compile_archive(Path(task.archive), target, path, options, log)
    value: dict[str, AnyJson] = {
        "engine": made.engine,
        "engine_version": made.engine_version,
        "precision": made.precision,
        "difference": made.difference,
    }
    yield StepAnswer(target=target, value=value, files={"artifact": str(path)})


def _by_job(task: StepTask, path: Path, log: Log) -> StepAnswer:
    from neopack.artifacts.compiled_manifest import beside
    from neopack.sagemaker import following, verbs

    target, model = task.targets[0], task.model
    options = JobOptions(
        role=model.role or "",
        output=model.output or "",
        connection=Connection(region=task.region, profile=task.profile),
        compiler_options=model.compile.compiler_options if model.compile else None,
        ignore=model.ignore,
        download=path,
    )
    outcomes = verbs.submit(task.archive, [target], options, wait=None, log=log)
    following.raise_for(outcomes)
    made = following.compiled(outcomes[0])
    value: dict[str, AnyJson] = {
        "engine": made.engine, "engine_version": made.engine_version, "precision": made.precision,
        "difference": None,
    }  # fmt: skip
    files = {"artifact": str(path), "compiled": str(beside(path))}
    return StepAnswer(target=target, value=value, files=files)


def _bench(task: StepTask, log: Log) -> Iterator[StepAnswer]:
    from neopack.measure.bench import bench

    settings = task.model.bench
    assert settings is not None  # noqa: S101
    options = BenchOptions(seconds=settings.seconds, threads=settings.threads, seed=settings.seed)
    result = bench([Path(task.artifact), Path(task.archive)], options, log)
    ratio = result.ratio
    value: dict[str, AnyJson] = {
        "speedup": ratio.median if ratio else None,
        "result": to_json(result),
    }
    path = Path(task.folder, "bench.json")
    path.write_text(json.dumps(_measured(task, to_json(result)), indent=2) + "\n")
    yield StepAnswer(target=task.targets[0], value=value, files={"bench": str(path)})


def _measured(task: StepTask, result: dict[str, AnyJson]) -> dict[str, AnyJson]:
    """The form of ``bench --format json``: what was measured is named by digest."""
    files = [subject(Path(place)) for place in (task.artifact, task.archive)]
    named = [replace(each, path=Path(each.path).name) for each in files]
    return {"schema": 1, "kind": "bench", "subjects": to_json(named), **result}


_STEPS: Mapping[str, Callable[[StepTask, Log], Iterator[StepAnswer]]] = {
    "package": _package,
    "framework": _framework,
    "compiler": _compiler,
    "compile": _compile,
    "bench": _bench,
}


def _task(data: AnyJson, log: Log) -> AnyJson:
    return to_json(carry_out(from_json(StepTask, data), log))


TASKS: Mapping[str, Callable[[AnyJson, Log], AnyJson]] = {"step": _task}
