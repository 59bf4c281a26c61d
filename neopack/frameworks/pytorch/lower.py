"""Rewrite a TorchScript module for an older PyTorch: operators that it lacks become operators that
it has. What each becomes is TorchScript too, in ``rewrites.torchscript``.

What has no rewrite stays, and rule NEO-PT-022 names it. The in-place forms become plain ones: in
a trace the result is what later operators use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from string import ascii_lowercase
from typing import Any

from neopack import facts
from neopack.facts import versions

__all__ = ["foreign", "lower"]

COMMENTS = re.compile(r" # [^\n]*")
FUNCTION = "aten__"
# aten::_convolution, which tracing records, has an argument more since (allow_tf32)
CONVOLUTION_CHANGED = "1.7"


def foreign(module: Any, version: str) -> tuple[str, ...]:
    """The operators in ``module`` that PyTorch ``version`` lacks, by name; none for a version
    that our table does not reach."""
    known = facts.torch_operators(version)
    if known is None:
        return ()
    used = {node.kind() for graph in _graphs(module) for node in _nodes(graph)}
    return tuple(sorted(kind for kind in used - known if kind.startswith("aten::")))


def lower(module: Any, version: str) -> tuple[str, ...]:
    """Rewrite ``module`` in place; returns the names of the operators that were rewritten.

    One rewrite may bring operators that want another, so it goes on while there is progress.
    """
    done: list[str] = []
    spelled: tuple[str, ...] = ()
    if facts.torch_operators(version) is not None:
        spelled = _respell(module)
        if not versions.at_least(version, CONVOLUTION_CHANGED):
            spelled += _plain_convolutions(module)
    ways = None
    while todo := [name for name in foreign(module, version) if name not in done]:
        ways = ways or _ways()
        done += todo
        for name in todo:
            if name in ways:
                _replace(module, name, ways[name])
    if ways is None:
        return spelled
    _fold(module)
    return (*spelled, *(name for name in done if name in ways))


def _respell(module: Any) -> tuple[str, ...]:
    """einsum takes capital letters since 1.9; small ones mean the same."""
    found = False
    for graph in _graphs(module):
        for node in list(_nodes(graph)):
            equation = node.kind() == "aten::einsum" and node.inputsAt(0).node()
            if equation and equation.kind() == "prim::Constant":
                found |= _to_small_letters(equation)
    return ("aten::einsum",) if found else ()


def _plain_convolutions(module: Any) -> tuple[str, ...]:
    """conv1d to conv3d and their transposes, whose arguments all versions share."""
    found = False
    for graph in _graphs(module):
        for node in [n for n in _nodes(graph) if n.kind() == "aten::_convolution"]:
            found |= _plain_convolution(graph, node)
    return ("aten::_convolution",) if found else ()


def _plain_convolution(graph: Any, node: Any) -> bool:
    given, weight, bias, stride, padding, dilation, transposed, extra, groups = list(
        node.inputs()
    )[:9]
    dims, flag = len(list(stride.node().inputs())), transposed.node()
    if not dims or flag.kind() != "prim::Constant":
        return False
    same = [given, weight, bias, stride, padding]
    if flag.i("value"):
        new = graph.create(f"aten::conv_transpose{dims}d", [*same, extra, groups, dilation], 1)
    else:
        new = graph.create(f"aten::conv{dims}d", [*same, dilation, groups], 1)
    new.insertBefore(node)
    new.output().setType(node.output().type())
    node.output().replaceAllUsesWith(new.output())
    node.destroy()
    return True


def _to_small_letters(constant: Any) -> bool:
    text = constant.s("value")
    capitals = sorted({letter for letter in text if letter.isupper()})
    free = [letter for letter in ascii_lowercase if letter not in text]
    if not capitals or len(capitals) > len(free):
        return False
    constant.s_("value", text.translate(str.maketrans(dict(zip(capitals, free, strict=False)))))
    return True


def _ways() -> dict[str, Any]:
    """Operator -> the graph that computes the same."""
    import torch

    file = resources.files("neopack.frameworks.pytorch").joinpath("rewrites.torchscript")
    unit = torch.jit.CompilationUnit(file.read_text("utf-8"))
    names = re.findall(rf"^def {FUNCTION}(\w+)", file.read_text("utf-8"), re.MULTILINE)
    return {f"aten::{name}": unit.find_function(f"{FUNCTION}{name}").graph for name in names}


def _replace(module: Any, name: str, way: Any) -> None:
    import torch

    arguments = ", ".join(f"%argument{place}" for place, _ in enumerate(way.inputs()))
    pattern = f"graph({arguments}):\n  %result = {name}({arguments})\n  return (%result)"
    for graph in _graphs(module):
        torch._C._jit_pass_custom_pattern_based_rewrite_graph(  # noqa: SLF001 - no public one
            pattern, COMMENTS.sub("", str(way)), graph
        )


def _fold(module: Any) -> None:
    """The branches of a rewrite that its constant arguments decide are gone from the trace."""
    import torch

    for graph in _graphs(module):
        for _ in range(2):  # what a branch chose may decide another
            torch._C._jit_pass_constant_propagation(graph)  # noqa: SLF001
            torch._C._jit_pass_peephole(graph)  # noqa: SLF001
            torch._C._jit_pass_dce(graph)  # noqa: SLF001


def _graphs(module: Any) -> Iterator[Any]:
    for part in module.modules():
        script = part._c  # noqa: SLF001 - no public way to the graphs of submodules
        for name in script._method_names():  # noqa: SLF001
            yield script._get_method(name).graph  # noqa: SLF001


def _nodes(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _nodes(inner)
