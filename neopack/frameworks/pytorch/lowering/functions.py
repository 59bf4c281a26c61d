"""Functions in TorchScript that compute what operators do, compiled from the files of a folder.

A function is named for its operator, ``aten__NAME``, or for one overload of it,
``aten__NAME__OVERLOAD``, and takes its arguments in order. One that has one argument more,
``result``, takes the type of the operator's result there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from neopack.frameworks.pytorch.lowering import containers, in_place, promotion
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes

__all__ = [
    "FUNCTION",
    "Function",
    "fold",
    "function_for",
    "key_of",
    "names",
    "replace",
    "rewrites",
]

FUNCTION = re.compile(r"^def (aten__(\w+?)(?:__(\w+))?)\((.*)\) -> ", re.MULTILINE)
# what a branch chose may decide another
ROUNDS = 8
# the functions that every folder has
OF_BOTH = "rewrites_of_both"


@dataclass(frozen=True, slots=True)
class Function:
    """A function that computes what an operator of so many arguments does; ``typed`` if it has one
    more, the type of the result."""

    graph: Any
    arguments: int
    typed: bool


@cache
def names(folder: str) -> frozenset[str]:
    """The names of the operators that some function of ``folder`` is for."""
    return frozenset(f"aten::{match[2]}" for match in FUNCTION.finditer(_texts(folder)))


def _texts(folder: str) -> str:
    root = resources.files("neopack.frameworks.pytorch.lowering")
    files = [file for each in (OF_BOTH, folder) for file in root.joinpath(each).iterdir()]
    return "\n".join(file.read_text("utf-8") for file in files)


@cache
def _functions(folder: str) -> Mapping[str, Function]:
    """By operator, or operator and overload: compiled when the first node wants one, which most
    models have none of."""
    import torch

    text = _texts(folder)
    unit = torch.jit.CompilationUnit(text)
    by_operator = {}
    for function, name, overload, parameters in FUNCTION.findall(text):
        graph = unit.find_function(function).graph
        torch._C._jit_pass_inline(graph)  # noqa: SLF001 - no public one
        typed = parameters.endswith("result: Optional[int]")
        compiled = Function(graph, len(list(graph.inputs())) - typed, typed)
        by_operator[f"aten::{name}.{overload}" if overload else f"aten::{name}"] = compiled
    return by_operator


def rewrites(folder: str) -> frozenset[str]:
    """The operators, or operators and overloads, that have a function in ``folder``."""
    return frozenset(_functions(folder))


def function_for(node: Any, folder: str) -> Function | None:
    """The function of ``folder`` that computes what ``node`` does."""
    key = key_of(node, folder)
    return None if key is None else _functions(folder)[key]


def key_of(node: Any, folder: str) -> str | None:
    """Under which operator, or operator and overload, ``folder`` has a function for ``node``."""
    functions = _functions(folder)
    name, dot, overload = node.schema().partition("(")[0].partition(".")
    if name.endswith("__"):  # aten::__or__, whose function is aten__or
        name = name.replace("::__", "::").removesuffix("__")
    plain = promotion.plain(name)
    for key in (name + dot + overload, name, plain + dot + overload, plain):
        if key in functions and functions[key].arguments == node.inputsSize():
            return key
    return None


def replace(graph: Any, node: Any, function: Function) -> None:
    """Let ``function`` compute what ``node`` does."""
    is_seen = in_place.is_seen(node)  # before the function uses the tensor too
    with graph.insert_point_guard(node):
        inputs, outputs = list(node.inputs()), list(node.outputs())
        if function.typed:
            inputs.append(graph.insertConstant(promotion.dtype_of(node.output())))
        results = graph.insertGraph(function.graph, inputs)
        if len(outputs) > 1:  # a function returns several as one tuple
            unpacked = graph.insertNode(graph.create("prim::TupleUnpack", results, len(outputs)))
            results = list(unpacked.outputs())
        for old, new in zip(outputs, results, strict=True):
            if new not in inputs:
                new.setType(old.type())
        results = in_place.written_back(graph, node, results) if is_seen else results
    for old, new in zip(outputs, results, strict=True):
        old.replaceAllUsesWith(new)
    node.destroy()


def fold(module: Any) -> None:
    """The branches of a function that its constant arguments decide are gone from the trace."""
    import torch

    for graph in graphs(module):
        for _ in range(ROUNDS):
            torch._C._jit_pass_constant_propagation(graph)  # noqa: SLF001
            torch._C._jit_pass_constant_loop_unrolling(graph)  # noqa: SLF001
            promotion.drop_needless(graph)
            containers.open_containers(graph)
            torch._C._jit_pass_peephole(graph)  # noqa: SLF001
            torch._C._jit_pass_dce(graph)  # noqa: SLF001
            if not any(node.kind() in ("prim::If", "prim::Loop") for node in nodes(graph)):
                break
