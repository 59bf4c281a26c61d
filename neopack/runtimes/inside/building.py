"""Find and call what ``module:callable`` or ``file.py:callable`` names, inside an old version."""

import importlib
import importlib.util
import os
import sys
from typing import Any, Dict

from refusal import Refusal


def called(text: str, arguments: Dict[str, Any], folder: str, hint: str) -> Any:
    """What the callable gives. Names are looked for in ``folder`` too; ``hint`` says what to do
    where a package that it imports is not here."""
    sys.path.insert(0, folder)
    where, _, name = text.rpartition(":")
    try:
        found = _imported(where, folder)
    except ImportError as error:
        raise Refusal(f"{where} cannot be imported: {error}", hint)
    for part in name.split("."):
        if not hasattr(found, part):
            raise Refusal(f"{where} has no {part!r}")
        found = getattr(found, part)
    try:
        return found(**arguments)
    except ImportError as error:
        raise Refusal(f"{name} cannot be called: {error}", hint)


def _imported(where: str, folder: str) -> Any:
    if not where.endswith(".py"):
        return importlib.import_module(where)
    where = os.path.join(folder, where)
    sys.path.insert(0, os.path.dirname(where))
    name = os.path.splitext(os.path.basename(where))[0]
    spec = importlib.util.spec_from_file_location(name, where)
    if spec is None or spec.loader is None:
        raise ImportError(f"{where} is not a Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
