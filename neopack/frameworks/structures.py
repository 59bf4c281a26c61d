"""Nested arguments and results: dicts, tuples, lists, named tuples and dataclasses of tensors.

A leaf's path is the keys that lead to it, in the order of the structure itself.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

__all__ = ["Path", "hints_of", "is_keyed", "items", "leaves", "nested", "replaced"]

Path: typing.TypeAlias = tuple[str, ...]


def items(value: Any) -> list[tuple[str, Any]]:
    """The keys and the values of a structure; none for anything else."""
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items()]
    if hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if isinstance(value, tuple | list):
        return [(str(at), item) for at, item in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(each.name, getattr(value, each.name)) for each in dataclasses.fields(value)]
    return []


def leaves(
    value: Any, is_leaf: Callable[[Any], bool], path: Path = ()
) -> Iterator[tuple[Path, Any]]:
    """Each leaf with its path. What is neither a leaf nor a structure is left out."""
    if is_leaf(value):
        yield path, value
        return
    for key, item in items(value):
        yield from leaves(item, is_leaf, (*path, key))


def replaced(value: Any, values: Iterator[Any], is_leaf: Callable[[Any], bool]) -> Any:
    """The same structure with other leaves, taken from ``values`` in the order of ``leaves``."""
    if is_leaf(value):
        return next(values)
    if isinstance(value, Mapping):
        return {key: replaced(item, values, is_leaf) for key, item in value.items()}
    if hasattr(value, "_fields"):
        return type(value)(*(replaced(item, values, is_leaf) for item in value))
    if isinstance(value, tuple | list):
        parts = [replaced(item, values, is_leaf) for item in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(
            value, **{name: replaced(item, values, is_leaf) for name, item in items(value)}
        )
    return value


def nested(entries: Sequence[tuple[Path, Any]], annotation: Any = None) -> Any:
    """The value whose leaves these are: a tuple where all keys are numbers, an object of the
    annotated class where that is a named tuple or a dataclass, else a dict."""
    if len(entries) == 1 and not entries[0][0]:
        return entries[0][1]
    parts: dict[str, list[tuple[Path, Any]]] = {}
    for path, value in entries:
        parts.setdefault(path[0], []).append((path[1:], value))
    kind = _plain(annotation)
    hints = hints_of(kind) if _is_record(kind) else {}
    fields = {key: nested(rest, hints.get(key)) for key, rest in parts.items()}
    if _is_record(kind):
        return kind(**fields)
    if all(key.isdecimal() for key in fields):
        return (list if kind is list else tuple)(fields.values())
    return fields


def hints_of(value: Any) -> dict[str, Any]:
    """The annotations of a function or a class; none where they cannot be read."""
    try:
        return typing.get_type_hints(value)
    except (AttributeError, ImportError, NameError, SyntaxError, TypeError, ValueError):
        return {}


def is_keyed(annotation: Any) -> bool:
    """Whether values of this annotation are structures of named parts."""
    kind = _plain(annotation)
    return _is_record(kind) or (inspect.isclass(kind) and issubclass(kind, Mapping))


def _is_record(kind: Any) -> bool:
    return inspect.isclass(kind) and (hasattr(kind, "_fields") or dataclasses.is_dataclass(kind))


def _plain(annotation: Any) -> Any:
    """The class of an annotation: ``dict`` of ``dict[str, Tensor] | None``."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(annotation) if part is not type(None)]
        return _plain(parts[0])
    return origin or annotation
