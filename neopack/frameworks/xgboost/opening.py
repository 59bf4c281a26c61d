"""The model that a task names: a file in any encoding, a live one, or a pickle of one, with what
is known of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, SourceError, UsageError, first_line
from neopack.formats.source import FileSource
from neopack.frameworks import ExportTask, callables
from neopack.frameworks.task import options_of
from neopack.frameworks.xgboost import wrappers
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.estimators import alone, is_prepared
from neopack.frameworks.xgboost.lowering.lift import read_learner
from neopack.frameworks.xgboost.options import XGBoostOptions
from neopack.frameworks.xgboost.pickled import PickledModel, read_pickled
from neopack.frameworks.xgboost.pipelines.splitting import SplitPipeline, split
from neopack.frameworks.xgboost.sklearn_trees import is_trees, json_of
from neopack.frameworks.xgboost.source import require_file
from neopack.frameworks.xgboost.unpickle import handed_over, unpickled
from neopack.frameworks.xgboost.wrappers import Wrapper
from neopack.values.artifact import Array
from neopack.values.log import Log

__all__ = ["OpenedModel", "opened"]

PICKLE = "pickle"
TRUST = (
    "where it was made: model.save_model('model.ubj'), and package that; or, if you trust the "
    "file, --trust-pickle"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedModel:
    """``live`` is None for a file, ``pickled`` for all but a pickle that was not loaded.
    ``missing`` is the number that rows have for a missing value, NaN where they have NaN.
    ``pipeline`` is what ``live`` is the last step of."""

    path: Path
    where: str
    form: str
    learner: Learner
    live: Any
    wrapper: Wrapper
    missing: float
    pickled: PickledModel | None
    pipeline: SplitPipeline | None

    @property
    def replaced(self) -> bool:
        """Whether rows are to have NaN where the wrapper's own have a number."""
        return math.isnan(self.missing) and not math.isnan(self.wrapper.missing)

    @property
    def takes_nan(self) -> bool:
        """Trees of scikit-learn that have seen no NaN refuse it."""
        return not is_trees(self.live)

    def replaces(self, rows: Array) -> bool:
        """Whether these are not rows of the archive's: they have that number, or a NaN that the
        source refuses."""
        import numpy as np

        if not self.takes_nan and bool(np.isnan(rows).any()):
            return True
        return self.replaced and bool((rows == self.wrapper.missing).any())


def opened(task: ExportTask, log: Log) -> OpenedModel:
    """Raises ``SourceError`` for all that is not an XGBoost model, or more than one."""
    options, source = options_of(task, XGBoostOptions), _live(task, log)
    pipeline = _split(source, task, options.preprocessing)
    live = (
        pipeline.model
        if pipeline
        else source
        if source is None
        else alone(source, task.source.where)
    )
    pickled = _pickled(task) if live is None else None
    if live is not None:
        path, form = _saved(live, task)
    elif pickled is not None:
        path, form = _taken_out(pickled, task), pickled.form
    else:
        path, form = require_file(task.source)
    with FileSource(path) as source:
        learner = read_learner(source, form)
    if pickled is not None:
        learner = replace(learner, attributes={**pickled.attributes, **learner.attributes})
    wrapper = _wrapper(learner, live, pickled)
    return OpenedModel(
        path=path,
        where=task.source.where,
        form=form,
        learner=learner,
        live=live,
        wrapper=wrapper,
        missing=_missing(options.missing, wrapper.missing),
        pickled=pickled,
        pipeline=pipeline,
    )


def _split(source: Any, task: ExportTask, preprocessing: str | None) -> SplitPipeline | None:
    """The pipeline, if it is to be in two: the model, and a script of the steps before it."""
    if preprocessing is None:
        return None
    if source is None and require_file(task.source)[1] == PICKLE:
        raise UsageError(
            "--preprocessing needs the pipeline itself, and its pickle is not loaded",
            where=task.source.where,
            hint="if you trust the file, add --trust-pickle, which runs whatever is in it; or "
            "name module:callable that returns the pipeline",
        )
    if not is_prepared(source):
        raise UsageError(
            "--preprocessing goes with a Pipeline of scikit-learn that ends in its model",
            where=task.source.where,
            hint="name module:callable that returns the pipeline, or leave it out",
        )
    return split(source, task.source.where)


def _wrapper(learner: Learner, live: Any, pickled: PickledModel | None) -> Wrapper:
    if live is not None:
        return wrappers.of_live(live)
    return pickled.wrapper if pickled is not None else wrappers.of_file(learner.attributes)


def _pickled(task: ExportTask) -> PickledModel | None:
    """The model in a pickle; None for a file of another form."""
    path, form = require_file(task.source)
    if form != PICKLE:
        return None
    try:
        with FileSource(path) as source:
            return read_pickled(source)
    except SourceError as error:
        error.hint = error.hint or TRUST
        raise


def _taken_out(pickled: PickledModel, task: ExportTask) -> Path:
    path = task.staging / f"pickled.{pickled.form}"
    path.write_bytes(pickled.data)
    return path


def _live(task: ExportTask, log: Log) -> Any:
    """The model itself, or an object around it, where the source is not a file of one."""
    source, options = task.source, options_of(task, XGBoostOptions)
    if source.weights is not None:
        raise SourceError("--weights does not go with an XGBoost model", where=source.where)
    if source.kind == "object":
        return source.model
    if source.kind == "handed-over":
        return handed_over(Path(source.where))
    if source.kind == "callable":
        return callables.build(source.where, source.arguments)
    path, form = require_file(source)
    return unpickled(path, log) if form == PICKLE and options.trust_pickle else None


def _saved(live: Any, task: ExportTask) -> tuple[Path, str]:
    """The file and its form. A wrapper saves its class too, for it predicts in its own way
    (``early_stopping``)."""
    if is_trees(live):
        written = task.staging / "given.json"
        written.write_text(json_of(live, task.source.where), "utf-8")
        return written, "json"
    path = task.staging / "given.ubj"
    try:
        live.save_model(path)
    except Exception as error:
        raise ExportFailed(
            f"{type(live).__name__} cannot be saved: {first_line(error)}",
            where=task.source.where,
            hint="fit it first, with the XGBoost that is installed here",
        ) from error
    return path, "ubj"


def _missing(chosen: float | None, own: float) -> float:
    """The user's choice, or the wrapper's. Both only where they agree, or the choice is NaN."""
    if chosen is None or chosen == own:
        return own
    if not math.isnan(chosen) and not math.isnan(own):
        raise UsageError(
            f"--missing {chosen:g}, and the model has missing={own:g}",
            hint="leave --missing out, or say nan where rows have NaN for a missing value",
        )
    return chosen
