"""What the source of a ``package`` or an ``inspect`` names: a live model, a callable, or the one
model of a file or a directory."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from types import FunctionType
from typing import Any

from neopack.errors import SourceError, UsageError
from neopack.frameworks import callables, registry
from neopack.frameworks.finding import find_model
from neopack.values.json import Json
from neopack.values.model import ModelSource

__all__ = ["resolve"]


def resolve(
    model: Any,
    *,
    framework: str | None,
    arguments: Mapping[str, Json],
    weights: Path | None,
) -> ModelSource:
    """What ``model`` names: a live object, ``module:callable``, or a file or directory judged by
    the bytes in it. Raises ``UsageError`` where it is not of the ``framework`` that was said."""
    said = registry.get(framework).name if framework else None
    if not isinstance(model, str | PathLike):
        return _live(model, said)
    text = str(model)
    if callables.looks_like_callable(text):
        name = said or registry.of_callable(text)
        return ModelSource(
            kind="callable", where=text, framework=name, arguments=arguments, weights=weights
        )
    if arguments:
        raise UsageError("--arg goes with module:callable only", where=text)
    path, found = find_model(Path(text))
    registry.must_package(found, str(path))
    if said not in (None, found.name):
        raise UsageError(f"is a model of {found.name}, not of {said}", where=str(path))
    return ModelSource(kind="file", where=str(path), framework=found.name, weights=weights)


def _live(model: object, said: str | None) -> ModelSource:
    for name in (said,) if said else registry.names():
        if registry.get(name).owns(model):
            where = type(model).__name__
            return ModelSource(kind="object", where=where, framework=name, model=model)
    known = said or ", ".join(registry.names())
    raise SourceError(f"{type(model).__name__!r} is no model of {known}", hint=_meant(model))


def _meant(model: object) -> str:
    if isinstance(model, type):
        return f"give an object of it, such as {model.__name__}(...)"
    if isinstance(model, Mapping):
        return "a state_dict has no code: give the module with these weights loaded"
    if isinstance(model, FunctionType):
        return "give what it returns, or its name as module:callable"
    return ""
