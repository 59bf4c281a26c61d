"""The names of a model's files: ``<prefix>-symbol.json``, ``<prefix>-<epoch>.params``.

As the open loader reads them: every .json is a symbol but for four names, and parameters belong
to the symbol whose prefix their name starts with (neo-ai/neo-loader@2775038
src/neo_loader/mxnet_model_loader.py, 2022).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from neopack import facts

__all__ = ["SHAPES", "SYMBOL", "epoch", "parameters_of", "prefix", "symbols"]

SHAPES = "model-shapes.json"
SYMBOL = "-symbol.json"
_EPOCH = re.compile(r"-(\d{4})\.params$")


def symbols(names: Sequence[str]) -> tuple[str, ...]:
    """What counts as a symbol, those named as MXNet names them first, and of these the highest."""
    ignored = facts.framework("MXNET").files[0].ignored
    files = [n for n in names if n.endswith(".json") and posixpath.basename(n) not in ignored]
    return tuple(sorted(files, key=lambda name: (not name.endswith(SYMBOL), name.count("/"))))


def prefix(symbol: str) -> str:
    """The part of a symbol's name that its parameters' names start with."""
    leaf = posixpath.basename(symbol)
    return leaf.replace(SYMBOL, "") if SYMBOL in leaf else leaf.replace(".json", "")


def epoch(parameters: str) -> int | None:
    """The number in ``model-0007.params``; None where there is none."""
    match = _EPOCH.search(parameters)
    return int(match[1]) if match else None


def parameters_of(symbol: str, names: Sequence[str]) -> tuple[str, ...]:
    """The parameter files of a symbol, which lie beside it; the last epoch first, as the
    loader takes it."""
    folder, start = posixpath.dirname(symbol), prefix(symbol)
    files = [
        name
        for name in names
        if name.endswith(".params")
        and posixpath.dirname(name) == folder
        and posixpath.basename(name).startswith(start)
    ]
    return tuple(sorted(files, key=lambda name: (-(epoch(name) or 0), name)))
