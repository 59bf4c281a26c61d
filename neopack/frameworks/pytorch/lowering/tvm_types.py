"""Casts that TVM's importer does not make: where PyTorch takes integers, bools or several types
for what it computes in another type, the arguments become what the result is."""

from __future__ import annotations

from typing import Any

from neopack.frameworks.pytorch.lowering import promotion
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes

__all__ = ["cast_constants", "cast_for_tvm", "cast_inputs", "wants_casts"]

# after the tensor: the type, and the defaults of aten::to
TO_INT32, TO_INT64 = (("to", number, False, False, None) for number in (3, 4))
OF_ONE_TYPE = ("aten::where", "aten::scatter", "aten::scatter_add")
# of integers PyTorch computes a float, and TVM nothing
FLOATING = frozenset(
    f"aten::{name}"
    for name in (
        "exp", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "sin", "cos", "tan", "sinh",
        "cosh", "tanh", "asin", "acos", "atan", "sigmoid", "erf", "reciprocal", "div",
        "true_divide", "softmax", "log_softmax", "mean", "norm", "atan2", "gelu", "exp2",
    )
)  # fmt: skip
# whose arguments have one type in TVM, and that of the result
ALIKE = frozenset(
    f"aten::{name}" for name in ("cat", "stack", "where", "sum", "cumsum", "prod", "pow", "hstack")
)


def cast_for_tvm(module: Any) -> tuple[str, ...]:
    """In place; the names of the operators whose arguments are cast."""
    done: dict[str, None] = {}
    for graph in graphs(module):
        for node in list(nodes(graph)):
            if _wants_cast(node) and promotion.cast(graph, node):
                done[node.kind()] = None
    return tuple(done)


def cast_inputs(module: Any) -> bool:
    """Let forward cast its inputs to the types that they have: Neo's loader gives the importer no
    types, so that all are float32 in the compiled model."""
    graph, casts, others = _forward(module), _casts(), _whole_inputs(module)
    for value in others:
        name, *rest = casts[promotion.dtype_of(value)]
        with graph.insert_point_guard(next(iter(graph.nodes()))):
            arguments = [value, *map(graph.insertConstant, rest)]
            cast = graph.insertNode(graph.create(f"aten::{name}", arguments, 1))
        cast.output().setType(value.type())
        value.replaceAllUsesAfterNodeWith(cast, cast.output())
    return bool(others)


def wants_casts(module: Any) -> bool:
    """Whether ``cast_for_tvm`` or ``cast_inputs`` would change something."""
    return bool(_whole_inputs(module)) or any(
        _wants_cast(node) and promotion.is_mixed(node)
        for graph in graphs(module)
        for node in nodes(graph)
    )


def _forward(module: Any) -> Any:
    return module._c._get_method("forward").graph  # noqa: SLF001 - no public one


def _casts() -> dict[Any, tuple[Any, ...]]:
    """What casts back to a type, and its arguments."""
    import torch

    return {torch.bool: ("ne", 0), torch.int64: TO_INT64, torch.int32: TO_INT32}


def _whole_inputs(module: Any) -> list[Any]:
    """The inputs of integers and bools that something takes."""
    inputs, casts = list(_forward(module).inputs())[1:], _casts()
    return [value for value in inputs if promotion.dtype_of(value) in casts and value.uses()]


def cast_constants(graph: Any) -> None:
    """Let wide constants be cast where types have to be alike: TVM reads them as 32 bits."""
    import torch

    for node in list(nodes(graph)):
        if node.kind() not in (*OF_ONE_TYPE, "prim::ListConstruct"):
            continue
        for place, value in enumerate(list(node.inputs())):
            held = value.toIValue() if value.node().kind() == "prim::Constant" else None
            if not isinstance(held, torch.Tensor):
                continue
            wide = held.dtype in (torch.int64, torch.float64)
            if wide and (node.kind() in OF_ONE_TYPE or _is_joined(node)):
                with graph.insert_point_guard(node):
                    rest = [graph.insertConstant(each) for each in (held.dtype, *TO_INT64[2:])]
                    cast = graph.insertNode(graph.create("aten::to", [value, *rest], 1))
                cast.output().setType(value.type())
                node.replaceInput(place, cast.output())


def _is_joined(node: Any) -> bool:
    """Whether a list is one of tensors that become one."""
    return any(use.user.kind() in ("aten::cat", "aten::stack") for use in node.output().uses())


def _wants_cast(node: Any) -> bool:
    import torch

    if node.outputsSize() != 1 or promotion.plain(node.kind()) not in FLOATING | ALIKE:
        return False
    dtype = promotion.dtype_of(node.output())
    if dtype is None or (node.kind() == "aten::pow" and not dtype.is_floating_point):
        return False
    return dtype.is_floating_point or (
        promotion.plain(node.kind()) in ALIKE and dtype != torch.bool
    )
