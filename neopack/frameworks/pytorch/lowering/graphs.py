"""The graphs of a TorchScript module and the nodes in them, for which torch has no public API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["graphs", "nodes"]


def graphs(module: Any) -> Iterator[Any]:
    """The graph of every method of the module and of those in it."""
    for part in module.modules():
        script = part._c  # noqa: SLF001
        for name in script._method_names():  # noqa: SLF001
            yield script._get_method(name).graph  # noqa: SLF001


def nodes(block: Any) -> Iterator[Any]:
    """The nodes of a graph or block, those inside of branches and loops too."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes(inner)
