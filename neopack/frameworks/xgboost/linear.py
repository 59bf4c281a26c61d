"""A linear booster as weights, offsets and the transform of its objective.

Source: dmlc/xgboost v1.3.3 and v3.2.0, src/gbm/gblinear.cc and ``PredTransform`` in
src/objective.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, Malformed, SourceError, first_line
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.linear import INPUT, OUTPUT, LinearModel
from neopack.frameworks.xgboost import wrappers
from neopack.frameworks.xgboost.answers import TRANSFORMS
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.estimators import alone, is_booster, is_prepared
from neopack.frameworks.xgboost.lowering.base_score import margins
from neopack.frameworks.xgboost.lowering.lift import read_learner
from neopack.frameworks.xgboost.lowering.lower import numbers
from neopack.frameworks.xgboost.pipelines.steps import WAY_OUT
from neopack.frameworks.xgboost.run import XGBoostRunner, version
from neopack.frameworks.xgboost.sklearn_trees import is_trees
from neopack.frameworks.xgboost.source import require_file
from neopack.goldens.directed import Compute
from neopack.values.artifact import Array
from neopack.values.model import ModelSource
from neopack.values.signature import Signature, TensorSpec

__all__ = ["linear_model", "live_linear_model"]


def linear_model(path: Path) -> LinearModel:
    """Raises ``SourceError`` for a model of trees, and an objective that is not known."""
    origin = ModelSource(kind="file", where=str(path), framework="XGBOOST")
    _, form = require_file(origin)
    if form == "pickle":
        raise SourceError(
            "is a pickle, of which ONNX takes no model",
            where=str(path),
            hint="where it was made: model.save_model('model.ubj'), and package that",
        )
    with FileSource(path) as source:
        model = read_learner(source, form)
    missing = wrappers.of_file(model.attributes).missing
    return _linear(model, path.read_bytes(), missing, str(path))


def live_linear_model(model: Any) -> LinearModel:
    """Of a Booster or its wrapper. Raises as ``linear_model``, and ``ExportFailed`` for one that
    is not fitted."""
    where = type(model).__name__
    if is_prepared(model):
        steps = f"is a {where}, whose steps before the model would be lost"
        raise SourceError(steps, where=where, hint=WAY_OUT)
    model = alone(model, where)
    if is_trees(model):
        raise _trees(where, where)
    try:
        booster = model if is_booster(model) else model.get_booster()
        data = bytes(booster.save_raw("ubj"))
    except Exception as error:
        raise ExportFailed(
            f"{where} cannot be saved: {first_line(error)}", where=where, hint="fit it first"
        ) from error
    learner = read_learner(BytesSource(where, data), "ubj")
    return _linear(learner, data, wrappers.of_live(model).missing, where)


def _linear(model: Learner, data: bytes, missing: float, where: str) -> LinearModel:
    """``data`` is what XGBoost loads the model from."""
    if model.booster != "gblinear":
        raise _trees(model.booster, where)
    if model.objective not in TRANSFORMS:
        raise SourceError(
            f"nothing is known of the objective {model.objective}",
            where=where,
            hint="train with one of XGBoost's own objectives",
        )
    table = _table(model, where)
    return LinearModel(
        title=f"a gblinear of XGBoost ({model.objective})",
        weights=table[:-1],
        offsets=table[-1] + _start(model),
        transform=TRANSFORMS[model.objective],
        missing=missing,
        predict=_predict(data, model.num_feature, missing),
        versions={"xgboost": version()},
    )


def _trees(kind: str, where: str) -> SourceError:
    return SourceError(
        f"is a {kind}, whose trees have no plain operators in ONNX",
        where=where,
        hint="leave --framework out: it is packaged as XGBOOST",
    )


def _table(model: Learner, where: str) -> Array:
    """A row for each column, and one of biases."""
    rows = numbers(model.weights, "<f4")
    if rows.size != (model.num_feature + 1) * model.groups:
        raise Malformed(
            f"{rows.size} weights where {model.num_feature} columns and a bias of "
            f"{model.groups} outputs belong",
            where=where,
        )
    table: Array = rows.reshape(model.num_feature + 1, model.groups)
    return table


def _start(model: Learner) -> Array:
    import numpy as np

    return np.array(margins(model), np.float32)


def _predict(data: bytes, columns: int, missing: float) -> Compute:
    spec = TensorSpec(name=INPUT, dtype="float32", shape=(None, columns))
    runner = XGBoostRunner(data, Signature(inputs=(spec,)), missing=missing)

    def predict(rows: Mapping[str, Array]) -> dict[str, Array]:
        return {OUTPUT: runner.predict(rows)[OUTPUT]}

    return predict
