"""Which functions of TorchScript code ``forward`` may reach: a compiler reads those alone, while
PyTorch itself compiles all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Reachable"]

ROOT = "forward"


@dataclass(slots=True)
class Reachable:
    """``names`` are those that each function calls, without what they are called on, and
    ``places`` the functions that call each operator."""

    names: dict[str, set[str]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def read(self, function: str, callee: str, operator: str) -> None:
        """Add a call that ``function`` makes."""
        if operator:
            self.places.setdefault(operator, []).append(function)
        else:
            self.names.setdefault(function, set()).add(callee.rpartition(".")[2])

    def unreached(self) -> tuple[str, ...]:
        """Operators that only functions call whose names no function on the way from ``forward``
        calls."""
        reached = self._reached()
        return tuple(
            sorted(
                operator
                for operator, functions in self.places.items()
                if not any(_name(function) in reached for function in functions)
            )
        )

    def _reached(self) -> set[str]:
        by_name: dict[str, set[str]] = {}
        for function, called in self.names.items():
            by_name.setdefault(_name(function), set()).update(called)
        return _closure(by_name)


def _closure(by_name: Mapping[str, set[str]]) -> set[str]:
    reached, pending = {ROOT}, [ROOT]
    while pending:
        new = by_name.get(pending.pop(), set()) - reached
        reached |= new
        pending += new
    return reached


def _name(function: str) -> str:
    return function.rpartition(".")[2]
