"""Rewrite a TorchScript module for an older PyTorch: operators that it lacks, or has and does not
take so, become operators that it has. What each becomes is TorchScript too, in ``rewrites/``.

What has no rewrite stays, and rule NEO-PT-022 names it. The in-place forms become plain ones: in
a trace the result is what later operators use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from neopack import facts, versions
from neopack.frameworks.pytorch import schemas
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes
from neopack.frameworks.pytorch.module_calls import is_torchs_own

__all__ = ["foreign", "lower", "places", "rewritten"]

FUNCTION = re.compile(r"^def aten__(\w+?)(?:__(\w+))?\(", re.MULTILINE)
# of the calls that tracing recorded for a node, innermost first
SOURCE = re.compile(r"^(.+)\((\d+)\): ", re.MULTILINE)
# a rewrite may bring operators that want another; none brings itself
ROUNDS = 8
# an exception's message has its class beside it, which 1.9 does not know
RAISES_CLASSES = "1.12"


def foreign(module: Any, version: str) -> tuple[str, ...]:
    """What operators in ``module`` PyTorch ``version`` lacks: ``aten::mish``, or ``aten::meshgrid(
    Tensor[], indexing=str)`` of one that it has and does not take so; none for a version that our
    table does not reach."""
    return tuple(sorted({lack for _, _, lack in _unlike(module, version) if lack}))


def lower(module: Any, version: str) -> tuple[str, ...]:
    """Rewrite ``module`` in place; returns the names of the operators that were rewritten."""
    if not facts.torch_is_known(version):
        return ()
    _forget_sizes(module)
    done = dict.fromkeys(_respell(module))
    if not versions.at_least(version, RAISES_CLASSES):
        done |= dict.fromkeys(_raise_plainly(module))
    for _ in range(ROUNDS):
        rewrites = [
            (graph, node, way)
            for graph, node, _ in _unlike(module, version)
            if (way := _way(_ways(), node))
        ]
        if not rewrites:
            break
        for graph, node, way in rewrites:
            done[node.kind()] = None
            _replace(graph, node, way)
        _fold(module)
    return tuple(done)


def places(module: Any, version: str) -> dict[str, str]:
    """Where in the model's source each of ``foreign`` is used first: ``net.py:10``; none that
    torch does not tell of a module from a file."""
    by_operator: dict[str, str] = {}
    for _, node, lack in _unlike(module, version):
        calls = SOURCE.findall(node.sourceRange())
        own = [(Path(file).name, line) for file, line in calls if not is_torchs_own(file)]
        if lack and own:
            by_operator.setdefault(lack, ":".join(own[0]))
    return by_operator


def _unlike(module: Any, version: str) -> Iterator[tuple[Any, Any, str]]:
    """Graph, node and what ``version`` lacks of it; empty where that computes otherwise."""
    for graph in graphs(module):
        for node in list(nodes(graph)):
            if node.kind().startswith("aten::"):
                lack = schemas.lacks(version, node.kind(), [_call(node)])
                if lack or facts.torch_computes_otherwise(version, node.kind()):
                    yield graph, node, lack


def _call(node: Any) -> schemas.OperatorCall:
    """What the node is called with in the code that torch writes of it: without the defaults at
    the end (``torch/csrc/jit/serialization/python_print.cpp``)."""
    inputs, arguments = list(node.inputs()), _arguments(node.schema())
    while inputs and _is_default(inputs[-1], arguments[len(inputs) - 1 :]):
        inputs.pop()
    positional: list[str] = []
    named: list[tuple[str, str]] = []
    for at, value in enumerate(inputs):
        kind = schemas.kind_of_type(value.type().annotation_str)
        if at < len(arguments) and arguments[at].kwarg_only:
            named.append((arguments[at].name, kind))
        else:
            positional.append(kind)
    return schemas.OperatorCall(tuple(positional), tuple(named))


@cache
def _arguments(schema: str) -> Sequence[Any]:
    import torch

    parsed = None if schema == "(no schema)" else torch._C.parse_schema(schema)  # noqa: SLF001
    return parsed.arguments if parsed else ()


def _is_default(value: Any, arguments: Sequence[Any]) -> bool:
    if not arguments or not arguments[0].has_default_value():
        return False
    argument, default = value.toIValue(), arguments[0].default_value
    constant = value.node().kind() == "prim::Constant"
    return constant and type(argument) is type(default) and argument == default


def _respell(module: Any) -> tuple[str, ...]:
    """einsum takes capital letters since 1.9; small ones mean the same."""
    changed = False
    for graph in graphs(module):
        for node in list(nodes(graph)):
            equation = node.kind() == "aten::einsum" and node.inputsAt(0).node()
            if equation and equation.kind() == "prim::Constant":
                changed |= _to_small_letters(equation)
    return ("aten::einsum",) if changed else ()


def _to_small_letters(constant: Any) -> bool:
    text = constant.s("value")
    capitals = sorted({letter for letter in text if letter.isupper()})
    free = [letter for letter in ascii_lowercase if letter not in text]
    if not capitals or len(capitals) > len(free):
        return False
    constant.s_("value", text.translate(str.maketrans(dict(zip(capitals, free, strict=False)))))
    return True


def _raise_plainly(module: Any) -> tuple[str, ...]:
    changed = False
    for graph in graphs(module):
        for node in list(nodes(graph)):
            if node.kind() == "prim::RaiseException" and node.inputsSize() > 1:
                changed = True
                with graph.insert_point_guard(node):
                    node.replaceInput(1, graph.insertConstant(None))
    return ("prim::RaiseException",) if changed else ()


@cache
def rewritten() -> frozenset[str]:
    """The names of the operators that some rewrite is for."""
    return frozenset(f"aten::{match[1]}" for match in FUNCTION.finditer(_texts()))


def _texts() -> str:
    files = resources.files("neopack.frameworks.pytorch.lowering").joinpath("rewrites").iterdir()
    return "\n".join(file.read_text("utf-8") for file in files)


@cache
def _ways() -> Mapping[str, Any]:
    """Operator, or operator and overload, -> the graph that computes the same: compiled when the
    first node wants one, which most models have none of."""
    import torch

    text = _texts()
    unit = torch.jit.CompilationUnit(text)
    by_operator = {}
    for match in FUNCTION.finditer(text):
        name, overload = match.groups()
        function = match[0].removeprefix("def ").removesuffix("(")
        key = f"aten::{name}.{overload}" if overload else f"aten::{name}"
        by_operator[key] = unit.find_function(function).graph
    return by_operator


def _way(ways: Mapping[str, Any], node: Any) -> Any:
    name, dot, overload = node.schema().partition("(")[0].partition(".")
    plain = name.removesuffix("_")
    for key in (name + dot + overload, name, plain + dot + overload, plain):
        if key in ways and len(list(ways[key].inputs())) == node.inputsSize():
            return ways[key]
    return None


def _replace(graph: Any, node: Any, way: Any) -> None:
    with graph.insert_point_guard(node):
        results = graph.insertGraph(way, list(node.inputs()))
        if node.outputsSize() > 1:  # a function returns several as one tuple
            results = list(results[0].node().inputs())
    for old, new in zip(node.outputs(), results, strict=True):
        new.setType(old.type())
        old.replaceAllUsesWith(new)
    node.destroy()


def _forget_sizes(module: Any) -> None:
    """The sizes of the example are in the types of a trace's values, where folding would take
    them for constants; how many dimensions there are is one."""
    for graph in graphs(module):
        results = (value for node in nodes(graph) for value in node.outputs())
        for value in (*graph.inputs(), *results):
            sizes = value.type().sizes() if value.type().kind() == "TensorType" else None
            if sizes is not None:
                value.setType(value.type().with_sizes([None] * len(sizes)))


def _fold(module: Any) -> None:
    """The branches of a rewrite that its constant arguments decide are gone from the trace."""
    import torch

    for graph in graphs(module):
        for _ in range(2):  # what a branch chose may decide another
            torch._C._jit_pass_constant_propagation(graph)  # noqa: SLF001
            torch._C._jit_pass_constant_loop_unrolling(graph)  # noqa: SLF001
            torch._C._jit_pass_peephole(graph)  # noqa: SLF001
            torch._C._jit_pass_dce(graph)  # noqa: SLF001
