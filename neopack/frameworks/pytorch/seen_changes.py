"""Operators in place in TorchScript code whose change another tensor sees that is used later: one
that it is a view of, another view, or the argument of a method.

Compilers convert each operator as if it changed nothing else. What may be a view counts as one:
the code does not tell how a tensor lies in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from neopack import facts
from neopack.frameworks.pytorch.call_order import HasAttributes
from neopack.frameworks.pytorch.code_values import Argument, Call, CodeValues

__all__ = ["seen_changes"]

DEPTH = 100
MOST_ENTERED = 20_000  # functions; beyond it what they change is not followed
MOST_PARTS = 64  # of one tensor; beyond it a change is one of the whole
MOST_PACKED = 256  # tensors in a list; beyond it they are not followed
# a memory by its number, and the parts of it that it was split into on the way
Place: TypeAlias = "tuple[int, ...]"


@dataclass(slots=True)
class _Effect:
    """What a function does to what it is called with: by the numbers of its arguments."""

    changed: dict[int, str] = field(default_factory=dict)
    """With the operator that does so."""
    returned: set[int] = field(default_factory=set)


def seen_changes(code: CodeValues, root: str, classes: Mapping[str, HasAttributes]) -> list[str]:
    """``aten::mul_ in Net.forward`` for each that ``forward`` of the class ``root`` comes to."""
    following = _Following(code, classes)
    following.enter(f"{root}.forward", root, 0)
    return list(following.seen)


class _Following:
    def __init__(self, code: CodeValues, classes: Mapping[str, HasAttributes]) -> None:
        self.code, self.classes = code, classes
        self.seen: dict[str, None] = {}
        self.effects: dict[tuple[str, str], _Effect] = {}

    def enter(self, function: str, owner: str, depth: int) -> _Effect:
        key = function, owner
        if key not in self.effects:
            self.effects[key] = _Effect()  # of one that calls itself
            if depth < DEPTH and len(self.effects) < MOST_ENTERED:
                self.effects[key] = _Function(self, function, owner, depth).effect()
        return self.effects[key]

    def attribute(self, owner: str, name: str) -> str:
        known = self.classes.get(owner)
        return known.attributes.get(name, "") if known else ""


class _Function:
    """One function, call by call. A value lies in places; ``events`` has for each memory which of
    them were changed, when that was last, in numbers of values, and by what."""

    def __init__(self, following: _Following, function: str, owner: str, depth: int) -> None:
        self.following, self.function, self.depth = following, function, depth
        count = following.code.counts.get(function, 0)
        self.arguments = count
        self.places: dict[int, frozenset[Place]] = {at: frozenset({(at,)}) for at in range(count)}
        self.owners = {0: owner}
        self.events: dict[int, dict[Place, tuple[int, str]]] = {}
        self.result = _Effect()

    def effect(self) -> _Effect:
        calls = self.following.code.calls.get(self.function, ())
        for at, call in enumerate(calls, self.arguments):
            for argument in call.arguments:
                self._used(argument, at)
            self.places[at] = self._lies(at, call)
        return self.result

    def _used(self, argument: Argument, at: int) -> None:
        for place in self._of(argument):
            for changed, (when, operator) in self.events.get(place[0], {}).items():
                if argument.value < when and _overlap(place, changed):
                    where = ".".join(self.function.split(".")[-2:])
                    self.following.seen.setdefault(f"{operator} in {where}")

    def _of(self, argument: Argument) -> frozenset[Place]:
        return self.places.get(argument.value, frozenset())

    def _lies(self, at: int, call: Call) -> frozenset[Place]:
        first = call.arguments[0] if call.arguments else Argument()
        match call.callee:
            case "pack":
                packed = frozenset[Place]().union(*map(self._of, call.arguments))
                return packed if len(packed) <= MOST_PACKED else frozenset()
            case "constant":
                return frozenset({(at,)})
            case "part":
                return self._part(at, first)
            case "attr":
                return self._attribute(at, first, str(call.arguments[-1].constant))
            case "return":
                own = {place[0] for place in self._of(first) if place[0] < self.arguments}
                self.result.returned |= own
                return frozenset()
        if "::" in call.callee:
            return self._operator(at, call.callee, first)
        return self._entered(at, call)

    def _part(self, at: int, whole: Argument) -> frozenset[Place]:
        """What is unpacked from parts of a tensor lies beside each other."""
        maker = self._maker(whole)
        if maker in facts.torch_views().splitting:
            return frozenset((*place, at) for place in self._of(whole))
        return self._of(whole)

    def _maker(self, argument: Argument) -> str:
        calls = self.following.code.calls.get(self.function, ())
        place = argument.value - self.arguments
        return calls[place].callee if 0 <= place < len(calls) else ""

    def _attribute(self, at: int, owner: Argument, name: str) -> frozenset[Place]:
        kind = self.following.attribute(self.owners.get(owner.value, ""), name)
        if kind.startswith("__torch__."):
            self.owners[at] = kind
            return frozenset()
        return frozenset({(at,)})

    def _operator(self, at: int, operator: str, first: Argument) -> frozenset[Place]:
        if operator.endswith("_") and not operator.endswith("__"):
            if operator not in facts.torch_views().arranging:
                self._changed(at, self._of(first), operator)
            return self._of(first)
        return self._of(first) if self._is_view(operator, first) else frozenset({(at,)})

    def _is_view(self, operator: str, first: Argument) -> bool:
        views = facts.torch_views()
        if operator in views.laid_out:  # a copy of what is turned
            return self._maker(first) not in views.turning
        return operator in views.views or operator in views.turning

    def _changed(self, at: int, places: Iterable[Place], operator: str) -> None:
        for place in places:
            events = self.events.setdefault(place[0], {})
            events[place if len(events) < MOST_PARTS else place[:1]] = at, operator
            if place[0] < self.arguments:
                self.result.changed.setdefault(place[0], operator)

    def _entered(self, at: int, call: Call) -> frozenset[Place]:
        owner = self.owners.get(call.arguments[0].value, "") if call.arguments else ""
        is_method = call.callee.startswith(".")
        name = f"{owner}{call.callee}" if is_method else call.callee
        effect = self.following.enter(name, owner if is_method else "", self.depth + 1)
        for number, operator in effect.changed.items():
            self._changed(at, self._given(call.arguments, number), operator)
        returned = [self._given(call.arguments, number) for number in effect.returned]
        return frozenset({(at,)}).union(*returned)

    def _given(self, arguments: Sequence[Argument], number: int) -> frozenset[Place]:
        return self._of(arguments[number]) if number < len(arguments) else frozenset()


def _overlap(one: Place, other: Place) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]
