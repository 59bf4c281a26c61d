"""What an operator makes of the dtypes that it is called with, and how it mixes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from neopack import facts
from neopack.frameworks.pytorch.code_values import Argument, Call, Constant

__all__ = ["Typed", "Value", "mixes", "number_of", "result_of"]

# in the order in which TorchScript numbers them
DTYPES = (
    "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
    "complex32", "complex64", "complex128", "bool",
)  # fmt: skip
# narrower ones that have another in common than the wider of them
APART = frozenset({"uint8", "bfloat16"})
CREATING = {"zeros": 1, "ones": 1, "empty": 1, "scalar_tensor": 1, "rand": 1, "randn": 1}
LIKE = frozenset({"zeros_like", "ones_like", "empty_like"})
ALIKE = LIKE | {"softmax", "log_softmax", "sum", "mean"}
CATEGORIES = (("bool",), ("int", "uint"), ("float", "bfloat"), ("complex",))
# where the arguments that mix begin and end; the first two of others
MIXING = {"where": (1, 3), "cat": (0, 1), "stack": (0, 1), "clamp": (0, 3)}
PAIRS = frozenset({"max", "min"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A tensor, or a number of code. ``dims`` is False of a tensor without dims, None where that
    is not known."""

    dtype: str
    dims: bool | None = None
    number: bool = False

    @property
    def category(self) -> int:
        """Booleans, integers, floats, complex numbers."""
        rows = enumerate(CATEGORIES)
        return next((at for at, starts in rows if self.dtype.startswith(starts)), -1)

    def __str__(self) -> str:
        return f"a number of {self.dtype.rstrip('0123456789')}" if self.number else self.dtype


# of what holds several, one each; None of what is not known
Value: TypeAlias = "Typed | tuple[Value, ...] | None"


def number_of(constant: Constant) -> Typed | None:
    """The kind of a number or bool in code; None of other constants."""
    if constant in ("True", "False"):
        return Typed("bool", False, number=True)
    if not isinstance(constant, str) or constant[:1] in "\"'N":  # also no text at all
        return None
    whole = constant.lstrip("-").isdigit()
    return Typed("int64" if whole else "float32", False, number=True)


def result_of(call: Call, values: Sequence[Value]) -> Value:
    """None where it is not known."""
    name = _name(call)
    if name == "to":
        return _cast(call, values)
    if name in CREATING or name in ALIKE:
        return _stated(call, values, name)
    first = values[0] if values else None
    match facts.torch_dtypes_of(name):
        case "bool" | "int64" as dtype:
            return Typed(dtype)
        case "promoted":
            return _promoting(call, values, name)
        case "float" if isinstance(first, Typed):
            return first if first.category > 1 else Typed("float32", first.dims)
        case "first" if isinstance(first, Typed):
            return Typed(first.dtype)
    return None


def mixes(call: Call, values: Sequence[Value]) -> tuple[tuple[Typed, ...], tuple[str, ...]]:
    """The arguments that take part, and which kinds of mixing they are that some PyTorch takes
    otherwise: words of ``facts.torch_mixes``. Nothing where an argument is not known."""
    name = _name(call)
    taking = _taking(call, values, name)
    known = tuple(value for value in taking if isinstance(value, Typed))
    if len(known) != len(taking) or all(value.number for value in known):
        return (), ()
    result = result_of(call, values)
    kinds = tuple(kind for kind in _kinds(known, result) if facts.torch_mixes(name, kind))
    return (known, kinds) if kinds else ((), ())


def _kinds(known: Sequence[Typed], result: Value) -> Iterator[str]:
    if any(_differ(known[0], other) for other in known[1:]):
        yield "different"
    if isinstance(result, Typed) and not known[0].number and known[0].dtype != result.dtype:
        yield "first"
    if all(value.category < 2 for value in known):
        yield "integers"


def _differ(one: Typed, other: Typed) -> bool:
    if one.number or other.number:
        return one.category != other.category
    return one.dtype != other.dtype


def _name(call: Call) -> str:
    name = call.callee.removeprefix("aten::")
    return name if name.endswith("__") else name.removesuffix("_")


def _taking(call: Call, values: Sequence[Value], name: str) -> list[Value]:
    if _ranks(name, values):
        return []
    begin, end = MIXING.get(name, (0, 2 if facts.torch_dtypes_of(name) == "promoted" else 1))
    taking: list[Value] = []
    for argument, value in list(zip(call.arguments, values, strict=True))[begin:end]:
        if argument.name or argument.constant == "None":
            continue
        taking += value if isinstance(value, tuple) else [value]
    return taking


def _promoting(call: Call, values: Sequence[Value], name: str) -> Value:
    if _ranks(name, values):
        first = values[0]
        return (Typed(first.dtype), Typed("int64")) if isinstance(first, Typed) else None
    result = _promoted(_taking(call, values, name))
    if name == "div" and result and result.category < 2:
        floored = any(argument.name == "rounding_mode" for argument in call.arguments)
        return result if floored else Typed("float32", result.dims)
    return result


def _ranks(name: str, values: Sequence[Value]) -> bool:
    """Whether it gives the largest along a dim and their places."""
    return name in PAIRS and len(values) > 1 and not _is_tensor(values[1])


def _is_tensor(value: Value) -> bool:
    return isinstance(value, Typed) and not value.number


def _promoted(values: Sequence[Value]) -> Typed | None:
    """Of the values of the highest category, tensors with dims count before those without, and
    numbers last."""
    known = [value for value in values if isinstance(value, Typed)]
    if not known or len(known) != len(values):
        return None
    dims = True if any(v.dims for v in known) else None
    highest = [v for v in known if v.category == max(v.category for v in known)]
    tensors = [v for v in highest if not v.number]
    if len({v.dtype for v in tensors}) > 1 and any(v.dims is None for v in tensors):
        return None
    counting = [v for v in tensors if v.dims] or tensors or highest
    dtypes = {v.dtype for v in counting}
    if len(dtypes) > 1 and (dtypes & APART or not dtypes <= set(DTYPES)):
        return None
    return Typed(max(dtypes, key=_width), dims)


def _width(dtype: str) -> int:
    return DTYPES.index(dtype) if dtype in DTYPES else -1


def _cast(call: Call, values: Sequence[Value]) -> Value:
    """``to(x, 6)``, ``to(x, device, 6)`` or ``to(x, y)``."""
    first = values[0] if values else None
    dims = first.dims if isinstance(first, Typed) else None
    for argument, value in list(zip(call.arguments, values, strict=True))[1:3]:
        dtype = _stated_dtype(argument)
        if dtype:
            return Typed(dtype, dims)
        if _is_tensor(value) and isinstance(value, Typed):
            return Typed(value.dtype, dims)
    return None


def _stated(call: Call, values: Sequence[Value], name: str) -> Value:
    """The dtype that is stated; else float32 of what is created, and that of the first argument of
    what is like it, if that is of floats."""
    place = CREATING.get(name, 1)
    named = [argument for argument in call.arguments if argument.name == "dtype"]
    unnamed = [a for a in call.arguments[place:] if not a.name][-1:] if name in ALIKE else []
    placed = call.arguments[place : place + 1] if name in CREATING else unnamed
    for argument in named or placed:
        if dtype := _stated_dtype(argument):
            return Typed(dtype)
        if argument.constant != "None":
            return None
    first = values[0] if values else None
    if name in CREATING:
        return Typed("float32")
    kept = name in LIKE or (isinstance(first, Typed) and first.category > 1)
    return Typed(first.dtype) if isinstance(first, Typed) and kept else None


def _stated_dtype(argument: Argument) -> str:
    constant = argument.constant
    number = int(constant) if isinstance(constant, str) and constant.isdigit() else -1
    return DTYPES[number] if 0 <= number < len(DTYPES) else ""
