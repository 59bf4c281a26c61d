"""Rules for the scripts that serve the model: code/ in the archive, parsed but never run.

Neo's compilers ignore code/; the container that serves the model uses it.
Sources: SageMaker developer guide, neo-deployment-hosting-services-prerequisites (2026);
aws/sagemaker-inference-toolkit@00c63ac (2026).
"""

from __future__ import annotations

import ast
import posixpath
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from neopack import facts
from neopack.facts import Handler
from neopack.rules.members import CODE, in_code, matching, named, normal, visible
from neopack.rules.rule import CheckContext, Hit, Rule, rule

__all__ = ["RULES", "HandlerScript", "handled", "parsed", "parsed_text", "requirements"]

_REQUIREMENTS = "requirements.txt"
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about invalid escapes in the user's script
        return ast.parse(text)


@dataclass(frozen=True, slots=True)
class HandlerScript:
    name: str
    tree: ast.Module


def parsed(context: CheckContext) -> HandlerScript | None:
    """Return the script that the container runs, or None if it is absent or unreadable."""
    handler = handled(context)
    text = _script(context, handler) if handler else None
    if text is None or handler is None:
        return None
    tree = parsed_text(text)
    return HandlerScript(handler.entry, tree) if tree else None


@lru_cache(maxsize=16)
def parsed_text(text: str) -> ast.Module | None:
    """Return the tree of a script; None if it is unreadable, which NEO-HD-001 reports."""
    try:
        return _parse(text)
    except _UNREADABLE:
        return None


def requirements(context: CheckContext) -> tuple[str, str]:
    """Return the name and text of code/requirements.txt; the text is "" if it is absent."""
    for name, text in context.code.items():
        if normal(name) == CODE + _REQUIREMENTS:
            return name, text
    return CODE + _REQUIREMENTS, ""


def handled(context: CheckContext) -> Handler | None:
    """Return the script that the container runs, or None if it is unknown."""
    return facts.handler(context.framework, context.target)


def _script(context: CheckContext, handler: Handler) -> str | None:
    for name, text in context.code.items():
        if normal(name) == handler.entry:
            return text
    return None


def _functions(context: CheckContext) -> dict[str, _Function | None] | None:
    """The functions that the script defines or imports by name; None if it is unreadable."""
    script = parsed(context)
    if script is None:
        return None
    return {name: node for statement in script.tree.body for name, node in _names(statement)}


def _names(statement: ast.stmt) -> Iterator[tuple[str, _Function | None]]:
    if isinstance(statement, _Function):
        yield statement.name, statement
    elif isinstance(statement, ast.Assign):
        for place in statement.targets:
            if isinstance(place, ast.Name):
                yield place.id, None
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name, None
    elif isinstance(statement, ast.If | ast.Try):
        for inner in ast.iter_child_nodes(statement):
            if isinstance(inner, ast.stmt):
                yield from _names(inner)


@rule("NEO-HD-001")
def not_python(context: CheckContext) -> Iterator[Hit]:
    """Every script in code/ is valid Python."""
    for name, text in context.code.items():
        if not name.endswith(".py"):
            continue
        try:
            _parse(text)
        except SyntaxError as error:
            yield Hit(message=f"{error.msg}, line {error.lineno}", where=name)
        except _UNREADABLE as error:
            yield Hit(message=f"cannot be parsed as Python: {error or type(error)}", where=name)


@rule("NEO-HD-002")
def no_functions(context: CheckContext) -> Iterator[Hit]:
    """The script has the functions that the container calls (guide, prerequisites)."""
    handler, defined = handled(context), _functions(context)
    if handler is None or defined is None or "*" in defined:
        return
    if not any(set(names) <= defined.keys() for names in handler.sets):
        nearest = min(handler.sets, key=lambda names: len(set(names) - defined.keys()))
        absent = [name for name in nearest if name not in defined]
        others = [f" (or {' and '.join(s)})" for s in handler.sets if s != nearest]
        yield Hit(
            message=f"missing functions: {', '.join(absent)}" + "".join(others),
            where=handler.entry,
            values={"container": handler.container, "names": ", ".join(nearest)},
        )


@rule("NEO-HD-003")
def exclusive_functions(context: CheckContext) -> Iterator[Hit]:
    """transform_fn is alone: the toolkit refuses it with any of the other three."""
    handler, defined = handled(context), _functions(context)
    if handler is None or defined is None:
        return
    for one, other in handler.exclusive:
        if one in defined and other in defined:
            yield Hit(
                message=f"{one} and {other} are both defined; keep one way",
                where=handler.entry,
                values={"one": one},
            )


@rule("NEO-HD-004")
def arguments(context: CheckContext) -> Iterator[Hit]:
    """Each function takes the arguments that the container passes."""
    handler, defined = handled(context), _functions(context)
    for name, count in handler.arguments.items() if handler else ():
        node = (defined or {}).get(name)
        if node is None or node.args.vararg or handler is None:
            continue
        takes = len(node.args.posonlyargs + node.args.args + node.args.kwonlyargs)
        if takes not in (count, count + 1):  # the extra one is the context
            yield Hit(
                message=f"{name} takes {takes} arguments; the container passes {count}",
                where=f"{handler.entry}:{node.lineno}",
            )


@rule("NEO-HD-005")
def no_entry(context: CheckContext) -> Iterator[Hit]:
    """code/ has the script that the container looks for."""
    handler = handled(context)
    scripts = [name for name in context.code if name.endswith(".py") and in_code(name)]
    if handler and scripts and _script(context, handler) is None:
        yield Hit(
            message=f"no {handler.entry} beside {named(scripts)}",
            where=CODE,
            values={"entry": handler.entry},
        )


def _outside(context: CheckContext, basename: str) -> list[str]:
    """The members of that name in the wrong directory."""
    names = [normal(entry.name) for entry in visible(context)]
    right = CODE + basename
    if right in names:
        return []
    return [name for name in names if posixpath.basename(name) == basename]


@rule("NEO-HD-006")
def requirements_elsewhere(context: CheckContext) -> Iterator[Hit]:
    """requirements.txt is in code/, from which the container installs (SageMaker SDK docs)."""
    for name in _outside(context, _REQUIREMENTS):
        yield Hit(
            message=f"{name!r} is not installed; it belongs at {CODE}{_REQUIREMENTS}", where=name
        )


@rule("NEO-HD-007")
def script_elsewhere(context: CheckContext) -> Iterator[Hit]:
    """inference.py is in code/."""
    handler = handled(context)
    for name in _outside(context, posixpath.basename(handler.entry)) if handler else ():
        yield Hit(
            message=f"the container does not find {name!r}; it belongs in {CODE}", where=name
        )


@rule("NEO-HD-008")
def model_in_code(context: CheckContext) -> Iterator[Hit]:
    """code/ has no file that the loader would count as a model (loader)."""
    row = facts.framework(context.framework)
    inside = [entry for entry in visible(context) if in_code(entry.name)]
    for group in row.files:
        for entry in matching(inside, group):
            yield Hit(
                message=f"{entry.name!r} counts as another model file",
                where=entry.name,
                values={"said": row.many_found},
            )


RULES: tuple[Rule, ...] = (
    not_python,
    no_functions,
    exclusive_functions,
    arguments,
    no_entry,
    requirements_elsewhere,
    script_elsewhere,
    model_in_code,
)
