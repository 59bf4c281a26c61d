"""Whether an operator of some PyTorch takes what it is called with.

``facts.torch_schemas`` has the schemas, ``meshgrid Tensor[],*,indexing:str -> Tensor[]``. A call
is written ``Tensor[], indexing=str``: the TorchScript types of its arguments, ``_`` where the code
does not tell. PyTorch takes the first overload that fits, and refuses the file where none does
(``torch/csrc/jit/frontend/schema_matching.cpp``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from neopack import facts

__all__ = ["UNKNOWN", "OperatorCall", "computes_number", "kind_of_type", "lacks", "result"]

UNKNOWN = "_"
NUMBERS = frozenset({"int", "float", "bool", "str"})
MOST_SHOWN = 6
_PLAIN = frozenset(
    {"Tensor", "int", "float", "bool", "str", "complex", "Device", "Scalar", "None"}
)
_SPELLED = {"NoneType": "None", "number": "Scalar"}
# what else a type is taken for; one number stands for all of a list where its length is fixed
_ALSO = {
    "int": frozenset({"Scalar", "float", "int[]", "float[]"}),
    "float": frozenset({"Scalar", "float[]"}),
    "bool": frozenset({"Scalar"}),
    "complex": frozenset({"Scalar"}),
    "str": frozenset({"Device"}),
}
_GENERIC = re.compile(r"(Optional|List)\[(.*)\]")


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """The types of what is given by place, and of what is given by name."""

    given: tuple[str, ...]
    named: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return ", ".join([*self.given, *(f"{name}={kind}" for name, kind in self.named)])

    def shown(self) -> str:
        """For a sentence: of many arguments their number."""
        count = len(self.given) + len(self.named)
        return str(self) if count <= MOST_SHOWN else f"{count} arguments"

    @classmethod
    def parse(cls, text: str) -> OperatorCall:
        parts = [part.partition("=") for part in text.split(", ")] if text else []
        return cls(
            tuple(kind for kind, equals, _ in parts if not equals),
            tuple((name, kind) for name, equals, kind in parts if equals),
        )


def lacks(version: str, operator: str, calls: Iterable[OperatorCall]) -> str:
    """What PyTorch ``version`` lacks: ``aten::mish``, or ``aten::meshgrid(Tensor[],
    indexing=str)`` where it has the operator and none that is called so; empty where it has all,
    and for a version that our table does not reach."""
    if not facts.torch_is_known(version):
        return ""
    rows = facts.torch_schemas(operator, version)
    if not rows:
        return operator
    for call in calls:
        if not any(_schema(row).takes(call) for row in rows):
            return f"{operator}({call.shown()})"
    return ""


@lru_cache(maxsize=10_000)
def result(operator: str, call: OperatorCall) -> str:
    """The type that the operator returns, in the PyTorch of today, where it is one of those that
    calls are told apart by."""
    rows = facts.torch_schemas_today(operator)
    returns = {schema.returns for schema in map(_schema, rows) if schema.takes(call)}
    only = returns.pop() if len(returns) == 1 else UNKNOWN
    return only if only.removesuffix("[]") in _PLAIN - {"Scalar"} else UNKNOWN


def computes_number(operator: str, call: OperatorCall) -> bool:
    """Whether a schema of the operator takes the call and returns a number or a text."""
    rows = facts.torch_schemas_today(operator)
    return any(s.returns in NUMBERS and s.takes(call) for s in map(_schema, rows))


def kind_of_type(text: str) -> str:
    """``Tensor?[]`` for ``List[Optional[Tensor]]``, a type as TorchScript's code spells it."""
    ending = ""
    while generic := _GENERIC.fullmatch(text):
        ending = ("?" if generic[1] == "Optional" else "[]") + ending
        text = generic[2]
    text = _SPELLED.get(text, text)
    return text + ending if text in _PLAIN else UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schema:
    """``required`` are the names that must be given; one of no fixed shape takes all."""

    places: tuple[str, ...]
    least: int
    names: Mapping[str, str]
    required: frozenset[str]
    takes_all: bool
    returns: str

    def takes(self, call: OperatorCall) -> bool:
        if self.takes_all:
            return True
        return (
            self.least <= len(call.given) <= len(self.places)
            and self.required <= {name for name, _ in call.named}
            and all(map(_fits, call.given, self.places))
            and all(name in self.names and _fits(k, self.names[name]) for name, k in call.named)
        )


@cache
def _schema(row: str) -> _Schema:
    arguments, _, returns = row.partition(" -> ")
    before, _, after = f",{arguments},".partition(",*,")
    places = [part for part in before.split(",") if part]
    named = [part.partition(":") for part in after.split(",") if part]
    return _Schema(
        places=tuple(part.removesuffix("=") for part in places),
        least=sum(not part.endswith("=") for part in places),
        names={name: kind.removesuffix("=") for name, _, kind in named},
        required=frozenset(name for name, _, kind in named if not kind.endswith("=")),
        takes_all="(" in arguments or "..." in places,
        returns=returns or "Tensor",
    )


def _fits(kind: str, expected: str) -> bool:
    if kind in (UNKNOWN, expected):
        return True
    if expected.endswith("?"):
        return kind == "None" or _fits(kind.removesuffix("?"), expected.removesuffix("?"))
    if kind.endswith("[]") and expected.endswith("[]"):
        return _fits(kind[:-2], expected[:-2])
    if expected.endswith("[]") or expected in _PLAIN:
        return expected in _ALSO.get(kind, ())
    return True  # a type of its own, such as a generator's, or any
