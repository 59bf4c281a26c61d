"""Errors that a complete script may still have in its container: parsed, never run.

Sources: SageMaker developer guide, neo-deployment-hosting-services-prerequisites and
neo-troubleshooting-inference (2026).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from neopack import facts
from neopack.rules.handler import parsed, requirements
from neopack.rules.members import normal, visible
from neopack.rules.rule import CheckContext, Hit, Rule, rule

__all__ = ["RULES"]

# the functions that load a model, and Neo's names for its files
_LOADERS = frozenset({"load", "load_checkpoint", "imports"})
_COMPILED = re.compile(r"(\./)?(compiled|model)([-.]\S*)?")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_SPLIT = re.compile(r"\s#|;|\s--")


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(node: ast.expr) -> str:
    """The last part of the called name: ``load`` for ``torch.jit.load``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@rule("NEO-HD-009")
def no_neomx(context: CheckContext) -> Iterator[Hit]:
    """A script that uses MXNet imports neomx, without which compiled graphs do not load."""
    script = parsed(context)
    if script is None or context.target.kind != "cloud":
        return
    imported = set(_imported(script.tree))
    if "mxnet" in imported and "neomx" not in imported:
        yield Hit(message="imports mxnet, but not neomx", where=script.name)


@rule("NEO-HD-010")
def relative_model(context: CheckContext) -> Iterator[Hit]:
    """The script loads the model from model_dir, not from the working directory."""
    script = parsed(context)
    if script is None or any(_name(call.func) == "chdir" for call in _calls(script.tree)):
        return
    for call in _calls(script.tree):
        first = call.args[0] if call.args else None
        if (
            _name(call.func) in _LOADERS
            and isinstance(first, ast.Constant)
            and isinstance(first.value, str)
            and _COMPILED.fullmatch(first.value)
        ):
            yield Hit(
                message=f"loads {first.value!r}, which is relative to the working directory",
                where=f"{script.name}:{call.lineno}",
                values={"file": first.value},
            )


@rule("NEO-HD-011")
def no_warm_up(context: CheckContext) -> Iterator[Hit]:
    """On a GPU, model_fn runs the model once; otherwise the first request does, and times out."""
    script = parsed(context)
    gpu = context.target.kind == "cloud" and context.target.accelerator == "NVIDIA"
    if script is None or not gpu:
        return
    for node in script.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "model_fn" and not _runs(node):
            yield Hit(
                message="model_fn returns the model without running it",
                where=f"{script.name}:{node.lineno}",
            )


def _runs(function: ast.FunctionDef) -> bool:
    """Whether the function calls an object that it created, passes one to a function of the
    script, or calls a function whose name mentions warm-up."""
    created = {
        name.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for place in node.targets
        for name in ast.walk(place)
        if isinstance(name, ast.Name)
    }
    for call in _calls(function):
        name = _name(call.func)
        passed = {argument.id for argument in call.args if isinstance(argument, ast.Name)}
        if isinstance(call.func, ast.Name) and (name in created or passed & created):
            return True
        if name in ("forward", "predict", "run") or "warm" in name.lower():
            return True
    return False


@rule("NEO-HD-012")
def own_framework(context: CheckContext) -> Iterator[Hit]:
    """requirements.txt does not install the framework, whose build the container has."""
    shipped = facts.shipped_packages(context.framework)
    for line in _requirements(context):
        match = _NAME.match(line)
        if match and re.sub(r"[-_.]+", "-", match[0].lower()) in shipped:
            yield Hit(
                message=f"installs {line!r} over the container's own",
                where=requirements(context)[0],
                values={"package": match[0]},
            )


@rule("NEO-HD-013")
def lacking_files(context: CheckContext) -> Iterator[Hit]:
    """The files that requirements.txt names are in the archive."""
    name = requirements(context)[0]
    there = {normal(entry.name) for entry in visible(context)}
    for line in _requirements(context):
        path = re.sub(r"^(-r|-c|-e|--requirement|--constraint|--editable)[ =]*", "", line)
        is_path = path != line or path.startswith((".", "/")) or path.endswith((".whl", ".gz"))
        if not is_path or "://" in path or "@" in path:
            continue
        if normal(f"code/{path}") not in there and not any(
            other.startswith(f"{normal(f'code/{path}')}/") for other in there
        ):
            yield Hit(message=f"{path!r} is not in code/", where=name, values={"file": path})


def _requirements(context: CheckContext) -> list[str]:
    """The requirements, without comments, options and markers."""
    lines = (_SPLIT.split(line)[0].strip() for line in requirements(context)[1].splitlines())
    return [line for line in lines if line and not line.startswith("#")]


RULES: tuple[Rule, ...] = (no_neomx, relative_model, no_warm_up, own_framework, lacking_files)
