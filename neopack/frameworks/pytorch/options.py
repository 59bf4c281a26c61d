"""The options of exports from PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neopack.frameworks.task import option

__all__ = ["PyTorchOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PyTorchOptions:
    """``script`` asks for scripting instead of tracing, ``bind`` for inputs given in the order
    written, whatever their names. ``runtime`` is the exact version in which
    a callable's model is built where it does not take today's export; the command line's
    ``--runtime`` means something for every framework, so it has no flag here."""

    script: bool = option("--script", default=False)
    bind: Literal["name", "positional"] | None = option("--bind", default=None)
    runtime: str = ""
