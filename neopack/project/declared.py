"""How settings are declared and read: a dataclass a table, and a doc for each key.

The reader, the messages of its errors and the published JSON Schema all follow from the same
declarations.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from neopack.errors import UsageError
from neopack.spelling import did_you_mean

__all__ = [
    "WORDS",
    "hints_of",
    "keys_of",
    "optional",
    "read_table",
    "refuse_unknown_keys",
    "setting",
]

T = TypeVar("T")

WORDS = {str: "a string", bool: "true or false", int: "a whole number", float: "a number"}
PLURALS = {str: "strings", int: "whole numbers", float: "numbers"}
JSON_TYPES = (str, bool, int, float, dict, list)


def setting(default: T, doc: str) -> T:
    """A key with its default, and what the schema says of it."""
    if isinstance(default, Mapping):
        made: Any = dataclasses.field(default_factory=dict, metadata={"doc": doc})
    else:
        made = dataclasses.field(default=default, metadata={"doc": doc})
    return made  # type: ignore[no-any-return]


def keys_of(kind: Any) -> tuple[str, ...]:
    """The keys of a table: the fields that have a doc."""
    return tuple(each.name for each in dataclasses.fields(kind) if "doc" in each.metadata)


@cache
def hints_of(kind: Any) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)


def optional(kind: Any) -> Any:
    """``kind`` without its None."""
    if get_origin(kind) not in (typing.Union, types.UnionType):
        return kind
    (only,) = (each for each in get_args(kind) if each is not type(None))
    return only


def refuse_unknown_keys(
    kind: Any, data: object, where: str, at: str = "", *, also: tuple[str, ...] = ()
) -> None:
    """Refuse a key that no table has, however deep: a misspelled one would be without effect.
    ``also`` are keys that are read elsewhere."""
    kind = optional(kind)
    if _is_table(kind) and isinstance(data, dict):
        known = (*keys_of(kind), *also)
        for key, value in data.items():
            if key not in known:
                hint = did_you_mean(key, known, f"there are {', '.join(known)}")
                raise UsageError(f"has no setting {at + key!r}", where=where, hint=hint)
            refuse_unknown_keys(hints_of(kind)[key], value, where, f"{at}{key}.")
    elif get_origin(kind) is tuple and isinstance(data, list):
        for item in data:
            refuse_unknown_keys(get_args(kind)[0], item, where, at)
    elif _is_mapping(kind) and isinstance(data, dict):
        for key, value in data.items():
            refuse_unknown_keys(get_args(kind)[1], value, where, f"{at}{key}.")


def read_table(kind: type[T], data: object, where: str, at: str = "") -> T:
    """``data`` as a ``kind``. Raises ``UsageError`` that names the key which does not fit.

    One string stands for a list of one, ``true`` for a table without keys, and another value for
    the table whose key ``ALONE`` it is.
    """
    made: T = _read(kind, data, where, at)
    return made


def _read(kind: Any, data: Any, where: str, at: str) -> Any:
    kind = optional(kind)
    if _is_table(kind):
        return _read_table(kind, data, where, at)
    if get_origin(kind) is Literal:
        return _read_word(get_args(kind), data, where, at)
    if get_origin(kind) is tuple:
        return _read_list(get_args(kind)[0], data, where, at)
    if _is_mapping(kind):
        _expect(isinstance(data, dict), "a table", where, at)
        inner = get_args(kind)[1]
        return {key: _read(inner, value, where, f"{at}.{key}") for key, value in data.items()}
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind in WORDS:
        wrong = not isinstance(data, kind) or (kind is not bool and isinstance(data, bool))
        _expect(not wrong, WORDS[kind], where, at)
    else:
        _expect(isinstance(data, JSON_TYPES), "a value of JSON", where, at)
    return data


def _read_table(kind: Any, data: Any, where: str, at: str) -> Any:
    alone = getattr(kind, "ALONE", "")
    if data is True:
        data = {}
    if alone and not isinstance(data, dict):
        data = {alone: data}
    _expect(isinstance(data, dict), "a table", where, at)
    hints, prefix = hints_of(kind), f"{at}." if at else ""
    values = {key: _read(hints[key], value, where, prefix + key) for key, value in data.items()}
    try:
        return kind(**values)
    except TypeError as error:
        absent = str(error).rpartition(": ")[2].replace("'", "")
        raise UsageError(f"{at or 'it'} lacks {absent}", where=where) from None


def _read_word(words: tuple[Any, ...], data: Any, where: str, at: str) -> Any:
    if data not in words:
        listed = ", ".join(words)
        hint = did_you_mean(str(data), words, f"there are {listed}")
        raise UsageError(f"{at} is not one of {listed}", where=where, hint=hint)
    return data


def _read_list(kind: Any, data: Any, where: str, at: str) -> Any:
    values = data if isinstance(data, list) else [data]
    if kind in PLURALS:
        right = all(isinstance(each, kind) and not isinstance(each, bool) for each in values)
        _expect(right, f"a list of {PLURALS[kind]}", where, at)
    return tuple(_read(kind, item, where, f"{at}[{i}]") for i, item in enumerate(values))


def _expect(fits: bool, expected: str, where: str, at: str) -> None:
    if not fits:
        raise UsageError(f"{at or 'it'} is not {expected}", where=where)


def _is_table(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind)


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)
