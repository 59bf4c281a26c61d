"""What a wrapper of scikit-learn's form knows and the model in it does not: which number stands
for a missing value, and the names of the classes.

A live wrapper tells. So does a file that the wrapper of XGBoost 1.0 to 1.7 saved, in an attribute;
since 2.0 the attribute says only that there was one (dmlc/xgboost, python-package/xgboost/
sklearn.py, ``save_model``, v1.0.2 to v3.2.0).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.errors import SourceError
from neopack.formats.pickle import PickledCall
from neopack.formats.pickled_numpy import plain
from neopack.frameworks.xgboost.estimators import is_booster
from neopack.values.json import AnyJson

__all__ = ["WRAPPER", "Wrapper", "of_file", "of_live", "of_state"]

# the attribute that a wrapper saves of itself
WRAPPER = "scikit_learn"
MOST_LABELS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """``missing`` is NaN where only NaN is missing; ``labels`` are empty where the classes are
    numbers from 0."""

    missing: float = math.nan
    labels: tuple[str, ...] = ()

    def warnings(self) -> Iterator[str]:
        if self.labels:
            named = (f"{number} is {label}" for number, label in enumerate(self.labels))
            listed = ", ".join([*named][:MOST_LABELS])
            more = ", ..." if len(self.labels) > MOST_LABELS else ""
            yield f"the model gives numbers of classes, not their names: {listed}{more}"


def of_live(model: Any) -> Wrapper:
    if is_booster(model):
        return Wrapper()
    missing = _missing(getattr(model, "missing", None), type(model).__name__)
    return Wrapper(missing=missing, labels=_labels(_classes(model)))


def of_file(attributes: Mapping[str, str]) -> Wrapper:
    """What the attribute tells, where it is there and whole."""
    try:
        told = json.loads(attributes.get(WRAPPER, "{}"))
    except (ValueError, RecursionError):
        return Wrapper()
    if not isinstance(told, dict):
        return Wrapper()
    return Wrapper(missing=_missing(told.get("missing"), WRAPPER), labels=_labels(_encoded(told)))


def of_state(state: Mapping[str, Any], name: str) -> Wrapper:
    """Of a pickled wrapper of the class ``name``, which was not loaded."""
    try:
        return Wrapper(
            missing=_missing(plain(state.get("missing")), name),
            labels=_labels(plain(_pickled_classes(state))),
        )
    except ValueError as error:
        raise SourceError(
            f"the {name} in it has {error}, which is not read without loading the pickle",
            where=name,
        ) from None


def _pickled_classes(state: Mapping[str, Any]) -> Any:
    encoder = state.get("_le")
    own = encoder.state if isinstance(encoder, PickledCall) else None
    return own.get("classes_") if isinstance(own, dict) else state.get("classes_")


def _encoded(told: Mapping[str, AnyJson]) -> Any:
    encoder = told.get("_le")
    return encoder.get("classes_") if isinstance(encoder, dict) else told.get("classes_")


def _classes(model: Any) -> Any:
    """Its own, where it has them: the property of today's XGBClassifier only counts."""
    own = vars(model).get("classes_")
    return own if own is not None else getattr(model, "classes_", None)


def _labels(classes: Any) -> tuple[str, ...]:
    listed = classes.tolist() if hasattr(classes, "tolist") else classes
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return ()
    return () if list(listed) == list(range(len(listed))) else tuple(map(repr, listed))


def _missing(value: Any, where: str) -> float:
    if value is None:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise SourceError(
            f"missing={value!r:.40} is not a number",
            where=where,
            hint="send NaN for a missing value, and say so with --missing nan",
        ) from None
