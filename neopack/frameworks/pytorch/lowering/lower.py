"""Rewrite a TorchScript module for an older PyTorch: operators that it lacks, or has and does not
take so, become operators that it has. What each becomes is TorchScript too, in ``rewrites/``.

What has no rewrite stays, and rule NEO-PT-022 names it. The in-place forms become plain ones, and
are written back where another tensor sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from neopack import facts, versions
from neopack.frameworks.pytorch import particular_calls, schemas
from neopack.frameworks.pytorch.lowering import functions, promotion
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes
from neopack.frameworks.pytorch.module_calls import is_torchs_own

__all__ = ["foreign", "lower", "otherwise", "places", "rewritten"]

REWRITES = "rewrites"
FUSED = "rewrites_for_fusers"
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


def otherwise(module: Any, version: str) -> tuple[str, ...]:
    """The operators in ``module`` that PyTorch ``version`` has and computes otherwise than today's
    for some inputs; none for a version that our table does not reach."""
    if not facts.torch_is_known(version):
        return ()
    unlike = (node for _, node, lack in _unlike(module, version) if not lack)
    fused = (node for _, node, _ in _fused(module, version))
    return tuple(sorted({node.kind() for node in (*unlike, *fused)}))


def lower(module: Any, version: str, *, fixed_sizes: bool = False) -> tuple[str, ...]:
    """Rewrite ``module`` in place; returns the names of the operators that were rewritten. With
    ``fixed_sizes`` the sizes in its types hold for every input."""
    if not facts.torch_is_known(version):
        return ()
    if not fixed_sizes:
        _forget_sizes(module)
    done = dict.fromkeys(_respell(module))
    if not versions.at_least(version, RAISES_CLASSES):
        done |= dict.fromkeys(_raise_plainly(module))
    done |= dict.fromkeys(promotion.promote(module, version))
    if not facts.torch_schemas("aten::ScalarImplicit", version):
        for graph in graphs(module):
            promotion.drop_needless(graph)
    for turn in range(ROUNDS):
        rewrites = [
            (graph, node, way)
            for graph, node, lack in _unlike(module, version)
            # a rewrite means by an operator what the old version computes
            if (lack or turn == 0) and (way := functions.function_for(node, REWRITES))
        ]
        renamed = list(_rename(module, version))
        done |= dict.fromkeys(renamed)
        if not rewrites and not renamed:
            break
        for graph, node, way in rewrites:
            done[node.kind()] = None
            functions.replace(graph, node, way)
        functions.fold(module)
    for graph, node, way in list(_fused(module, version)):
        done[node.kind()] = None
        functions.replace(graph, node, way)
    return tuple(done)


def _rename(module: Any, version: str) -> Iterator[str]:
    """Give operators their older names: a rewrite can't, since torch renames what it reads."""
    for graph, node, lack in list(_unlike(module, version)):
        older = facts.torch_older_name(node.kind())
        if lack and older:
            with graph.insert_point_guard(node):
                outputs = list(node.outputs())
                new = graph.insertNode(
                    graph.create(f"aten::{older}", list(node.inputs()), len(outputs))
                )
            for before, after in zip(outputs, new.outputs(), strict=True):
                after.setType(before.type())
                before.replaceAllUsesWith(after)
            yield node.kind()
            node.destroy()


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
                lack = _lack(version, node)
                if lack or _computes_otherwise(version, node):
                    yield graph, node, lack


def _fused(module: Any, version: str) -> Iterator[tuple[Any, Any, functions.Function]]:
    """The nodes that fused code of ``version`` computes otherwise, each with what does not."""
    operators = facts.torch_fused_otherwise(version)
    for graph in graphs(module):
        for node in nodes(graph):
            if promotion.plain(node.kind()) in operators and not promotion.is_of_integers(node):
                way = functions.function_for(node, FUSED)
                if way is not None:
                    yield graph, node, way


def _lack(version: str, node: Any) -> str:
    particular = particular_calls.of_node(node)
    if particular and facts.torch_lacks_call(version, particular):
        return particular
    return schemas.lacks(version, node.kind(), [_call(node)])


def _computes_otherwise(version: str, node: Any) -> bool:
    operator = promotion.plain(node.kind())
    if facts.torch_needs_types(version, operator) and promotion.dtype_of(node.output()) is None:
        return True
    overload = promotion.plain(node.schema().partition("(")[0])
    arguments = zip(_arguments(node.schema()), node.inputs(), strict=False)
    used = [argument.name for argument, value in arguments if value.type().kind() != "NoneType"]
    types = [f"of {str(promotion.dtype_of(each))[6:]}" for each in node.outputs()]
    names = operator, overload, *(f"{operator}({name})" for name in (*used, *types))
    return any(facts.torch_computes_otherwise(version, name) for name in names) or (
        facts.torch_fails_on_integers(version, operator) and promotion.is_of_integers(node)
    )


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
    return functions.names(REWRITES)


def _forget_sizes(module: Any) -> None:
    """The sizes of the example are in the types of a trace's values, where folding would take
    them for constants; how many dimensions there are is one."""
    for graph in graphs(module):
        results = (value for node in nodes(graph) for value in node.outputs())
        for value in (*graph.inputs(), *results):
            sizes = value.type().sizes() if value.type().kind() == "TensorType" else None
            if sizes is not None:
                value.setType(value.type().with_sizes([None] * len(sizes)))
