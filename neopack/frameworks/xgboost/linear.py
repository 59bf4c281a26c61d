"""A linear booster as weights, offsets and the transform of its objective.

Source: dmlc/xgboost v1.3.3 and v3.2.0, src/gbm/gblinear.cc and ``PredTransform`` in
src/objective.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neopack.errors import Malformed, SourceError
from neopack.formats.source import FileSource
from neopack.frameworks.linear import INPUT, OUTPUT, LinearModel
from neopack.frameworks.xgboost import wrappers
from neopack.frameworks.xgboost.answers import TRANSFORMS
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.lowering.base_score import margins
from neopack.frameworks.xgboost.lowering.lift import read_learner
from neopack.frameworks.xgboost.lowering.lower import numbers
from neopack.frameworks.xgboost.run import XGBoostRunner, version
from neopack.frameworks.xgboost.source import require_file
from neopack.goldens.directed import Compute
from neopack.values.artifact import Array
from neopack.values.model import ModelSource
from neopack.values.signature import Signature, TensorSpec

__all__ = ["linear_model"]


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
    if model.booster != "gblinear":
        raise SourceError(
            f"is a {model.booster}, whose trees have no plain operators in ONNX",
            where=str(path),
            hint="leave --framework out: it is packaged as XGBOOST",
        )
    if model.objective not in TRANSFORMS:
        raise SourceError(
            f"nothing is known of the objective {model.objective}",
            where=str(path),
            hint="train with one of XGBoost's own objectives",
        )
    missing = wrappers.of_file(model.attributes).missing
    return LinearModel(
        title=f"a gblinear of XGBoost ({model.objective})",
        weights=_table(model, path)[:-1],
        offsets=_table(model, path)[-1] + _start(model),
        transform=TRANSFORMS[model.objective],
        missing=missing,
        predict=_predict(path, model.num_feature, missing),
        versions={"xgboost": version()},
    )


def _table(model: Learner, path: Path) -> Array:
    """A row for each column, and one of biases."""
    rows = numbers(model.weights, "<f4")
    if rows.size != (model.num_feature + 1) * model.groups:
        raise Malformed(
            f"{rows.size} weights where {model.num_feature} columns and a bias of "
            f"{model.groups} outputs belong",
            where=str(path),
        )
    table: Array = rows.reshape(model.num_feature + 1, model.groups)
    return table


def _start(model: Learner) -> Array:
    import numpy as np

    return np.array(margins(model), np.float32)


def _predict(path: Path, columns: int, missing: float) -> Compute:
    spec = TensorSpec(name=INPUT, dtype="float32", shape=(None, columns))
    runner = XGBoostRunner(path.read_bytes(), Signature(inputs=(spec,)), missing=missing)

    def predict(rows: Mapping[str, Array]) -> dict[str, Array]:
        return {OUTPUT: runner.predict(rows)[OUTPUT]}

    return predict
