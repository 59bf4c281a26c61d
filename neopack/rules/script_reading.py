"""What a script does in any case: its statements outside of branches, and the paths in them.

Nothing runs. What a branch, a loop, a ``try`` or an early return guards is left out, because
whether it runs is unknown.
"""

from __future__ import annotations

import ast
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Paths", "Reached", "called", "certain_nodes", "dotted", "reached"]

MODEL_DIR = "/opt/ml/model"
DEEPEST_PATH = 50  # nested expressions: a script has as many as Python parses
_BRANCHES = (ast.If, ast.Try, ast.For, ast.While, ast.Match, ast.AsyncFor)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# expressions of which a part may not be computed
_GUARDING = (ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SAME = frozenset({"Path", "PurePath", "str", "fspath", "abspath", "realpath", "normpath"})
_SAME_METHODS = frozenset({"resolve", "absolute", "as_posix", "expanduser"})


@dataclass(frozen=True, slots=True)
class Reached:
    """The statements of a function, or of the module, that run if it is called."""

    function: ast.FunctionDef | ast.AsyncFunctionDef | None
    statements: tuple[ast.stmt, ...]


def called(node: ast.Call) -> str:
    """The last part of the called name: ``load`` for ``torch.jit.load``."""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def dotted(node: ast.expr) -> str:
    """``torch.jit.load`` for a name with attributes; of another expression its attributes."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(names))


def reached(tree: ast.Module, names: Iterable[str]) -> list[Reached]:
    """The module, its functions of these names, and those of its functions that they call."""
    functions = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    found = [Reached(None, tuple(_certain(tree.body)))]
    waiting, visited = [*names], set[str]()
    at = 0
    while at < len(found) or waiting:
        if at < len(found):
            waiting += [called(c) for c in _calls(found[at].statements)]
            at += 1
        for name in waiting:
            if name in functions and name not in visited:
                visited.add(name)
                found.append(Reached(functions[name], tuple(_certain(functions[name].body))))
        waiting.clear()
    return found


def _certain(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, _BRANCHES):
            if any(isinstance(node, ast.Return) for node in ast.walk(statement)):
                return
            continue
        yield statement
        if isinstance(statement, ast.With | ast.AsyncWith):
            yield from _certain(statement.body)


def _calls(statements: Iterable[ast.stmt]) -> Iterator[ast.Call]:
    """Calls of plain names: of functions of the script."""
    for node in certain_nodes(statements):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node


def certain_nodes(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """The expressions in the statements that are computed in any case."""
    for statement in statements:
        if isinstance(statement, _DEFINITIONS):
            continue
        if isinstance(statement, ast.With | ast.AsyncWith):
            waiting: list[ast.AST] = [item.context_expr for item in statement.items]
        else:
            waiting = [statement]
        while waiting:
            node = waiting.pop()
            if not isinstance(node, (*_DEFINITIONS, *_GUARDING)):
                yield node
                waiting += reversed(list(ast.iter_child_nodes(node)))


@dataclass(slots=True)
class Paths:
    """What names hold in a function: paths in the model's folder, and texts."""

    script: str
    inside: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    depth: int = 0

    def enter(self, part: Reached) -> Paths:
        """The same in a function, whose ``model_dir`` is the folder."""
        inner = Paths(self.script, dict(self.inside), dict(self.texts))
        for argument, is_folder in _arguments(part).items():
            inner.inside.pop(argument, None)
            inner.texts.pop(argument, None)
            if is_folder:
                inner.inside[argument] = ""
        inner.read(part)
        return inner

    def read(self, part: Reached) -> None:
        """Note what the statements assign to names that nothing else assigns."""
        times = _assigned(part)
        for target, value in _bindings(part.statements):
            if times[target] == 1:
                self._keep(target, value)
        for name, count in times.items():
            if count > 1:
                self.inside.pop(name, None)
                self.texts.pop(name, None)

    def _keep(self, name: str, value: ast.expr) -> None:
        path, text = self.path(value), self._text(value)
        self.inside.pop(name, None)
        self.texts.pop(name, None)
        if path is not None:
            self.inside[name] = path
        elif text is not None:
            self.texts[name] = text

    def path(self, node: ast.expr) -> str | None:
        """The path in the model's folder that an expression gives: "" for the folder itself, None
        for what is not known or lies elsewhere."""
        if self.depth > DEEPEST_PATH:
            return None
        self.depth += 1
        path = self._known(node)
        self.depth -= 1
        return path

    def _known(self, node: ast.expr) -> str | None:
        match node:
            case ast.Name(id="__file__"):
                return self.script
            case ast.Name(id=name) if name in self.inside:
                return self.inside[name]
            case ast.Attribute(attr="parent", value=value):
                return self._parent(value)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._joined(left, [right])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._added(self.path(left), self._text(right))
            case ast.JoinedStr(values=[ast.FormattedValue(value=first), *rest]):
                texts = [self._text(part) for part in rest]
                known = None if None in texts else "".join(text or "" for text in texts)
                return self._added(self.path(first), known)
            case ast.Call():
                return self._call(node)
        text = self._text(node)
        if text is None or not (text + "/").startswith(MODEL_DIR + "/"):
            return None
        return _normal(text.removeprefix(MODEL_DIR))

    def _call(self, node: ast.Call) -> str | None:
        name, arguments = called(node), node.args
        if name == "join" and len(arguments) > 1:
            return self._joined(arguments[0], arguments[1:])
        if name == "joinpath" and isinstance(node.func, ast.Attribute):
            return self._joined(node.func.value, arguments)
        if name == "dirname" and len(arguments) == 1:
            return self._parent(arguments[0])
        if name in _SAME and arguments:
            return self._joined(arguments[0], arguments[1:])
        if name in _SAME_METHODS and isinstance(node.func, ast.Attribute) and not arguments:
            return self.path(node.func.value)
        return None

    def _parent(self, node: ast.expr) -> str | None:
        path = self.path(node)
        return posixpath.dirname(path) if path else None

    def _joined(self, first: ast.expr, rest: Iterable[ast.expr]) -> str | None:
        path = self.path(first)
        texts = [self._text(part) for part in rest]
        if path is None or any(text is None or text.startswith("/") for text in texts):
            return None
        return _normal("/".join([path, *(text or "" for text in texts)]))

    def _added(self, path: str | None, text: str | None) -> str | None:
        if path is None or text is None or not text.startswith("/"):
            return None
        return _normal(path + text)

    def _text(self, node: ast.expr) -> str | None:
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name):
                return self.texts.get(name)
        return None


def _normal(path: str) -> str | None:
    """None for what leads out of the folder."""
    normal = posixpath.normpath(path.lstrip("/")) if path.strip("/") else ""
    return None if normal.startswith("..") else normal


def _arguments(part: Reached) -> Mapping[str, bool]:
    """The arguments of a function, and whether each is the model's folder."""
    if part.function is None:
        return {}
    given = part.function.args
    names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    loads = part.function.name == "model_fn"
    return {name: name == "model_dir" or (loads and at == 0) for at, name in enumerate(names)}


def _bindings(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """The names that are assigned, and their values; of an open file, its path."""
    for statement in statements:
        if isinstance(statement, ast.With):
            for item in statement.items:
                file, call = item.optional_vars, item.context_expr
                if isinstance(file, ast.Name) and isinstance(call, ast.Call) and call.args:
                    yield file.id, call.args[0]
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                yield target.id, statement.value


def _assigned(part: Reached) -> Counter[str]:
    """How often each name is assigned, in branches too."""
    body = part.statements if part.function is None else part.function.body
    return Counter(
        node.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
