"""What the source of a ``package`` or an ``inspect`` names: a live model, a callable, or the one
model of a file or a directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from types import FunctionType
from typing import Any

from neopack.errors import SourceError, UsageError
from neopack.frameworks import callables, registry
from neopack.frameworks.finding import find_model
from neopack.values.json import Json
from neopack.values.model import ModelSource

__all__ = ["SourceRequest", "resolve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRequest:
    """What the user names as the source: ``arguments`` go to a callable, ``framework`` is None
    where it is to be recognized."""

    model: Any
    framework: str | None = None
    arguments: Mapping[str, Json] = field(default_factory=dict)
    weights: Path | None = None


def resolve(request: SourceRequest) -> ModelSource:
    """The source that ``request.model`` names: a live object, ``module:callable``, or a file or a
    directory judged by its bytes. Raises ``UsageError`` where it is of another framework than the
    requested one."""
    framework = registry.get(request.framework).name if request.framework else None
    if not isinstance(request.model, str | PathLike):
        return _live(request.model, framework)
    text = str(request.model)
    if callables.looks_like_callable(text):
        return ModelSource(
            kind="callable",
            where=text,
            framework=framework or registry.of_callable(text),
            arguments=request.arguments,
            weights=request.weights,
        )
    if request.arguments:
        raise UsageError("--arg goes with module:callable only", where=text)
    return _file(Path(text), framework, request.weights)


def _file(path: Path, framework: str | None, weights: Path | None) -> ModelSource:
    path, recognized = find_model(path)
    if framework in registry.packaged_by(recognized.name):
        return ModelSource(
            kind="file",
            where=str(path),
            framework=framework,
            weights=weights,
            loader=recognized.name,
        )
    if framework not in (None, recognized.name):
        raise UsageError(f"is a model of {recognized.name}, not of {framework}", where=str(path))
    return ModelSource(kind="file", where=str(path), framework=recognized.name, weights=weights)


def _live(model: object, framework: str | None) -> ModelSource:
    where = type(model).__name__
    for name in (framework,) if framework else registry.names():
        if registry.get(name).owns(model):
            return ModelSource(kind="object", where=where, framework=name, model=model)
    for name in registry.names():
        if framework in registry.packaged_by(name) and registry.get(name).owns(model):
            whole = registry.get(name).live(model)
            return ModelSource(kind="object", where=where, framework=str(framework), model=whole)
    listed = framework or ", ".join(registry.names())
    raise SourceError(f"{type(model).__name__!r} is not a model of {listed}", hint=_meant(model))


def _meant(model: object) -> str:
    if isinstance(model, type):
        return f"give an object of it, such as {model.__name__}(...)"
    if isinstance(model, Mapping):
        return "a state_dict has no code: give the module with these weights loaded"
    if isinstance(model, FunctionType):
        return "give what it returns, or its name as module:callable"
    return ""
