"""Objects of scikit-learn around an XGBoost model: which one it is, and what would be lost without
the rest. Neo compiles the XGBoost model alone.

Nothing is imported: an object is known by the names of its classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neopack.errors import SourceError
from neopack.frameworks.xgboost.pipelines.steps import NOTHING, described
from neopack.frameworks.xgboost.sklearn_trees import is_trees

__all__ = ["alone", "is_booster", "is_model", "is_prepared", "model_inside"]

DEPTH = 6
# by a class among the bases of the object: what to package in its place
WAYS_OUT: Mapping[str, str] = {
    "BaseSearchCV": "package its best_estimator_",
    "CalibratedClassifierCV": "package the XGBoost model inside, and calibrate what it predicts",
    "TransformedTargetRegressor": "package its regressor_, and transform what it predicts back",
    "OneVsRestClassifier": "package each of its estimators_ alone",
    "_MultiOutputEstimator": "package each of its estimators_ alone",
    "_BaseChain": "package each of its estimators_ alone, and give each what those before predict",
    "_BaseHeterogeneousEnsemble": "package each XGBoost model of its estimators_ alone, and "
    "combine what they predict",
}
WAY_OUT = "package the XGBoost model inside, and do with its rows and predictions what this does"


def is_booster(model: object) -> bool:
    return ("xgboost", "Booster") in _names(model)


def is_model(model: object) -> bool:
    """A Booster, a wrapper of scikit-learn's form around one, or trees of scikit-learn's own."""
    known = {("xgboost", "Booster"), ("xgboost", "XGBModel")}
    return bool(_names(model) & known) or is_trees(model)


def is_prepared(model: Any) -> bool:
    """Whether it is a pipeline that prepares rows for a model, its last step."""
    if ("sklearn", "Pipeline") not in _names(model):
        return False
    *before, (_, last) = model.steps
    return is_model(last) and any(step not in NOTHING for _, step in before)


def model_inside(model: object) -> object | None:
    """The first XGBoost model in an object of scikit-learn, or the model itself."""
    return next(_models(model, DEPTH), None)


def alone(model: object, where: str) -> object:
    """The XGBoost model that predicts what ``model`` does. Raises ``SourceError`` where there is
    none, and names what would be lost."""
    if is_model(model):
        return model
    inner = model_inside(model)
    if inner is None:
        raise SourceError(f"is of type {type(model).__name__}, not an XGBoost model", where=where)
    if ("sklearn", "Pipeline") in _names(model):
        return _of_pipeline(model, inner, where)
    names = [name for _, name in _names(model)]
    way_out = next((hint for name, hint in WAYS_OUT.items() if name in names), WAY_OUT)
    name, kind = type(model).__name__, type(inner).__name__
    raise SourceError(
        f"holds an {kind}: Neo compiles that model alone, without what {name} does",
        where=where,
        hint=way_out,
    )


def _of_pipeline(pipeline: Any, inner: object, where: str) -> object:
    steps = [step for _, step in pipeline.steps if step not in NOTHING]
    if len(steps) == 1:
        return alone(steps[0], where)
    kinds = [type(step).__name__ for step in steps]
    if not is_model(steps[-1]):
        return alone(steps[-1], where)
    for step in steps[:-1]:
        described(step, where)
    raise SourceError(
        f"is a Pipeline of {', '.join(kinds[:-1])} and {kinds[-1]}: Neo compiles the "
        f"{type(inner).__name__} alone, and what comes before it would be lost",
        where=where,
        hint="--preprocessing code/inference.py has that written as a script",
    )


def _models(value: object, depth: int) -> Iterator[object]:
    if is_model(value):
        yield value
    elif depth:
        for inner in _parts(value):
            yield from _models(inner, depth - 1)


def _parts(value: object) -> Iterator[object]:
    """What an object of scikit-learn, or a container in one, holds."""
    if any(module == "sklearn" for module, _ in _names(value)):
        yield from getattr(value, "__dict__", {}).values()
    elif isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from value


def _names(model: object) -> set[tuple[str, str]]:
    return {(kind.__module__.split(".")[0], kind.__name__) for kind in type(model).__mro__}
