"""The code inside a TorchScript file: classes, functions, operators, read as text.

The text looks like Python and is not parsed as Python: ``ast`` can be crashed by hostile depth
and old files hold names that Python refuses. What is written where follows PyTorch's
``torch/csrc/jit/serialization/python_print.cpp``: a statement to a line, operators as
``torch.NAME(...)`` for ``aten`` and ``ops.NAMESPACE.NAME(...)`` for the others, strings in
double quotes, types always spelled out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from neopack import facts
from neopack.errors import LimitExceeded
from neopack.formats.guard import DEFAULT_LIMITS, Budget, Limits
from neopack.frameworks.pytorch.call_arguments import CallRecorder, operator_name
from neopack.frameworks.pytorch.call_order import CallOrder
from neopack.frameworks.pytorch.code_values import CodeValues
from neopack.frameworks.pytorch.particular_calls import CodeCalls
from neopack.frameworks.pytorch.reachable import Reachable
from neopack.frameworks.pytorch.training_flags import CLOSING, OPENING, training_calls

__all__ = [
    "SYNTAX",
    "Argument",
    "Function",
    "ScriptClass",
    "ScriptSummary",
    "class_prefix",
    "read_code",
]

_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+["\\]?'
    r"|'(?:[^'\\]|\\.)*+['\\]?"
    r"|\.?[^\W\d][\w.]*"
    r"|\d[\w.]*(?:(?<=e)[-+]\d+)?"
    r"|->|\S"
)
LONGEST_CALL = 10_000  # tokens; beyond it the arguments of a definition are not looked for
MOST_DEFINITIONS = 100_000
BYTES = 12  # of code are taken apart into tokens in the time of one operation
_FLOW = frozenset(["if", "for", "while", "raise"])
_BRANCHES = frozenset(["if", "else"])
_STATEMENTS = {"if": "prim::If", "for": "prim::Loop", "while": "prim::Loop"}
_WORDS = {
    "int": "aten::Int",
    "float": "aten::Float",
    "bool": "aten::Bool",
    "complex": "aten::Complex",
    "str": "aten::str",
    "sorted": "aten::sorted",
    "print": "prim::Print",
    "fork": "prim::fork",
    "isinstance": "prim::isinstance",
    "uninitialized": "prim::Uninitialized",
    "unchecked_cast": "prim::unchecked_cast",
    "unchecked_unwrap_optional": "prim::unchecked_unwrap_optional",
}
# what the code writes in words of its syntax, whether or not there is a schema by that name
SYNTAX = frozenset(
    name for name in (*_STATEMENTS.values(), *_WORDS.values()) if name.startswith("prim::")
)
# torch.X( that makes a constant and runs no operator
_NOT_OPERATORS = frozenset(["torch.device", "torch.dtype", "torch.layout"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    name: str
    type: str
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function or method: ``name`` is qualified, ``__torch__.net.Net.forward``."""

    name: str
    arguments: tuple[Argument, ...]
    returns: str


@dataclass(slots=True, kw_only=True)
class ScriptClass:
    """A class: the names of its parameters and buffers, and the types of its attributes.

    ``buffers`` is None where the code does not list them, as before torch 1.5.
    """

    name: str
    base: str
    parameters: tuple[str, ...] = ()
    buffers: tuple[str, ...] | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ScriptSummary:
    """All that the code of one file tells. Places are ``FILE: FUNCTION ...``."""

    classes: dict[str, ScriptClass] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    operators: Counter[str] = field(default_factory=Counter)
    called_in: dict[str, str] = field(default_factory=dict)
    calls: CallRecorder = field(default_factory=CallRecorder)
    order: CallOrder = field(default_factory=CallOrder)
    values: CodeValues = field(default_factory=CodeValues)
    reachable: Reachable = field(default_factory=Reachable)
    particular: dict[str, str] = field(default_factory=dict)
    training: list[str] = field(default_factory=list)
    random: list[str] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)
    control_flow: list[str] = field(default_factory=list)
    op_version_set: str = ""
    readable_since: dict[str, str] = field(default_factory=dict)


def class_prefix(file: str) -> str:
    """The module that a code record stands for: ``code/__torch__/a/b.py`` → ``__torch__.a.b``."""
    return file.removeprefix("code/").removesuffix(".py").replace("/", ".")


def read_code(
    script: ScriptSummary, file: str, text: str, limits: Limits = DEFAULT_LIMITS
) -> None:
    """Add what ``text``, the content of the record ``file``, tells to ``script``."""
    budget = limits.begun(len(text))
    budget.spend(len(text) // BYTES, file)
    _Reader(script, file, budget).read(text)


class _Reader:
    """Goes over the lines of one file, knowing in which class and function it is."""

    def __init__(self, script: ScriptSummary, file: str, budget: Budget) -> None:
        self.script = script
        self.budget = budget
        self.file = file
        self.prefix = class_prefix(file)
        self.inside: ScriptClass | None = None
        self.function = ""
        self.flow: dict[str, None] = {}
        self.aliases: dict[str, str] = {}
        self.branches: list[int] = []
        self.particular = CodeCalls()

    def read(self, text: str) -> None:
        for indent, tokens in _statements(text):
            self.budget.spend(len(tokens), self.file)
            if indent == 0:
                self.inside = None
            self._branch(indent, tokens[0])
            if tokens[0] == "def":
                self._definition(tokens)
            elif tokens[0] == "class" and indent == 0:
                self._class(tokens)
            elif self.inside is not None and indent <= 2:
                _attribute(self.inside, tokens)
            elif indent == 0 and tokens[0] == "op_version_set":
                self.script.op_version_set = tokens[-1]
            else:
                self._statement(tokens)
        self._leave()

    def _branch(self, indent: int, word: str) -> None:
        """Leave the branches that end before a statement, and enter one that it begins."""
        while self.branches and indent <= self.branches[-1]:
            self.branches.pop()
        if word in _BRANCHES:
            self.branches.append(indent)

    def _class(self, tokens: list[str]) -> None:
        self._leave()
        self._hold()
        name = f"{self.prefix}.{tokens[1]}" if len(tokens) > 1 else self.prefix
        base = tokens[3] if len(tokens) > 3 else ""
        self.inside = self.script.classes[name] = ScriptClass(name=name, base=base)

    def _definition(self, tokens: list[str]) -> None:
        self._leave()
        self._hold()
        owner = self.prefix if self.inside is None else self.inside.name
        self.function = f"{owner}.{tokens[1] if len(tokens) > 1 else ''}"
        opening = tokens.index("(") if "(" in tokens else len(tokens)
        arguments, end = _arguments(tokens, opening)
        returns = tokens[end + 2 : -1] if tokens[end + 1 : end + 2] == ["->"] else []
        function = Function(
            name=self.function,
            arguments=tuple(_argument(a) for a in arguments if a and a != ["*"]),
            returns=_spelled(returns),
        )
        self.script.functions[self.function] = function
        self.script.calls.enter({a.name: a.type for a in function.arguments})
        receiver = function.arguments[0].name if function.arguments else ""
        self.script.order.enter(self.function, receiver)
        self.script.values.enter(self.function, [a.name for a in function.arguments])

    def _hold(self) -> None:
        if len(self.script.functions) + len(self.script.classes) >= MOST_DEFINITIONS:
            raise LimitExceeded(f"more than {MOST_DEFINITIONS} functions", where=self.file)

    def _leave(self) -> None:
        """Write down what the function that ends here had of control flow."""
        if self.flow:
            words = ", ".join(self.flow)
            self.script.control_flow.append(f"{self.file}: {_short(self.function)} ({words})")
        self.flow, self.aliases, self.particular = {}, {}, CodeCalls()

    def _statement(self, tokens: list[str]) -> None:
        word = tokens[0]
        if word in _FLOW:
            self.flow[word] = None
        if word in _STATEMENTS:
            self.script.operators[_STATEMENTS[word]] += 1
        if len(tokens) == 3 and tokens[1] == "=" and tokens[2].startswith("__torch__."):
            self.aliases[word] = tokens[2]
        openings = [at for at in range(1, len(tokens)) if tokens[at] == "("]
        for opening in openings:
            self._call(tokens, opening)
        names = [self.aliases.get(tokens[at - 1], tokens[at - 1]) for at in openings]
        for name in training_calls(tokens, openings, names):
            self.script.training.append(self._place(name.rpartition(".")[2]))
        for call in self.particular.read(tokens, self.inside.attributes if self.inside else {}):
            self.script.particular.setdefault(call, _short(self.function))
        self.script.calls.read(tokens, self.inside.attributes if self.inside else {})
        self.script.order.read(self.function, tokens)
        self.script.values.read(tokens)

    def _call(self, tokens: list[str], opening: int) -> None:
        name = tokens[opening - 1]
        if name == "torch.device" and opening + 1 < len(tokens):
            self.script.devices.add(_unquoted(tokens[opening + 1]))
        operator = _operator(name)
        self.script.reachable.read(self.function, name, operator)
        if operator:
            self.script.operators[operator] += 1
            self.script.called_in.setdefault(operator, _short(self.function))
            if operator == "prim::RaiseException":
                self.flow["raise"] = None
            if operator in facts.torch_random() and not self.branches:
                self.script.random.append(self._place(operator.removeprefix("aten::")))

    def _place(self, operator: str) -> str:
        return f"{self.file}: {operator} in {_short(self.function)}"


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Indent and tokens of each statement; one goes on while brackets are open."""
    pending: list[str] = []
    depth = indent = 0
    for line in text.split("\n"):
        tokens = _TOKEN.findall(line)
        if not tokens:
            continue
        if not pending:
            indent = len(line) - len(line.lstrip(" "))
        for part in tokens:
            depth += (part in OPENING) - (part in CLOSING)
        pending += tokens
        if depth <= 0:
            yield indent, pending
            pending, depth = [], 0
    if pending:
        yield indent, pending


def _arguments(tokens: Sequence[str], opening: int) -> tuple[list[list[str]], int]:
    """The arguments of the call or definition that opens there, and where it closes."""
    arguments: list[list[str]] = [[]]
    depth = 0
    for at in range(opening, min(len(tokens), opening + LONGEST_CALL)):
        part = tokens[at]
        depth += (part in OPENING) - (part in CLOSING)
        if depth == 0:
            return arguments, at
        if depth == 1 and part == ",":
            arguments.append([])
        elif at > opening:
            arguments[-1].append(part)
    return arguments, len(tokens)


def _argument(tokens: list[str]) -> Argument:
    name, rest = tokens[0], tokens[1:]
    if not rest or rest[0] != ":":
        return Argument(name=name, type="")
    split = rest.index("=") if "=" in rest else len(rest)
    return Argument(name=name, type=_spelled(rest[1:split]), default=_spelled(rest[split + 1 :]))


def _attribute(inside: ScriptClass, tokens: list[str]) -> None:
    """``name : type``, ``__annotations__["name"] = type`` or ``__parameters__ = [...]``."""
    if tokens[0] == "__parameters__":
        inside.parameters = _strings(tokens)
    elif tokens[0] == "__buffers__":
        inside.buffers = _strings(tokens)
    elif tokens[0] == "__annotations__" and len(tokens) > 5:
        inside.attributes[_unquoted(tokens[2])] = _spelled(tokens[5:])
    elif len(tokens) > 2 and tokens[1] == ":":
        end = tokens.index("=") if "=" in tokens else len(tokens)
        inside.attributes[tokens[0]] = _spelled(tokens[2:end])


def _operator(name: str) -> str:
    """``aten::conv2d`` for ``torch.conv2d``; empty for what is not an operator."""
    if name.startswith(("torch.", "ops.")):
        return "" if name in _NOT_OPERATORS else operator_name(name)
    return _WORDS.get(name, "")


def _spelled(tokens: Sequence[str]) -> str:
    return "".join(part + " " if part == "," else part for part in tokens)


def _strings(tokens: Sequence[str]) -> tuple[str, ...]:
    return tuple(_unquoted(token) for token in tokens if token[:1] in ('"', "'"))


def _unquoted(token: str) -> str:
    return token[1:-1] if token[:1] in ('"', "'") else token


def _short(function: str) -> str:
    """``Net.forward`` for ``__torch__.net.___torch_mangle_3.Net.forward``."""
    return ".".join(function.split(".")[-2:])
