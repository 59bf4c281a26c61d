"""Parse the values of ``--input`` and ``--arg``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from neopack.errors import UsageError
from neopack.goldens.inputs import DTYPES
from neopack.values.json import Json
from neopack.values.signature import InputRequest

__all__ = ["parse_arguments", "parse_inputs"]


def parse_inputs(given: Sequence[str] | None) -> tuple[InputRequest, ...]:
    """``--input`` values; a shape without a name is named ``input0``, ``input1``, ..."""
    requests = tuple(_parse_input(text, index) for index, text in enumerate(given or ()))
    names = [request.name for request in requests]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--input {name} is given twice")
    return requests


def _parse_input(text: str, index: int) -> InputRequest:
    name, equals, rest = text.rpartition("=")
    name = name if equals else f"input{index}"
    if not name:
        raise UsageError(f"--input {text} has no name", hint="write NAME=1,3,224,224")
    dims, _, kind = rest.partition(":")
    dtype, _, below = kind.partition(":")
    return InputRequest(
        name=name,
        shape=tuple(_parse_dim(dim, text) for dim in dims.split(",")),
        dtype=_parse_dtype(dtype, text),
        below=_parse_below(below, text),
    )


def _parse_dim(dim: str, text: str) -> int:
    dim = dim.strip()
    if not (dim.isascii() and dim.isdecimal()) or int(dim) < 1:
        raise UsageError(
            f"--input {text}: {dim or 'an empty dim'!r} is not a positive whole number",
            hint="Neo freezes every dim, the batch too; write NAME=1,3,224,224",
        )
    return int(dim)


def _parse_dtype(dtype: str, text: str) -> str | None:
    if dtype and dtype not in DTYPES:
        raise UsageError(
            f"--input {text}: no dtype {dtype!r}", hint=f"there are {', '.join(sorted(DTYPES))}"
        )
    return dtype or None


def _parse_below(below: str, text: str) -> int | None:
    if below and not (below.isascii() and below.isdecimal() and int(below) > 0):
        raise UsageError(f"--input {text}: {below!r} is not a bound for random integers")
    return int(below) if below else None


def parse_arguments(given: Sequence[str] | None) -> dict[str, Json]:
    """``--arg`` values: JSON where they are JSON, else the text itself."""
    arguments: dict[str, Json] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--arg {text} is not NAME=VALUE")
        try:
            arguments[name] = json.loads(value)
        except ValueError:
            arguments[name] = value
    return arguments
