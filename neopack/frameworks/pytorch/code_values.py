"""What TorchScript code calls with what: the values of each function in the order in which they
are computed, and the constants among their arguments.

One pass over the tokens of a statement, without recursion. A value is a number: those of the
arguments come first, then one for each call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from neopack.frameworks.pytorch.call_arguments import operator_name

__all__ = ["Argument", "Call", "CodeValues", "Constant"]

# a number or word as it is written, or a list of such; None of what is not constant
Constant: TypeAlias = "str | tuple[Constant, ...] | None"
MOST_CALLS = 50_000  # of a file; beyond it none are kept
_NAME = re.compile(r"\.?[^\W\d][\w.]*")
_LITERAL = re.compile(r"-?\d.*|[\"'].*|True|False|None|inf|nan|-?inf", re.DOTALL)
_OPERATORS = ("torch.", "ops.")
_SAME = frozenset({"annotate", "unchecked_cast", "unchecked_unwrap_optional", ""})
NOTHING = -1


@dataclass(frozen=True, slots=True)
class Argument:
    value: int = NOTHING
    name: str = ""
    constant: Constant = None


@dataclass(frozen=True, slots=True)
class Call:
    """``callee`` is an operator (``aten::relu``), a function (``__torch__.f``), a method of the
    first argument (``.forward``), or what makes a value of others: ``pack``, ``part``, ``attr``
    (of the name that is its last argument), ``constant`` (of the file, by its name) and
    ``return``."""

    callee: str
    arguments: tuple[Argument, ...]


@dataclass(slots=True)
class _Open:
    """A bracket that is open, and what stands in it."""

    callee: str
    base: Argument
    done: list[Argument] = field(default_factory=list)
    name: str = ""
    atom: str = ""
    """A word of which it is not known yet whether it is called."""
    value: Argument | None = None
    minus: bool = False


class CodeValues:
    """``calls`` has those of each function by its qualified name; ``counts`` its arguments."""

    def __init__(self) -> None:
        self.calls: dict[str, list[Call]] = {}
        self.counts: dict[str, int] = {}
        self._kept = 0
        self._here: list[Call] = []
        self._count = 0
        self._names: dict[str, Argument] = {}

    def enter(self, function: str, arguments: Sequence[str]) -> None:
        self._names = {name: Argument(at) for at, name in enumerate(arguments)}
        self._count = self.counts[function] = len(arguments)
        self._here = self.calls.setdefault(function, [])

    def read(self, tokens: Sequence[str]) -> None:
        """A statement of the function that was entered last."""
        targets, start = _targets(tokens)
        value = self._evaluate(tokens, start)
        if tokens[0] == "return":
            self._call("return", [value])
        elif len(targets) == 1:
            self._names[targets[0]] = value
        else:
            for at, target in enumerate(targets):
                self._names[target] = self._call("part", [value, Argument(constant=str(at))])

    def _evaluate(self, tokens: Sequence[str], start: int) -> Argument:
        stack = [_Open("", Argument())]
        for part in tokens[start:]:
            here = stack[-1]
            if part in ("(", "["):
                stack.append(self._opened(part, here))
            elif part in (")", "]"):
                if len(stack) == 1:
                    break
                self._settle(here)
                stack.pop()
                stack[-1].value = self._closed(here)
            elif part == ",":
                self._settle(here)
            elif part == "=" and here.atom:
                here.name, here.atom = here.atom, ""
            elif _NAME.fullmatch(part) or _LITERAL.fullmatch(part):
                self._word(here, part)
            elif part == "-" and here.value is None and not here.atom:
                here.minus = True
            else:
                self._settle(here)
        self._settle(stack[0])
        done = stack[0].done
        return done[0] if len(done) == 1 else self._call("pack", done)

    def _word(self, here: _Open, part: str) -> None:
        if here.atom or (here.value is not None and part[0] != "."):
            self._settle(here)  # an operator written as a word stood between them
        if part[0] == "." and here.value is None:
            here.atom = ""
        else:
            here.atom = part

    def _opened(self, bracket: str, outer: _Open) -> _Open:
        atom, base = outer.atom, outer.value or Argument()
        outer.atom, outer.value = "", None
        if bracket == "(":
            return _Open(atom, base)
        if atom or base != Argument():
            return _Open("part", self._known(atom) if atom else base)
        return _Open("[", Argument())

    def _settle(self, here: _Open) -> None:
        """What stands there is complete."""
        value = self._known(here.atom) if here.atom else here.value
        if value is not None:
            constant = value.constant
            if here.minus and isinstance(constant, str):
                constant = f"-{constant}"
            here.done.append(Argument(value.value, here.name, constant))
        here.name = here.atom = ""
        here.value, here.minus = None, False

    def _known(self, word: str) -> Argument:
        """What a word stands for: a constant, a name, or an attribute of one."""
        if _LITERAL.fullmatch(word):
            return Argument(constant=word)
        first, *attributes = word.split(".")
        if first == "CONSTANTS" and attributes:
            return self._call("constant", [Argument(constant=attributes[0])])
        value = self._names.get(first)
        if value is None:
            return Argument()
        for attribute in attributes:
            value = self._call("attr", [value, Argument(constant=attribute)])
        return value

    def _closed(self, here: _Open) -> Argument:
        callee, done = here.callee, here.done
        if callee in _SAME:
            return done[-1] if len(done) == 1 or callee else self._call("pack", done)
        if callee == "[":
            constants = tuple(each.constant for each in done)
            result = self._call("pack", done)
            return Argument(result.value, "", constants)
        if callee == "part":
            return self._call("part", [here.base, *done])
        if callee == "getattr" and len(done) == 2:
            name = str(done[1].constant).strip("\"'")
            return self._call("attr", [done[0], Argument(constant=name)])
        if callee[0] == ".":
            return self._call(callee, [here.base, *done])
        if callee.startswith(_OPERATORS):
            return self._call(operator_name(callee), done)
        return self._call(callee, done) if callee.startswith("__torch__.") else Argument()

    def _call(self, callee: str, arguments: Sequence[Argument]) -> Argument:
        if self._kept >= MOST_CALLS:
            return Argument()
        self._kept += 1
        self._here.append(Call(callee, tuple(arguments)))
        self._count += 1
        return Argument(self._count - 1)


def _targets(tokens: Sequence[str]) -> tuple[list[str], int]:
    """The names that a statement assigns to, and where what it computes begins."""
    if tokens[0] in ("return", "if", "while", "for"):
        return [], 1
    names: list[str] = []
    for at, part in enumerate(tokens):
        if part == "=" and names:
            return names, at + 1
        if part == ":" and len(names) == 1:  # with a type
            return (names, tokens.index("=") + 1) if "=" in tokens else ([], len(tokens))
        if part != "," and not (_NAME.fullmatch(part) and (at == 0 or tokens[at - 1] == ",")):
            break
        if part != ",":
            names.append(part)
    return [], 0
