"""What the source of a ``package`` or an ``inspect`` names: a live model, a callable, or the one
model of a file or a directory."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from types import FunctionType
from typing import Any

from neopack.errors import SourceError, UsageError
from neopack.frameworks import Framework, callables, catalogue
from neopack.types import Json, ModelSource
from neopack.wire.files import FolderFiles
from neopack.wire.source import FileSource

__all__ = ["find_model", "resolve"]


def resolve(
    model: Any,
    *,
    framework: str | None,
    arguments: Mapping[str, Json],
    weights: Path | None,
) -> ModelSource:
    """What ``model`` names: a live object, ``module:callable``, or a file or directory judged by
    the bytes in it. Raises ``UsageError`` where it is not of the ``framework`` that was said."""
    said = catalogue.get(framework).name if framework else None
    if not isinstance(model, str | PathLike):
        return _live(model, said)
    text = str(model)
    if callables.looks_like_callable(text):
        name = said or catalogue.of_callable(text)
        return ModelSource(
            kind="callable", where=text, framework=name, arguments=arguments, weights=weights
        )
    if arguments:
        raise UsageError("--arg goes with module:callable only", where=text)
    path, found = find_model(Path(text))
    catalogue.must_package(found, str(path))
    if said not in (None, found.name):
        raise UsageError(f"is a model of {found.name}, not of {said}", where=str(path))
    return ModelSource(kind="file", where=str(path), framework=found.name, weights=weights)


def _live(model: object, said: str | None) -> ModelSource:
    for name in (said,) if said else catalogue.names():
        if catalogue.get(name).owns(model):
            where = type(model).__name__
            return ModelSource(kind="object", where=where, framework=name, model=model)
    known = said or ", ".join(catalogue.names())
    raise SourceError(f"{type(model).__name__!r} is no model of {known}", hint=_meant(model))


def _meant(model: object) -> str:
    if isinstance(model, type):
        return f"give an object of it, such as {model.__name__}(...)"
    if isinstance(model, Mapping):
        return "a state_dict has no code: give the module with these weights loaded"
    if isinstance(model, FunctionType):
        return "give what it returns, or its name as module:callable"
    return ""


def find_model(path: Path) -> tuple[Path, Framework]:
    """The model file at ``path``, or the one model in that directory, and whose it is."""
    if path.is_dir():
        return _in_directory(path)
    if not path.is_file():
        if path.exists():
            raise SourceError("is neither a file nor a directory", where=str(path))
        hint = "" if path.suffix else "a callable is named module:callable"
        raise SourceError("no such file or directory", where=str(path), hint=hint)
    with FileSource(path) as source:
        return path, catalogue.recognise(source)[0]


def _in_directory(path: Path) -> tuple[Path, Framework]:
    files = FolderFiles(path)
    names, found = files.names(), tuple(catalogue.find(files))
    parts = {part for one in found for part in one.framework.parts(names, one.model)}
    whole = [one for one in found if one.model not in parts]
    # what was converted from a model does not stand in its way
    whole = [one for one in whole if one.framework.name in catalogue.names()] or whole
    # what Neo would not take by its name is taken up to be refused with the way out of it
    models = [one for one in whole if one.packaged] or whole[:1]
    if not models:
        raise catalogue.nothing_found(names, str(path))
    if len(models) > 1:
        raise SourceError(
            f"holds {len(models)} models: {', '.join(one.model for one in models[:5])}",
            where=str(path),
            hint=f"name one of them, such as {path / models[0].model}",
        )
    return path / models[0].model, models[0].framework
