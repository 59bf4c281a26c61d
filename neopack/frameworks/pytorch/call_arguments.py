"""The types of the arguments with which TorchScript code calls each operator.

One pass over the tokens of a statement. What a name holds is known from how it was assigned, what
an operator returns from its schema; where neither tells, the type is ``_``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neopack.frameworks.pytorch.schemas import (
    UNKNOWN,
    OperatorCall,
    computes_number,
    kind_of_type,
    result,
)

__all__ = ["CallRecorder", "operator_name"]

MOST_CALLS = 10_000  # kept, different ones
MOST_ARGUMENTS = 64
_CALLED = re.compile(r"\.?[^\W\d][\w.]*")
_NAME = re.compile(r"[^\W\d][\w.]*")
_NUMBER = re.compile(r"\d[\w.+-]*")
_WORDS = {"None": "None", "True": "bool", "False": "bool", "inf": "float", "nan": "float"}
_CASTS = frozenset({"int", "float", "bool", "str", "complex"})
_TYPED = frozenset({"annotate", "unchecked_cast"})
_RETURNS = {"torch.device": "Device", "ops.prim.NumToTensor": "Tensor"}
_OPERATORS = ("torch.", "ops.")


def operator_name(callee: str) -> str:
    """``aten::conv2d`` for ``torch.conv2d``, ``quantized::add`` for ``ops.quantized.add``."""
    kind, _, name = callee.partition(".")
    namespace = "aten" if kind == "torch" else name.partition(".")[0]
    return f"{namespace}::{name.rpartition('.')[2]}"


@dataclass(slots=True)
class _Open:
    """A bracket that is open: who is called, where its content starts, and what that holds."""

    bracket: str
    callee: str
    start: int
    kinds: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    name: str = ""
    value: str = ""
    varies: bool = False
    """Whether anything in it is not a constant number or text."""

    def put(self, kind: str) -> None:
        """The next value; two without a comma between them are an expression."""
        self.value = UNKNOWN if self.value else kind

    def end(self) -> None:
        if self.value:
            self.kinds.append(self.value)
            self.names.append(self.name)
        self.name = self.value = ""


class CallRecorder:
    """What each operator is called with in the functions that were read."""

    def __init__(self) -> None:
        self.found: dict[str, dict[OperatorCall, None]] = {}
        self._count = 0
        self._known: dict[str, str] = {}
        self._constants: set[str] = set()
        self._varying: set[str] = set()

    @property
    def folded(self) -> tuple[str, ...]:
        """The operators that are called with constant numbers alone: torch computes those when it
        compiles the code."""
        return tuple(sorted(self.found.keys() - self._varying))

    def enter(self, arguments: Mapping[str, str]) -> None:
        """A function begins, whose arguments have these types."""
        self._known = {name: kind_of_type(kind) for name, kind in arguments.items()}
        self._constants = set()

    def read(self, tokens: Sequence[str], attributes: Mapping[str, str]) -> None:
        """A statement, in a method of an object with ``attributes``: names and types."""
        assigned = tokens.index("=") if "=" in tokens[:3] else 0
        kind, varies = self._kind(tokens, assigned + 1, attributes)
        if assigned == 1:
            self._known[tokens[0]] = kind
            (self._constants.discard if varies else self._constants.add)(tokens[0])

    def _kind(
        self, tokens: Sequence[str], start: int, attributes: Mapping[str, str]
    ) -> tuple[str, bool]:
        """The type of an expression, and whether it varies."""
        stack = [_Open("", "", start)]
        for at in range(start, len(tokens)):
            here = stack[-1]
            match tokens[at]:
                case "(" | "[" as bracket:
                    stack.append(self._opened(bracket, tokens[at - 1], at, here))
                case ")" | "]" if len(stack) == 1:
                    break
                case ")" | "]":
                    here.end()
                    stack.pop()
                    stack[-1].put(self._closed(here, tokens))
                    stack[-1].varies |= here.varies
                case ",":
                    here.end()
                case "=" if _is_keyword(tokens, at):
                    here.name, here.value = tokens[at - 1], ""
                case "-":
                    pass
                case atom:
                    here.put(self._atom(atom, attributes))
                    here.varies |= not self._is_constant(atom)
        return stack[0].value or UNKNOWN, stack[0].varies

    def _opened(self, bracket: str, before: str, at: int, outer: _Open) -> _Open:
        """A call or a subscript takes the place of the value before it."""
        callee = before if outer.value and (bracket == "[" or _CALLED.fullmatch(before)) else ""
        if callee:
            outer.value = ""
        return _Open(bracket, callee, at + 1)

    def _is_constant(self, token: str) -> bool:
        literal = token[0] in "\"'" or token in _WORDS or _NUMBER.fullmatch(token)
        return bool(literal) or token in self._constants or token.startswith(_OPERATORS)

    def _closed(self, call: _Open, tokens: Sequence[str]) -> str:
        if call.bracket == "[":
            call.varies = True  # torch computes nothing from lists, which may change
            return UNKNOWN if call.callee else _list_of(call.kinds)
        if call.callee.startswith(_OPERATORS) and call.callee not in _RETURNS:
            return self._called(call)
        if call.callee in _CASTS:
            return call.callee
        if call.callee in _TYPED:
            return kind_of_type(_first(tokens, call.start))
        if not call.callee and len(call.kinds) == 1:
            return call.kinds[0]
        return _RETURNS.get(call.callee, UNKNOWN)

    def _called(self, done: _Open) -> str:
        operator = operator_name(done.callee)
        pairs = list(zip(done.names, done.kinds, strict=True))
        call = OperatorCall(
            tuple(kind for name, kind in pairs if not name),
            tuple((name, kind) for name, kind in pairs if name),
        )
        kept = len(pairs) <= MOST_ARGUMENTS
        if kept:
            self._keep(operator, call)
        done.varies = done.varies or not kept or not computes_number(operator, call)
        if done.varies:
            self._varying.add(operator)
        return result(operator, call) if kept else UNKNOWN

    def _keep(self, operator: str, call: OperatorCall) -> None:
        kept = self.found.setdefault(operator, {})
        if call not in kept and self._count < MOST_CALLS:
            kept[call] = None
            self._count += 1

    def _atom(self, token: str, attributes: Mapping[str, str]) -> str:
        if token[0] in "\"'":
            return "str"
        if token in _WORDS:
            return _WORDS[token]
        if _NUMBER.fullmatch(token):
            return _number(token)
        if token.startswith("self."):
            return kind_of_type(attributes.get(token[5:], ""))
        return self._known.get(token, UNKNOWN)


def _is_keyword(tokens: Sequence[str], at: int) -> bool:
    return bool(_NAME.fullmatch(tokens[at - 1])) and tokens[at + 1 : at + 2] != ["="]


def _number(token: str) -> str:
    if token.endswith("j"):
        return "complex"
    return "float" if "." in token or "e" in token else "int"


def _list_of(kinds: Sequence[str]) -> str:
    only = kinds[0] if len(set(kinds)) == 1 else UNKNOWN
    return UNKNOWN if only in (UNKNOWN, "None") else f"{only}[]"


def _first(tokens: Sequence[str], start: int) -> str:
    """The text of the first argument, a type."""
    depth = 0
    for at in range(start, len(tokens)):
        depth += (tokens[at] == "[") - (tokens[at] == "]")
        if tokens[at] in (",", ")") and not depth:
            return "".join(tokens[start:at])
    return ""
