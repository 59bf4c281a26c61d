"""Convert neopack's frozen values to plain JSON and back; errors name the path of the bad field.

Used where values cross a process or a file of neopack's own: manifests, child processes, reports.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from neopack.errors import Malformed

__all__ = ["from_json", "to_json"]

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Turn dataclasses into dicts, tuples into lists and paths into strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def from_json(kind: type[T], data: Any, *, where: str = "") -> T:
    """Return ``data`` as a ``kind``. Raises ``Malformed``, naming the field that does not fit."""
    return typing.cast("T", _decode(kind, data, where))


def _decode(kind: Any, data: Any, where: str) -> Any:
    if kind is Any:
        return data
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, data, where)
    origin = get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(get_args(kind), data, where)
    if origin is Literal:
        words = get_args(kind)
        return _expect(data in words, data, f"one of {', '.join(map(str, words))}", where)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data, where)
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(data, dict), data, "an object", where)
        return {k: _decode(get_args(kind)[1], v, f"{where}.{k}") for k, v in data.items()}
    return _decode_plain(kind, data, where)


def _decode_dataclass(kind: Any, data: Any, where: str) -> Any:
    _expect(isinstance(data, dict), data, "an object", where)
    hints = _hints(kind)
    values = {
        field.name: _decode(hints[field.name], data[field.name], f"{where}.{field.name}")
        for field in dataclasses.fields(kind)
        if field.name in data
    }
    absent = [field.name for field in dataclasses.fields(kind) if _is_absent(field, values)]
    if absent:
        raise Malformed(f"lacks {', '.join(absent)}", where=where.lstrip("."))
    return kind(**values)


def _is_absent(field: dataclasses.Field[Any], values: dict[str, Any]) -> bool:
    defaults = (field.default, field.default_factory)
    return field.name not in values and all(each is dataclasses.MISSING for each in defaults)


def _decode_union(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in kinds:
        return None
    (kind,) = (k for k in kinds if k is not type(None))
    return _decode(kind, data, where)


def _decode_tuple(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    _expect(isinstance(data, list), data, "a list", where)
    return tuple(_decode(kinds[0], item, f"{where}[{i}]") for i, item in enumerate(data))


def _decode_plain(kind: Any, data: Any, where: str) -> Any:
    if kind is Path:
        return Path(_expect(isinstance(data, str), data, "a path", where))
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    fits = isinstance(data, kind) and not (kind is int and isinstance(data, bool))
    return _expect(fits, data, kind.__name__, where)


def _expect(fits: bool, data: Any, expected: object, where: str) -> Any:
    if not fits:
        raise Malformed(f"{data!r:.60} is not {expected}", where=where.lstrip("."))
    return data


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
