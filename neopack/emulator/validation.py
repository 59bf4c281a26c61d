"""Validate a request against botocore's service model, as strictly as the service does.

botocore checks types, required members and minima; the service checks enums, patterns and maxima
(tried with botocore 1.44.5, 2026). The messages are those of the service's framework, as quoted
by users: ``Value 'a_b' at 'compilationJobName' failed to satisfy constraint: ...``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from neopack.emulator.replies import AwsError

__all__ = ["checked", "operations"]

Shape = Any
JAVA = re.compile(r"\\p\{([LNZ])\}")
STANDS = {"L": "a", "N": "0", "Z": " "}
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


def operations() -> frozenset[str]:
    return frozenset(_model().operation_names)


def checked(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request without null members, which are absent according to the protocol.

    Raises ``SerializationException`` for a value of the wrong type, otherwise
    ``ValidationException`` with all errors.
    """
    shape = _model().operation_model(operation).input_shape
    present: dict[str, Any] = _present(request)
    if shape is None:
        return present
    _refuse_types(shape, present, "")
    problems = list(_problems(shape, present, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise AwsError("ValidationException", count + "; ".join(problems))
    return present


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _present(item) for name, item in value.items() if item is not None}
    return [_present(item) for item in value] if isinstance(value, list) else value


@cache
def _model() -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model("sagemaker")


# --- types ----------------------------------------------------------------------------------


def _refuse_types(shape: Shape, value: Any, path: str) -> None:
    types = KINDS.get(shape.type_name, (object,))
    mistaken = isinstance(value, bool) and bool not in types and object not in types
    if not isinstance(value, types) or mistaken:
        what = f"{type(value).__name__} cannot be converted to {shape.type_name}"
        raise AwsError("SerializationException", f"{what} at '{path}'")
    for inner, item, where in _inside(shape, value, path):
        _refuse_types(inner, item, where)


def _inside(shape: Shape, value: Any, path: str) -> Iterator[tuple[Shape, Any, str]]:
    """The parts of a value that the model knows, with their shapes and paths."""
    if shape.type_name == "structure":
        for name, item in value.items():
            if name in shape.members and item is not None:
                yield shape.members[name], item, _member(path, name)
    elif shape.type_name == "list":
        for at, item in enumerate(value, 1):
            yield shape.member, item, f"{path}.{at}.member"
    elif shape.type_name == "map":
        for key, item in value.items():
            yield shape.key, key, f"{path}.key"
            yield shape.value, item, f"{path}.{key}.member"


def _member(path: str, name: str) -> str:
    low = name[:1].lower() + name[1:]
    return f"{path}.{low}" if path else low


# --- constraints ----------------------------------------------------------------------------


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _structure(shape, value, path)
    else:
        what = f"Value {_said(value)} at '{path}' failed to satisfy constraint: Member must "
        yield from (what + constraint for constraint in _broken(shape, value))
    for inner, item, where in _inside(shape, value, path):
        yield from _problems(inner, item, where)


def _structure(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            where = _member(path, name)
            yield f"Value null at '{where}' failed to satisfy constraint: Member must not be null"
    for name in value:
        if name not in shape.members:
            yield f"Value at '{_member(path, name)}' failed to satisfy constraint: no such member"


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    if shape.type_name in ("integer", "long", "float", "double"):
        yield from _range(shape.metadata, value, "have value")
    elif shape.type_name in ("string", "list", "map"):
        yield from _range(shape.metadata, len(value), "have length")
    if shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"satisfy enum value set: [{', '.join(shape.enum)}]"
        pattern = shape.metadata.get("pattern")
        if pattern and not _fits(pattern, value):
            yield f"satisfy regular expression pattern: {pattern}"


def _range(limits: Mapping[str, Any], size: float, what: str) -> Iterator[str]:
    if "min" in limits and size < limits["min"]:
        yield f"{what} greater than or equal to {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"{what} less than or equal to {limits['max']}"


def _fits(pattern: str, value: str) -> bool:
    r"""Whether a value matches. Python lacks Java's ``\p{L}``: one letter stands for all, as do
    one digit and one space."""
    if JAVA.search(pattern):
        pattern = JAVA.sub(lambda found: STANDS[found[1]], pattern)
        value = "".join(STANDS.get(unicodedata.category(c)[0], c) for c in value)
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _said(value: Any) -> str:
    text = str(value)
    return f"'{text}'" if len(text) < 300 else f"'{text[:300]}...'"
