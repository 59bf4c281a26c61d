"""The dtypes of the values in TorchScript code, as far as the file tells them: of its tensors, of
the inputs that it was traced with, of casts, and of what operators make of these.

Code that branches is followed as if each branch were taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neopack.frameworks.pytorch.call_order import HasAttributes
from neopack.frameworks.pytorch.code_values import Argument, Call, CodeValues
from neopack.frameworks.pytorch.facts import MixedCall
from neopack.frameworks.pytorch.operator_dtypes import (
    Typed,
    Value,
    mixes,
    number_of,
    result_of,
)
from neopack.frameworks.pytorch.tensors import OwnedTensor, StoredTensor

__all__ = ["KnownTensors", "cast_arguments", "mixed_calls"]

CAST = "aten::to"
DEPTH = 100
MOST_ENTERED = 20_000  # functions; beyond it what they return is not followed
MOST_FOUND = 1_000
MOST_HELD = 256  # values in a tuple; beyond it they are not followed


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTensors:
    """Those of a file: its constants in their order, and the others by class and attribute, where
    all objects of the class have the same dtype there."""

    constants: Sequence[Value]
    attributes: Mapping[tuple[str, str], Value]

    @classmethod
    def of(
        cls, constants: Sequence[StoredTensor | None], held: Sequence[OwnedTensor]
    ) -> KnownTensors:
        attributes: dict[tuple[str, str], Value] = {}
        for each in held:
            key, value = (each.owner, each.name), _typed(each.tensor)
            attributes[key] = value if attributes.get(key, value) == value else None
        return cls(constants=[_typed(each) for each in constants], attributes=attributes)


def _typed(tensor: StoredTensor | None) -> Value:
    return None if tensor is None else Typed(tensor.dtype, bool(tensor.shape))


def cast_arguments(code: CodeValues, function: str) -> tuple[int, ...]:
    """The places of the arguments with which a function does nothing but cast them."""
    used: dict[int, set[str]] = {}
    for call in code.calls.get(function, ()):
        for place, argument in enumerate(call.arguments):
            used.setdefault(argument.value, set()).add("" if place else call.callee)
    return tuple(at for at in range(code.counts.get(function, 0)) if used.get(at) == {CAST})


def mixed_calls(
    code: CodeValues,
    root: str,
    classes: Mapping[str, HasAttributes],
    held: KnownTensors,
    inputs: Sequence[Value],
) -> tuple[MixedCall, ...]:
    """Calls of what ``forward`` of the class ``root`` comes to with ``inputs``, whose dtypes some
    PyTorch of the tables takes otherwise than today's."""
    following = _Following(code, classes, held)
    following.enter(f"{root}.forward", (root,), (None, *inputs), 0)
    return tuple(following.found)


class _Following:
    def __init__(
        self, code: CodeValues, classes: Mapping[str, HasAttributes], held: KnownTensors
    ) -> None:
        self.code, self.classes, self.held = code, classes, held
        self.found: dict[MixedCall, None] = {}
        self.results: dict[tuple[str, tuple[str, ...], tuple[Value, ...]], Value] = {}

    def enter(
        self, function: str, owners: tuple[str, ...], values: tuple[Value, ...], depth: int
    ) -> Value:
        key = function, owners, values
        if key not in self.results:
            self.results[key] = None  # of one that calls itself
            if depth < DEPTH and len(self.results) < MOST_ENTERED:
                self.results[key] = _Function(self, function, owners, values, depth).result()
        return self.results[key]


class _Function:
    """One function, call by call: the dtype of each value, and the class of each object."""

    def __init__(
        self,
        following: _Following,
        function: str,
        owners: Sequence[str],
        values: Sequence[Value],
        depth: int,
    ) -> None:
        self.following, self.function, self.depth = following, function, depth
        count = following.code.counts.get(function, 0)
        self.values: list[Value] = [*values, *[None] * count][:count]
        self.owners = dict(enumerate(owners[:count]))

    def result(self) -> Value:
        for call in self.following.code.calls.get(self.function, ()):
            value = self._value(call)
            self.values.append(value)
            if call.callee == "return":
                return value
        return None

    def _of(self, argument: Argument) -> Value:
        if argument.value >= 0:
            return self.values[argument.value] if argument.value < len(self.values) else None
        return number_of(argument.constant)

    def _value(self, call: Call) -> Value:
        values = tuple(map(self._of, call.arguments))
        match call.callee:
            case "pack":
                return values if len(values) <= MOST_HELD else None
            case "return":
                return values[0]
            case "part":
                return _part(values[0], call.arguments[-1].constant)
            case "constant":
                return self._constant(str(call.arguments[0].constant))
            case "attr":
                return self._attribute(call.arguments[0], str(call.arguments[-1].constant))
        if "::" not in call.callee:
            return self._entered(call, values)
        self._judge(call, values)
        return result_of(call, values)

    def _constant(self, name: str) -> Value:
        constants, place = self.following.held.constants, name.removeprefix("c")
        return constants[int(place)] if place.isdigit() and int(place) < len(constants) else None

    def _attribute(self, argument: Argument, name: str) -> Value:
        owner = self.owners.get(argument.value, "")
        known = self.following.classes.get(owner)
        kind = known.attributes.get(name, "") if known else ""
        if kind.startswith("__torch__."):
            self.owners[len(self.values)] = kind
        return self.following.held.attributes.get((owner, name))

    def _entered(self, call: Call, values: tuple[Value, ...]) -> Value:
        owners = tuple(self.owners.get(argument.value, "") for argument in call.arguments)
        is_method = call.callee.startswith(".")
        name = f"{owners[0]}{call.callee}" if is_method and owners else call.callee
        return self.following.enter(name, owners, values, self.depth + 1)

    def _judge(self, call: Call, values: Sequence[Value]) -> None:
        known, kinds = mixes(call, values)
        if kinds and len(self.following.found) < MOST_FOUND:
            mixed = MixedCall(
                operator=call.callee,
                dtypes=tuple(map(str, known)),
                kinds=kinds,
                function=".".join(self.function.split(".")[-2:]),
            )
            self.following.found.setdefault(mixed)


def _part(whole: Value, place: object) -> Value:
    """Of a list that an operator returns, each part has its dtype."""
    if not isinstance(whole, tuple):
        return whole
    at = int(place) if isinstance(place, str) and place.isdigit() else len(whole)
    return whole[at] if at < len(whole) else None
