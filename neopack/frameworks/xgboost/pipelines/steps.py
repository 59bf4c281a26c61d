"""Fitted steps of scikit-learn as plain values, from which ``handler`` computes the same numbers.

A step is known by the name of its class, and its numbers are those of its fitted attributes
(scikit-learn 1.9, sklearn/preprocessing, sklearn/impute and sklearn/compose; read 2026-11).
Nothing is imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from neopack.errors import SourceError

__all__ = ["NOTHING", "WAY_OUT", "Step", "described"]

# what ``handler`` does, under "do", and with which numbers: values of JSON
Step: TypeAlias = dict[str, Any]

# steps that leave rows as they are
NOTHING = (None, "passthrough")
DROP = "drop"
WAY_OUT = "package pipeline[-1], and send it rows that pipeline[:-1].transform has prepared"


def described(step: Any, where: str) -> list[Step]:
    """What one fitted step does. Raises ``SourceError`` for a step that is not known here."""
    if step in NOTHING:
        return []
    kind = _kind(step)
    if kind not in _KNOWN:
        known = ", ".join(sorted(_KNOWN))
        raise SourceError(
            f"{type(step).__name__} is not among the steps that neopack writes as a script",
            where=where,
            hint=f"{WAY_OUT}; known are {known}",
        )
    try:
        return _KNOWN[kind](step, where)
    except AttributeError as error:
        raise SourceError(
            f"the {kind} is not fitted ({error})", where=where, hint="fit the pipeline first"
        ) from None


def _kind(step: object) -> str:
    kind = type(step)
    return kind.__name__ if kind.__module__.split(".")[0] == "sklearn" else ""


def _refused(step: object, why: str, where: str) -> SourceError:
    return SourceError(f"{_kind(step)} {why}", where=where, hint=WAY_OUT)


def _list(values: Any) -> Any:
    return values.tolist() if hasattr(values, "tolist") else values


# --- numbers ----------------------------------------------------------------------------------


def _standard(step: Any, _where: str) -> list[Step]:
    return [_scaled(minus=step.mean_, divide=step.scale_)]


def _robust(step: Any, _where: str) -> list[Step]:
    minus = step.center_ if step.with_centering else None
    return [_scaled(minus=minus, divide=step.scale_ if step.with_scaling else None)]


def _largest(step: Any, _where: str) -> list[Step]:
    clip = [-1.0, 1.0] if getattr(step, "clip", False) else None
    return [_scaled(divide=step.scale_, clip=clip)]


def _between(step: Any, _where: str) -> list[Step]:
    clip = list(map(float, step.feature_range)) if step.clip else None
    return [_scaled(times=step.scale_, plus=step.min_, clip=clip)]


def _scaled(**numbers: Any) -> Step:
    """In this order: minus, divide, times, plus, clip."""
    told = {name: _list(value) for name, value in numbers.items() if value is not None}
    return {"do": "scale", **told}


def _normalized(step: Any, _where: str) -> list[Step]:
    return [{"do": "normalize", "norm": step.norm}]


def _binary(step: Any, _where: str) -> list[Step]:
    return [{"do": "binarize", "above": float(step.threshold)}]


def _selected(step: Any, _where: str) -> list[Step]:
    return [{"do": "select", "columns": _list(step.get_support(indices=True))}]


# --- missing values and words -----------------------------------------------------------------


def _imputed(step: Any, where: str) -> list[Step]:
    fills = _list(step.statistics_)
    keeps_all = step.strategy == "constant" or getattr(step, "keep_empty_features", False)
    kept = [at for at, fill in enumerate(fills) if keeps_all or not _is_nan(fill)]
    indicator = getattr(step, "indicator_", None)
    return [
        {
            "do": "impute",
            "missing": _word(step.missing_values, step, where),
            "with": [_word(fills[at], step, where) for at in kept],
            "columns": kept,
            "marks": [] if indicator is None else _list(indicator.features_),
        }
    ]


def _one_hot(step: Any, where: str) -> list[Step]:
    _refuse_infrequent(step, where)
    drop = getattr(step, "drop_idx_", None)
    return [
        {
            "do": "one-hot",
            "categories": _categories(step, where),
            "names": _names(step),
            "drop": None if drop is None else _list(drop),
            "unknown": "error" if step.handle_unknown == "error" else "ignore",
        }
    ]


def _ordinal(step: Any, where: str) -> list[Step]:
    _refuse_infrequent(step, where)
    return [
        {
            "do": "ordinal",
            "categories": _categories(step, where),
            "names": _names(step),
            "unknown": None if step.handle_unknown == "error" else float(step.unknown_value),
            "missing": float(step.encoded_missing_value),
        }
    ]


def _refuse_infrequent(step: Any, where: str) -> None:
    grouped = getattr(step, "_infrequent_indices", None) or ()
    if any(each is not None for each in grouped):
        raise _refused(step, "puts infrequent categories together", where)


def _categories(step: Any, where: str) -> list[list[Any]]:
    return [[_word(each, step, where) for each in _list(own)] for own in step.categories_]


def _names(step: Any) -> list[str]:
    return [str(name) for name in getattr(step, "feature_names_in_", ())]


def _word(value: Any, step: object, where: str) -> Any:
    """A number, a text or None, as JSON has them."""
    plain = _list(value)
    if plain is None or isinstance(plain, bool | int | float | str):
        return plain
    if _is_nan(plain):  # pandas.NA is not a number either, and not of Python
        return float("nan")
    raise _refused(step, f"has a {type(plain).__name__} among its values", where)


def _is_nan(value: Any) -> bool:
    return (isinstance(value, float) and math.isnan(value)) or str(value) == "<NA>"


# --- steps of steps ---------------------------------------------------------------------------


def _in_turn(pipeline: Any, where: str) -> list[Step]:
    return [each for _, step in pipeline.steps for each in described(step, where)]


def _by_columns(step: Any, where: str) -> list[Step]:
    if step.transformer_weights:
        raise _refused(step, "has transformer_weights", where)
    places: Mapping[str, Sequence[int]] = step._transformer_to_input_indices  # noqa: SLF001
    parts = [
        [[int(at) for at in _list(places[name])], described(inner, where)]
        for name, inner, _ in step.transformers_
        if not (isinstance(inner, str) and inner == DROP) and len(places[name])
    ]
    return [{"do": "columns", "parts": parts}]


def _side_by_side(step: Any, where: str) -> list[Step]:
    if step.transformer_weights:
        raise _refused(step, "has transformer_weights", where)
    inner = [each for _, each in step.transformer_list if not isinstance(each, str)]
    every = list(range(step.n_features_in_))
    return [{"do": "columns", "parts": [[every, described(each, where)] for each in inner]}]


def _function(step: Any, where: str) -> list[Step]:
    if step.func is not None:
        name = getattr(step.func, "__name__", "a function")
        raise _refused(step, f"calls {name}, whose code would be lost", where)
    return []


_SELECTORS = (
    "SelectFdr", "SelectFpr", "SelectFromModel", "SelectFwe", "SelectKBest", "SelectPercentile",
    "VarianceThreshold",
)  # fmt: skip
_KNOWN: Mapping[str, Callable[[Any, str], list[Step]]] = {
    "Binarizer": _binary,
    "ColumnTransformer": _by_columns,
    "FeatureUnion": _side_by_side,
    "FunctionTransformer": _function,
    "MaxAbsScaler": _largest,
    "MinMaxScaler": _between,
    "Normalizer": _normalized,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
    "Pipeline": _in_turn,
    "RobustScaler": _robust,
    "SimpleImputer": _imputed,
    "StandardScaler": _standard,
    **dict.fromkeys(_SELECTORS, _selected),
}
