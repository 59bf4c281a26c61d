"""The two JSON strings of a compilation job, read as strictly as the service reads them.

``DataInputConfig`` and ``CompilerOptions`` go over the wire as text; the open loader reads
them with ``json.loads`` (neo-ai/neo-loader@06788c0, 2022-08-17), while the guide prints Python
quotes, which fail there.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from neopack.errors import Malformed
from neopack.values.json import Json

__all__ = ["Config", "Options", "dims", "read_config", "read_options", "strict_json"]

_LONGEST = 1 << 16  # well past the API's limits, which are judged by their own rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """DataInputConfig as written: inputs in order; a list's are named input0, input1, ..."""

    form: Literal["dict", "list"]
    inputs: tuple[tuple[str, Json], ...]
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """CompilerOptions as written: an object's keys, or the flags of one string."""

    form: Literal["object", "string", "other"]
    keys: dict[str, Json]
    flags: str = ""


def strict_json(text: str) -> tuple[Json, tuple[str, ...]]:
    """The value, and the keys that any object in it repeats; Malformed with a hint if neither."""
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        counts = Counter(key for key, _ in items)
        repeated.extend(key for key, count in counts.items() if count > 1)
        return dict(items)

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_constant)
    except RecursionError:
        raise Malformed("nested too deeply") from None
    except json.JSONDecodeError as error:
        hint = _as_json(text)
        raise Malformed(
            f"{error.msg}, line {error.lineno} column {error.colno}",
            hint=f"write {hint}" if hint else "write strict JSON with double quotes",
        ) from None
    except ValueError as error:  # a number of thousands of digits
        raise Malformed(str(error).partition(";")[0]) from None
    return value, tuple(repeated)


def _no_constant(word: str) -> Json:
    raise Malformed(f"{word} is not in JSON")


def _as_json(text: str) -> str:
    """A Python literal, such as the guide prints, as the JSON it stands for; empty if none."""
    if len(text) > _LONGEST:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the user's text, the user's odd escapes
            value = ast.literal_eval(text.strip())
        return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) else ""
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return ""


@lru_cache(maxsize=16)
def read_config(text: str) -> Config | None:
    """DataInputConfig's inputs; None where it is no JSON object or list."""
    try:
        value, repeated = strict_json(text)
    except Malformed:
        return None
    if isinstance(value, dict):
        return Config(form="dict", inputs=tuple(value.items()), repeated=repeated)
    if isinstance(value, list):
        named = tuple((f"input{at}", item) for at, item in enumerate(value))
        return Config(form="list", inputs=named, repeated=repeated)
    return None


@lru_cache(maxsize=16)
def read_options(text: str) -> Options | None:
    """CompilerOptions; None where it is no JSON."""
    try:
        value, _ = strict_json(text)
    except Malformed:
        return None
    if isinstance(value, dict):
        return Options(form="object", keys=value)
    if isinstance(value, str):
        return Options(form="string", keys={}, flags=value)
    return Options(form="other", keys={})


def dims(value: Json) -> tuple[int, ...] | None:
    """A shape as Neo wants it: a list of positive integers; None for anything else."""
    if isinstance(value, list) and all(type(dim) is int and dim > 0 for dim in value):
        return tuple(value)
    return None
