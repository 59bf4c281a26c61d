"""Models named as ``module:callable`` or ``path/file.py:callable``: find the callable, call it.

It runs the user's own code, so it is used inside a child process. It imports no framework.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from neopack.errors import ExportFailed, SourceError, UsageError, first_line
from neopack.spelling import did_you_mean, nearest, nearest_file, suggestion

__all__ = ["build", "import_callable", "looks_like_callable", "packages_of", "split"]


def looks_like_callable(text: str) -> bool:
    """``a.b:c`` and ``dir/file.py:c``, but no existing file whose name has a colon."""
    where, colon, name = text.rpartition(":")
    dotted = all(part.isidentifier() for part in name.split("."))
    return bool(colon and where and name and dotted) and not Path(text).exists()


def split(text: str) -> tuple[str, str]:
    where, _, name = text.rpartition(":")
    return where, name


def packages_of(text: str) -> list[tuple[str, ...]]:
    """The dotted modules that tell whose model a callable builds: its own, or those that its
    file imports, in order. The file is parsed, not run."""
    where, _ = split(text)
    if not where.endswith(".py"):
        return [tuple(where.split("."))]
    try:
        tree = ast.parse(Path(where).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []  # importing it, in the child process, says what is wrong
    modules = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return [tuple(module.split(".")) for module in modules]


def build(text: str, arguments: Mapping[str, Any]) -> Any:
    """Call the callable that ``text`` names. Raises ``SourceError`` with what it raised."""
    function = import_callable(text)
    _refuse_wrong_arguments(text, function, arguments)
    try:
        return function(**arguments)
    except (Exception, SystemExit) as error:
        raise ExportFailed(
            f"raised {type(error).__name__}: {first_line(error)}",
            where=text,
            hint=f"reproduce with: {_reproduction(text, arguments)}",
        ) from error


def import_callable(text: str) -> Callable[..., Any]:
    where, name = split(text)
    value: Any = _import(where, text)
    for part in name.split("."):
        if not hasattr(value, part):
            raise SourceError(
                f"{where} has no {part!r}", where=text, hint=did_you_mean(part, dir(value))
            )
        value = getattr(value, part)
    if not callable(value):
        raise SourceError(f"is a {type(value).__name__}, not a callable", where=text)
    return value  # type: ignore[no-any-return]


def _import(where: str, text: str) -> ModuleType:
    try:
        if where.endswith(".py"):
            return _import_file(Path(where), text)
        # as `python -m` does: a model in the directory one stands in is found
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(where)
    except SourceError:
        raise
    except ModuleNotFoundError as error:
        raise SourceError(
            f"cannot be imported: {error}", where=text, hint=_import_hint(where, error)
        ) from error
    except (Exception, SystemExit) as error:
        raise ExportFailed(
            f"importing it raised {type(error).__name__}: {first_line(error)}",
            where=text,
            hint=f'reproduce with: python -c "import {where}"',
        ) from error


def _import_file(path: Path, text: str) -> ModuleType:
    if not path.is_file():
        raise SourceError("no such file", where=str(path), hint=nearest_file(path))
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SourceError("is not a Python file", where=text)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _import_hint(where: str, error: ModuleNotFoundError) -> str:
    if error.name and where.split(".", maxsplit=1)[0] == error.name:
        near = nearest(error.name, (each.stem for each in Path().glob("*.py")))
        return suggestion(
            f"{near}{where[len(error.name) :]}" if near else "",
            f"install the package of {error.name}, or give path/to/file.py:callable",
        )
    return f"install the package of {error.name}"


def _refuse_wrong_arguments(
    text: str, function: Callable[..., Any], arguments: Mapping[str, Any]
) -> None:
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise UsageError(
            f"cannot be called: {error}", where=text, hint="give arguments with --arg name=value"
        ) from None
    except ValueError:
        return  # a callable without an inspectable signature is simply tried


def _reproduction(text: str, arguments: Mapping[str, Any]) -> str:
    where, name = split(text)
    keywords = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    if where.endswith(".py"):
        code = f"import runpy; runpy.run_path({where!r})[{name!r}]({keywords})"
    else:
        code = f"from {where} import {name}; {name}({keywords})"
    plain = not set(code) & set('"$`\\!')
    return f'python -c "{code}"' if plain else f"python -c {shlex.quote(code)}"
