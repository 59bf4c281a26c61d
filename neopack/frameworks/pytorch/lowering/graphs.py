"""The graphs of a TorchScript module and the nodes in them, for which torch has no public API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["graphs", "integers", "methods", "nodes"]


def graphs(module: Any) -> Iterator[Any]:
    """The graph of every method of the module and of those in it."""
    for part in module.modules():
        script = part._c  # noqa: SLF001
        for name in script._method_names():  # noqa: SLF001
            yield script._get_method(name).graph  # noqa: SLF001


def methods(module: Any) -> set[tuple[str, str]]:
    """The class and the name of each."""
    scripts = [part._c for part in module.modules()]  # noqa: SLF001
    return {
        (script.qualified_name, name)
        for script in scripts
        for name in script._method_names()  # noqa: SLF001
    }


def nodes(block: Any) -> Iterator[Any]:
    """The nodes of a graph or block, those inside of branches and loops too."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes(inner)


def integers(value: Any) -> list[int]:
    """What a list of constants holds; nothing where one is computed."""
    maker = value.node()
    if maker.kind() == "prim::ListConstruct":
        items = [item.toIValue() for item in maker.inputs()]
        return items if all(isinstance(item, int) for item in items) else []
    constant = value.toIValue()
    return list(constant) if isinstance(constant, list) else []
