"""Parse the values of ``--input``, ``--arg``, and lists of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from neopack.errors import UsageError
from neopack.goldens.batch_ranges import without_ranges
from neopack.goldens.inputs import DTYPES
from neopack.values.json import Json
from neopack.values.signature import InputRequest

__all__ = ["parse_arguments", "parse_inputs", "parse_numbers", "parse_time"]

FORM = "write NAME=1,3,224,224"
# the words of torch and of half the field; "int" is 32 bits in one library and 64 in another
SHORT_DTYPES = {
    "half": "float16",
    "fp16": "float16",
    "f16": "float16",
    "float": "float32",
    "fp32": "float32",
    "f32": "float32",
    "double": "float64",
    "fp64": "float64",
    "f64": "float64",
    "short": "int16",
    "long": "int64",
    "i32": "int32",
    "i64": "int64",
}
BRACKETS = {"(": ")", "[": "]"}
# longer numbers fit no tensor, and int() refuses the longest
DIMS = re.compile(r"\d{1,18}(\s*[,x\N{MULTIPLICATION SIGN}]\s*\d{1,18})*,?", re.ASCII)
# {"data": [1, 3, 224, 224]}, as DataInputConfig writes it, and x:1,3,224,224
OTHER_FORMS = (
    re.compile(r"""\{\s*["'](?P<name>\w+)["']\s*:\s*(?P<shape>\[[\d,\s]+\])\s*\}""", re.ASCII),
    re.compile(r"(?P<name>[A-Za-z_]\w*)[:\s]+(?P<shape>[\d,x\s()\[\]]+)", re.ASCII),
)


# seconds
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

Number = TypeVar("Number", int, float)


def parse_numbers(option: str, text: str, kind: Callable[[str], Number]) -> tuple[Number, ...]:
    """Numbers with commas between them. Raises ``UsageError``."""
    try:
        return tuple(kind(word) for word in text.split(","))
    except ValueError:
        raise UsageError(
            f"{option} {text} is not a list of numbers", hint="write 1,4,16"
        ) from None


def parse_time(option: str, text: str) -> float:
    """The seconds of ``30d``, ``12h``, ``90m`` or ``45s``. Raises ``UsageError``."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhd])", text.strip(), re.ASCII)
    if match is None:
        raise UsageError(f"{option} {text} is not a time", hint="write 30d, 12h, 90m or 45s")
    return float(match[1]) * UNITS[match[2]]


def parse_inputs(values: Sequence[str] | None) -> tuple[InputRequest, ...]:
    """``--input`` values; a shape without a name is named ``input0``, ``input1``, ...

    A shape is ``1,3,224,224``, ``1x3x224x224``, ``(1, 3, 224, 224)`` or ``[1, 3, 224, 224]``;
    ``1..32,3,224,224`` is one for a range of batches.
    """
    texts, ranges = without_ranges(values or ())
    most = {each.name: each.most for each in ranges}
    requests = tuple(
        replace(request, most=most.get(request.name))
        for request in (_parse_input(text, index) for index, text in enumerate(texts))
    )
    names = [request.name for request in requests]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--input {name} is given twice")
    return requests


def _parse_input(text: str, index: int) -> InputRequest:
    _refuse_other_forms(text)
    name, equals, rest = text.rpartition("=")
    name = name if equals else f"input{index}"
    if not name:
        raise UsageError(f"--input {text} has no name", hint=FORM)
    dims, _, kind = rest.partition(":")
    dtype, _, below = kind.partition(":")
    return InputRequest(
        name=name,
        shape=_parse_shape(dims, text),
        dtype=_parse_dtype(dtype, text),
        below=_parse_below(below, text),
    )


def _refuse_other_forms(text: str) -> None:
    """Answer what is certainly a name and a shape with the form that is taken."""
    for form in OTHER_FORMS:
        match = form.fullmatch(text)
        dims = re.findall(r"\d+", match["shape"], re.ASCII) if match else []
        if match and dims:
            right = f"{match['name']}={','.join(dims)}"
            raise UsageError(f"--input {text} is not NAME=SHAPE", hint=f"write {right}")


def _parse_shape(dims: str, text: str) -> tuple[int, ...]:
    dims = _without_brackets(dims.strip())
    if dims.lower() in ("", "scalar"):
        _refuse_scalar(text)
    if not DIMS.fullmatch(dims):
        _refuse_dim(dims, text)
    shape = tuple(map(int, re.findall(r"\d+", dims, re.ASCII)))
    if 0 in shape:
        _refuse_dim(dims, text)
    return shape


def _refuse_scalar(text: str) -> None:
    raise UsageError(
        f"--input {text} has no shape, and Neo takes no scalars: an input has one dim or more",
        hint="give it one, as in NAME=1:int64:5, or make it a constant of the model",
    )


def _without_brackets(dims: str) -> str:
    bracketed = dims[:1] in BRACKETS and dims.endswith(BRACKETS[dims[0]])
    return dims[1:-1].strip() if bracketed else dims


def _refuse_dim(dims: str, text: str) -> None:
    wrong = next(dim for dim in map(str.strip, dims.split(",")) if not _is_positive(dim))
    raise UsageError(
        f"--input {text}: {wrong or 'an empty dim'!r} is not a positive whole number",
        hint=f"Neo freezes every dim, the batch too; {FORM}",
    )


def _is_positive(dim: str) -> bool:
    return bool(re.fullmatch(r"\d{1,18}", dim, re.ASCII)) and int(dim) > 0


def _parse_dtype(dtype: str, text: str) -> str | None:
    dtype = SHORT_DTYPES.get(dtype, dtype)
    if dtype and dtype not in DTYPES:
        raise UsageError(
            f"--input {text}: no dtype {dtype!r}", hint=f"there are {', '.join(sorted(DTYPES))}"
        )
    return dtype or None


def _parse_below(below: str, text: str) -> int | None:
    if below and not _is_positive(below):
        raise UsageError(f"--input {text}: {below!r} is not a bound for random integers")
    return int(below) if below else None


def parse_arguments(values: Sequence[str] | None) -> dict[str, Json]:
    """``--arg`` values: JSON where they are JSON, else the text itself."""
    arguments: dict[str, Json] = {}
    for text in values or ():
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--arg {text} is not NAME=VALUE")
        try:
            arguments[name] = json.loads(value)
        except ValueError:
            arguments[name] = value
    return arguments
