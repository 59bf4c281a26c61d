"""What the source of TVM's importers says, read as a syntax tree: tables of operators, the opsets
of a converter, and what a converter raises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import chain

__all__ = ["Module", "opsets_of", "raised_by", "strings", "table_of"]

_OPSET = re.compile(r"_impl_v(\d+)")
_HOLE = re.compile(r"%[-\d.]*[a-z]|\{[^{}]*\}")
# a text about what is not taken, and not one about a broken call
_LIMIT = re.compile(r"support|implement|only|dynamic|not (?:allowed|handled)", re.IGNORECASE)
# what a converter of many operators raises about one that is not its own
_OTHERS = re.compile(r"Expect \d inputs? only|Operator \{\} is not supported|opset version \{\}")
LONGEST = 200


class Module:
    """The files of one importer as one: what they define, by name."""

    def __init__(self, trees: Sequence[ast.Module]) -> None:
        self._trees = trees
        self.defined: dict[str, ast.FunctionDef | ast.ClassDef] = {}
        for node in self.walk():
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self.defined.setdefault(node.name, node)

    def walk(self) -> Iterator[ast.AST]:
        return chain.from_iterable(map(ast.walk, self._trees))

    def base_of(self, node: ast.ClassDef) -> ast.ClassDef | None:
        names = (base.id for base in node.bases if isinstance(base, ast.Name))
        bases = (self.defined.get(name) for name in names)
        return next((base for base in bases if isinstance(base, ast.ClassDef)), None)


def table_of(node: ast.AST, names: frozenset[str]) -> dict[str, ast.expr | None]:
    """The operators of a table of one of these names that ``node`` assigns or returns."""
    if isinstance(node, ast.FunctionDef) and node.name in names:
        returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
        return _first_dict(returned)
    if isinstance(node, ast.Assign) and _target(node.targets[0]) in names:
        return _first_dict([node.value]) or dict.fromkeys(strings(node.value))
    return {}


def _target(node: ast.expr) -> str:
    """``convert_map`` of ``convert_map`` and ``self.convert_map``."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _first_dict(values: Sequence[ast.expr | None]) -> dict[str, ast.expr | None]:
    table = next((value for value in values if isinstance(value, ast.Dict)), None)
    if table is None:
        return {}
    pairs = zip(table.keys, table.values, strict=True)
    return {_key(key): value for key, value in pairs if key is not None}


def _key(node: ast.expr) -> str:
    """A text, or the last word of ``LAYERTYPE.CONVOLUTIONAL``."""
    return next(strings(node), "") or _target(node)


def strings(node: ast.AST) -> Iterator[str]:
    """The texts of a list, a tuple or a constant."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def opsets_of(module: Module, value: ast.expr | None) -> tuple[int, ...]:
    """The opsets for which ``Class.get_converter(opset)`` has a method, bases included."""
    owner = _owner(module, value)
    found: set[int] = set()
    while owner is not None:
        methods = [node.name for node in owner.body if isinstance(node, ast.FunctionDef)]
        found |= {int(match[1]) for name in methods if (match := _OPSET.fullmatch(name))}
        owner = module.base_of(owner)
    return tuple(sorted(found))


def _owner(module: Module, value: ast.expr | None) -> ast.ClassDef | None:
    call = value.func if isinstance(value, ast.Call) else None
    if not (isinstance(call, ast.Attribute) and call.attr == "get_converter"):
        return None
    node = module.defined.get(_target(call.value))
    return node if isinstance(node, ast.ClassDef) else None


def raised_by(module: Module, value: ast.expr) -> Iterator[str]:
    """The texts of what the functions and classes named in ``value`` raise and assert."""
    named = {_target(n) for n in ast.walk(value) if isinstance(n, ast.Name | ast.Attribute)}
    for name in sorted(named & module.defined.keys()):
        own = module.defined[name]
        texts = {name: text for node in ast.walk(own) for name, text in _assigned(node)}
        for node in ast.walk(own):
            text = " ".join(_raised(node, texts).split())
            if _LIMIT.search(text) and not _OTHERS.match(text) and len(text) <= LONGEST:
                yield text


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        yield _target(node.targets[0]), node.value


def _raised(node: ast.AST, texts: dict[str, ast.expr]) -> str:
    if isinstance(node, ast.Assert) and node.msg is not None:
        return _text(node.msg, texts)
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
        return _text(node.exc.args[0], texts)
    return ""


def _text(node: ast.expr, texts: dict[str, ast.expr]) -> str:
    """The text of an expression, with ``{}`` for what is filled in; "" if it is not a text."""
    match node:
        case ast.Constant(value=str(text)):
            return _HOLE.sub("{}", text)
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, texts) or "{}" for part in parts)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _text(left, texts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left, texts) + (_text(right, texts) or "{}")
        case ast.Call(func=ast.Attribute(value=inner, attr="format")):
            return _text(inner, texts)
        case ast.Name(id=name) if name in texts and name not in _names(texts[name]):
            return _text(texts[name], texts)
    return ""


def _names(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
