"""The model in a pickle, or in a joblib file, whose bytes lie there plain: taken without running
anything of it.

A Booster's state has its model as ``save_raw`` gives it (before 1.0), as binary after the word
``CONFIG-offset:`` (1.0 to 1.2), or as ``Model`` in a document with its ``Config`` (since 1.3,
UBJSON since 1.6); a wrapper has the Booster, and what only the wrapper knows (dmlc/xgboost,
v0.72 to v3.2.0: ``__getstate__`` in python-package/xgboost/core.py, src/learner.cc).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from neopack.errors import Malformed, SourceError
from neopack.formats.compressed import expanded
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.formats.pickle import Global, PickledCall, read_pickle
from neopack.formats.pickled_numpy import JOBLIB
from neopack.formats.source import ByteSource, BytesSource, Cursor
from neopack.formats.ubjson import spans
from neopack.frameworks.xgboost import document
from neopack.frameworks.xgboost.rounds import BEST_LIMIT
from neopack.frameworks.xgboost.wrappers import WRAPPER, Wrapper, of_state

__all__ = ["PickledModel", "read_pickled"]

BOOSTER, INNER = "Booster", "_Booster"
PIPELINE = "sklearn.pipeline.Pipeline"
RECONSTRUCTOR = "copyreg._reconstructor", "copy_reg._reconstructor"
NO_STEPS = (None, "passthrough")
CONFIG = b"CONFIG-offset:"
OFFSET = 8
DEPTH = 6
# since 0.82 wrappers have this, and since 0.80 they predict with the best rounds alone
SINCE_0_82 = "importance_type"
AMBIGUOUS = (
    "the wrapper was trained with early stopping by XGBoost 0.72 to 0.81: predict takes the best "
    "rounds alone since 0.80, as the archive does, and all of them before"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PickledModel:
    """``kind`` is the name of the class; ``attributes`` are those that the model lacks and its
    wrapper knows, as a file that a wrapper saved has them."""

    kind: str
    data: bytes
    form: str
    wrapper: Wrapper = field(default_factory=Wrapper)
    attributes: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_pickled(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> PickledModel:
    """Raises ``SourceError`` for what is not one XGBoost model alone, with what would be lost."""
    whole = expanded(source, limits)
    bounds = replace(limits, record_bytes=limits.document_bytes)
    model = _alone(read_pickle(Cursor(whole), bounds, JOBLIB).value, source.name)
    name, state = _class(model), _state(model)
    if name.name == BOOSTER:
        return _of_booster(model, limits, source.name)
    inner = state.get(INNER)
    if not isinstance(inner, PickledCall) or _class(inner).name != BOOSTER:
        raise SourceError(f"holds {_article(name.name)} that was not fitted", where=source.name)
    booster = _of_booster(inner, limits, source.name)
    limit = state.get(BEST_LIMIT)
    known = {BEST_LIMIT: str(limit)} if isinstance(limit, int) else {}
    return replace(
        booster,
        kind=name.name,
        wrapper=of_state(state, name.name),
        attributes={WRAPPER: "{}", **known},
        warnings=(AMBIGUOUS,) if known and SINCE_0_82 not in state else (),
    )


# --- which object ---------------------------------------------------------------------------


def _alone(value: Any, where: str) -> PickledCall:
    """The XGBoost model that predicts what ``value`` does."""
    if _is_model(value):
        model: PickledCall = value
        return model
    steps = list(_steps(value)) if str(_class(value)) == PIPELINE else []
    if len(steps) == 1:
        return _alone(steps[0], where)
    inner = next(_models(value, DEPTH), None)
    if inner is None:
        raise SourceError("is a pickle without an XGBoost model of its own", where=where)
    kinds = ", ".join(_class(step).name for step in steps)
    name = f"{_article(_class(value).name)}" + (f" of {kinds}" if kinds else "")
    raise SourceError(
        f"is a pickle of {name}: Neo compiles the {_class(inner).name} in it alone, without the "
        "rest",
        where=where,
        hint="where it was made: save the XGBoost model inside, such as "
        "pipeline[-1].save_model('model.ubj'), and package that",
    )


def _is_model(value: Any) -> bool:
    name = _class(value)
    return name.module.split(".")[0] == "xgboost" and (
        name.name == BOOSTER or INNER in _state(value) or "n_estimators" in _state(value)
    )


def _steps(pipeline: Any) -> Iterator[Any]:
    for step in _state(pipeline).get("steps") or ():
        if isinstance(step, tuple) and len(step) == 2 and _is_step(step[1]):
            yield step[1]


def _is_step(step: Any) -> bool:
    return isinstance(step, PickledCall) or step not in NO_STEPS


def _models(value: Any, depth: int) -> Iterator[PickledCall]:
    if _is_model(value):
        yield value
    elif depth:
        for inner in _parts(value):
            yield from _models(inner, depth - 1)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, PickledCall):
        yield from _state(value).values()
        yield from (item for _, item in value.items)
    elif isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        yield from value


def _class(value: Any) -> Global:
    """The class of a pickled object; of a plain value, Python's."""
    function = value.function if isinstance(value, PickledCall) else None
    if str(function) in RECONSTRUCTOR and value.arguments:
        function = value.arguments[0]
    return function if isinstance(function, Global) else Global("builtins", type(value).__name__)


def _state(value: Any) -> Mapping[str, Any]:
    state = value.state if isinstance(value, PickledCall) else None
    return state if isinstance(state, dict) else {}


def _article(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOUX' else 'a'} {name}"


# --- its bytes ------------------------------------------------------------------------------


def _of_booster(booster: PickledCall, limits: Limits, where: str) -> PickledModel:
    handle = _state(booster).get("handle")
    if not isinstance(handle, bytes | bytearray):
        raise SourceError("holds a Booster without a model", where=where)
    form, data = _model(bytes(handle), limits, where)
    return PickledModel(kind=BOOSTER, data=data, form=form)


def _model(handle: bytes, limits: Limits, where: str) -> tuple[str, bytes]:
    """(encoding, bytes) of the model in what a Booster's state has."""
    if handle.startswith(CONFIG):
        start = len(CONFIG) + OFFSET
        end = start + int.from_bytes(handle[len(CONFIG) : start], "little")
        if end > len(handle):
            raise Malformed(f"a Booster of {len(handle)} bytes ends at {end}", where=where)
        return "binary", handle[start:end]
    source = BytesSource(where, handle)
    form = document.encoding(source)
    if form == "json":
        return form, _of_json(handle, where, limits)
    if form == "ubj":
        start, end = spans(source, limits).get("Model", (0, len(handle)))
        return form, handle[start:end]
    return "binary", handle


def _of_json(handle: bytes, where: str, limits: Limits) -> bytes:
    whole = read_json(handle, f"{where}: a Booster", limits)
    return json.dumps(whole["Model"]).encode() if "Model" in whole else handle
