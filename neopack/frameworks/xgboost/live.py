"""A live model, asked as its users ask it: where golden numbers come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neopack.errors import SourceError, first_line
from neopack.frameworks.xgboost import wrappers
from neopack.frameworks.xgboost.estimators import is_booster
from neopack.frameworks.xgboost.sklearn_trees import is_trees, predictions
from neopack.values.artifact import Array

__all__ = ["LiveModel"]

# objective -> what of a classifier's probabilities its model gives
PROBABILITIES = {"binary:logistic": (..., 1), "multi:softprob": ...}


class LiveModel:
    """A Booster, a wrapper of scikit-learn's form or its own trees, by its own ``predict``."""

    def __init__(self, model: Any, objective: str, *, missing: float) -> None:
        """``missing`` is the number that rows have for a missing value, beside NaN."""
        self._model, self._objective, self._missing = model, objective, missing

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """``prediction``, as the objective transforms it, and ``margin``, before that."""
        import numpy as np

        (rows,) = inputs.values()
        if is_trees(self._model):
            return self._by_trees(rows)
        predict = self._by_booster if is_booster(self._model) else self._by_wrapper
        return {name: np.asarray(numbers) for name, numbers in predict(rows)}

    def _by_trees(self, rows: Array) -> dict[str, Array]:
        try:
            return dict(predictions(self._model, rows))
        except ValueError as error:  # infinity, for one
            raise SourceError(f"scikit-learn refuses the rows: {first_line(error)}") from error

    def _by_booster(self, rows: Array) -> Iterator[tuple[str, Any]]:
        import xgboost

        data = xgboost.DMatrix(
            rows,
            missing=self._missing,
            feature_names=self._model.feature_names,
            feature_types=self._model.feature_types,
        )
        yield "prediction", self._model.predict(data)
        yield "margin", self._model.predict(data, output_margin=True)

    def _by_wrapper(self, rows: Array) -> Iterator[tuple[str, Any]]:
        """A classifier's probabilities: what ``predict`` gives is the class of the largest."""
        from xgboost import XGBModel

        rows = self._as_the_wrapper_has_them(rows)
        raw = {"validate_features": False}
        if not hasattr(self._model, "predict_proba"):
            yield "prediction", self._own("predict", rows)
        elif self._objective in PROBABILITIES:
            part = PROBABILITIES[self._objective]
            yield "prediction", self._own("predict_proba", rows)[part]
        else:
            yield "prediction", XGBModel.predict(self._model, rows, **raw)
        yield "margin", XGBModel.predict(self._model, rows, output_margin=True, **raw)

    def _own(self, name: str, rows: Array) -> Any:
        """What the wrapper's method gives, which a class of the user's may define again. Rows
        have no names of columns, which XGBoost's own can be told."""
        method = getattr(self._model, name)
        of_xgboost = method.__module__.startswith("xgboost.")
        return method(rows, **({"validate_features": False} if of_xgboost else {}))

    def _as_the_wrapper_has_them(self, rows: Array) -> Array:
        """With NaN where the user says that a number is missing, and the wrapper does not."""
        import numpy as np

        own = wrappers.of_live(self._model).missing
        if np.isnan(self._missing) or own == self._missing:
            return rows
        return np.where(rows == np.float32(self._missing), np.float32(np.nan), rows)
