"""The operators of TorchScript code in the order in which they compute: calls of submodules and
functions are followed, as inlining does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from neopack.frameworks.pytorch.call_arguments import operator_name

__all__ = ["CallOrder"]

MOST = 50_000  # operators of a model; beyond it the order ends
DEPTH = 100
LONGEST_PATH = 6  # tokens: getattr(_0, "1")
_OPERATORS = ("torch.", "ops.")
_NOT_OPERATORS = frozenset({"torch.device", "torch.dtype", "torch.layout"})


class HasAttributes(Protocol):
    """A class of the code: the types of its attributes, which may be other classes."""

    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Step:
    """An operator, or a method or function to go into: of ``path`` from self, or by its name."""

    operator: str = ""
    path: tuple[str, ...] | None = None
    name: str = ""


@dataclass(slots=True)
class CallOrder:
    """``steps`` has those of each function by its qualified name. ``_paths`` are the attributes
    that names of the function at hand stand for; those of its first argument are empty."""

    steps: dict[str, list[_Step]] = field(default_factory=dict)
    _paths: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def enter(self, function: str, receiver: str) -> None:
        """A function begins; ``receiver`` is the name of its first argument."""
        self._paths = {receiver: ()}
        self.steps.setdefault(function, [])

    def read(self, function: str, tokens: Sequence[str]) -> None:
        """Add what a statement of the function calls, arguments before what takes them."""
        steps = self.steps.setdefault(function, [])
        opened = _brackets(tokens)
        for opening in opened.values():
            step = self._step(tokens, opening, opened)
            if step is not None:
                steps.append(step)
        path = self._path(tokens[2:]) if tokens[1:2] == ["="] else None
        if path is not None:
            self._paths[tokens[0]] = path

    def _step(
        self, tokens: Sequence[str], opening: int, opened: Mapping[int, int]
    ) -> _Step | None:
        callee = tokens[opening - 1] if opening else ""
        if callee.startswith(_OPERATORS) and callee not in _NOT_OPERATORS:
            return _Step(operator=operator_name(callee))
        if callee.startswith("__torch__."):
            return _Step(name=callee)
        if callee.startswith(".") and tokens[opening - 2] == ")":
            begin, end = opened.get(opening - 2, 0) + 1, opening - 2
            path = self._path(tokens[begin:end]) if end - begin <= LONGEST_PATH else None
            return _Step(path=path, name=callee[1:]) if path is not None else None
        return None

    def _path(self, tokens: Sequence[str]) -> tuple[str, ...] | None:
        """The attributes from self on, of ``self.layer.conv``, ``_0`` or ``getattr(_0, "1")``;
        None of anything else."""
        if len(tokens) == 1:
            first, *rest = tokens[0].split(".")
            return (*self._paths[first], *rest) if first in self._paths else None
        if len(tokens) == 6 and tokens[0] == "getattr" and tokens[3] == ",":
            base = self._path(tokens[2:3])
            return None if base is None else (*base, tokens[4].strip("\"'"))
        return None

    def operators(self, root: str, classes: Mapping[str, HasAttributes]) -> tuple[str, ...]:
        """The operators that ``forward`` of the class ``root`` computes, in order. Functions that
        call each other without end are left after ``MOST`` calls."""
        found: list[str] = []
        entered, stack = 0, [self._steps(root, "forward")]
        while stack and entered < MOST and len(found) < MOST:
            owner, steps = stack[-1]
            step = next(steps, None)
            if step is None:
                stack.pop()
            elif step.operator:
                found.append(step.operator)
            elif len(stack) < DEPTH:
                inner = "" if step.path is None else _class_at(owner, step.path, classes)
                if inner or step.path is None:
                    stack.append(self._steps(inner, step.name))
                    entered += 1
        return tuple(found)

    def _steps(self, owner: str, method: str) -> tuple[str, Iterator[_Step]]:
        name = f"{owner}.{method}" if owner else method
        return owner, iter(self.steps.get(name, ()))


def _class_at(owner: str, path: Sequence[str], classes: Mapping[str, HasAttributes]) -> str:
    """The class of ``self.a.b`` in the class ``owner``, or "" where it is not known."""
    for name in path:
        known = classes.get(owner)
        owner = known.attributes.get(name, "") if known else ""
    return owner


def _brackets(tokens: Sequence[str]) -> dict[int, int]:
    """Where each bracket that closes opened, in the order in which they close: the arguments of a
    call before the call."""
    stack: list[int] = []
    opened: dict[int, int] = {}
    for at, part in enumerate(tokens):
        if part == "(":
            stack.append(at)
        elif part == ")" and stack:
            opened[at] = stack.pop()
    return opened
