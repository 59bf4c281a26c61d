"""The binary model that Neo reads, from any encoding or a live model, with golden predictions."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator, Mapping

from neopack.errors import ExportFailed, NeopackError, SourceError, first_line
from neopack.frameworks import ExportTask
from neopack.frameworks.task import options_of
from neopack.frameworks.xgboost.answers import is_class
from neopack.frameworks.xgboost.even_rows import without_even_rows
from neopack.frameworks.xgboost.golden_rows import directed_rows, first_rows, request
from neopack.frameworks.xgboost.live import LiveModel
from neopack.frameworks.xgboost.lowering.writing import written
from neopack.frameworks.xgboost.opening import OpenedModel, opened
from neopack.frameworks.xgboost.options import XGBoostOptions
from neopack.frameworks.xgboost.pipelines.splitting import SplitPipeline
from neopack.frameworks.xgboost.run import XGBoostRunner, version
from neopack.frameworks.xgboost.sklearn_trees import averages
from neopack.goldens import inputs
from neopack.goldens.cases import GoldenCase
from neopack.goldens.directed import Compute
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member
from neopack.values.signature import InputRequest, Signature

__all__ = ["MODEL_FILE", "export"]

# the guide asks for *.model; the public loader takes any name
MODEL_FILE = "xgboost.model"


def export(task: ExportTask, log: Log) -> ExportedModel:
    """``staging/xgboost.model`` in the binary format of XGBoost 1.3.3.

    Raises ``SourceError`` that names what 1.3.3 cannot express, ``Missing`` without xgboost.
    """
    model, target = opened(task, log), task.staging / MODEL_FILE
    data = request(task, model.learner.num_feature)
    lowered = written(model.learner, model.form, model.missing, model.where)
    if lowered.data is None:
        shutil.copyfile(model.path, target)
    else:
        target.write_bytes(lowered.data)
    rewrites = (*_taken_out(model), *lowered.rewrites)
    for rewrite in rewrites:
        log.note(f"lowered to XGBoost 1.3.3: {rewrite}")
    warnings = tuple(_warnings(model))
    for warning in warnings:
        log.warn(warning)
    examples = first_rows(task, data, model.missing, takes_nan=model.takes_nan)
    source = _source(model, examples, lowered.rounds)
    cases = _cases(task, data, model, examples, source)
    outputs = cases[0].outputs
    signature = Signature(inputs=inputs.specs(examples), outputs=inputs.specs(outputs))
    scripts: tuple[Member, ...] = ()
    if model.pipeline is not None:
        runner = XGBoostRunner(target.read_bytes(), signature)
        script, case = _proven(
            task, model.pipeline, data, len(examples[data.name]), runner, source
        )
        scripts, cases = (script,), (*cases, case)
    if averages(model.live) and is_class(model.learner.objective):
        cases = tuple(without_even_rows(cases))
    return ExportedModel(
        framework="XGBOOST",
        members=(Member(name=MODEL_FILE, path=target),),
        signature=signature,
        goldens=task.save_goldens(cases),
        versions={"xgboost": version(), "python": platform.python_version()},
        warnings=warnings,
        rewrites=rewrites,
        scripts=scripts,
    )


def _proven(
    task: ExportTask,
    pipeline: SplitPipeline,
    data: InputRequest,
    count: int,
    packaged: XGBoostRunner,
    source: Compute,
) -> tuple[Member, GoldenCase]:
    """The script of what comes before the model, and golden rows that it prepared: with it the
    packaged model predicts what the pipeline does, or ``ExportFailed`` is raised."""
    path = pipeline.written(task.staging)
    raw, rows = pipeline.golden_rows(path, count, task.options.seed)
    prepared = {data.name: rows}
    pipeline.prove(path, raw, packaged.predict(prepared))
    case = GoldenCase(name="pipeline", inputs=prepared, outputs=_computed(source, prepared))
    return Member(name=str(options_of(task, XGBoostOptions).preprocessing), path=path), case


def _taken_out(model: OpenedModel) -> Iterator[str]:
    if model.pickled is not None:
        yield f"taken out of a pickled {model.pickled.kind}, of which nothing was run"
    if model.pipeline is not None:
        steps = model.pipeline.steps
        yield f"taken out of a Pipeline; a script does what comes before it: {steps}"


def _warnings(model: OpenedModel) -> Iterator[str]:
    if model.replaced:
        number = model.wrapper.missing
        yield f"rows must have NaN for a missing value, where the model itself has {number:g}"
    if model.pipeline is not None:
        yield "the archive takes rows that the script has prepared, and not those of the Pipeline"
    yield from model.wrapper.warnings()
    if model.pickled is not None:
        yield from model.pickled.warnings


def _source(model: OpenedModel, examples: Mapping[str, Array], rounds: int | None) -> Compute:
    """The source model, called as its users call it: for inputs by name, outputs by name."""
    if model.live is None:
        signature = Signature(inputs=inputs.specs(examples))
        data = model.path.read_bytes()
        runner = XGBoostRunner(data, signature, rounds=rounds, missing=model.missing)
        return runner.predict
    live = LiveModel(model.live, model.learner.objective, missing=model.missing)
    return live.predict


def _cases(
    task: ExportTask,
    data: InputRequest,
    model: OpenedModel,
    examples: Mapping[str, Array],
    source: Compute,
) -> tuple[GoldenCase, ...]:
    """The first golden case, those of every framework, and those of trees."""

    def compute(rows: Mapping[str, Array]) -> Mapping[str, Array]:
        if model.replaces(rows[data.name]):
            raise SourceError(f"a row has {model.wrapper.missing:g}")
        return source(rows)

    outputs = _computed(compute, examples)
    cases = task.golden_cases((data,), examples, outputs, compute)
    directed = directed_rows(model.learner, examples[data.name], model.missing)
    own = [(name, {data.name: rows}) for name, rows in directed if not model.replaces(rows)]
    return (
        *cases,
        *(GoldenCase(name=n, inputs=rows, outputs=_computed(source, rows)) for n, rows in own),
    )


def _computed(compute: Compute, examples: Mapping[str, Array]) -> Mapping[str, Array]:
    try:
        return compute(examples)
    except NeopackError:
        raise
    except Exception as error:
        raise ExportFailed(
            f"the model cannot predict: {type(error).__name__}: {first_line(error)}"
        ) from error
