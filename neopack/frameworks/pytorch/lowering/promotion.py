"""The types of tensors in a trace: where an old PyTorch does not take tensors of several types, or
of integers, the arguments become what the result is.

A trace knows the types of all values, a script those of none; there, nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from neopack import facts
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes

__all__ = [
    "cast",
    "drop_needless",
    "dtype_of",
    "is_mixed",
    "is_of_integers",
    "mixes",
    "plain",
    "promote",
    "wants_types",
]

# in the order in which TorchScript numbers them
TYPES = (
    "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
    "complex32", "complex64", "complex128", "bool",
)  # fmt: skip
# what takes a number from a tensor
BACK = {"aten::Int": "IntType", "aten::ScalarImplicit": "IntType", "aten::Float": "FloatType"}
LIST = "prim::ListConstruct"
# arguments that do not take part in the type of the result
APART = frozenset({"condition", "index", "indices", "mask"})


def plain(operator: str) -> str:
    """The name of an operator that is not in place: ``aten::div`` for ``aten::div_``."""
    return operator if operator.endswith("__") else operator.removesuffix("_")


def dtype_of(value: Any) -> Any:
    """None where it is not known."""
    return value.type().dtype() if value.type().kind() == "TensorType" else None


def is_of_integers(node: Any) -> bool:
    """Whether all its tensors are of integers or booleans, and one is."""
    known = [dtype_of(value) for value in node.inputs() if value.type().kind() == "TensorType"]
    return bool(known) and all(dtype and not dtype.is_floating_point for dtype in known)


def promote(module: Any, version: str) -> Iterator[str]:
    """Cast the arguments of the operators that need it to the type of their result, in place; the
    names of these operators."""
    for graph in graphs(module):
        for node in list(nodes(graph)):
            if _wants_one_type(node, version) and cast(graph, node):
                yield node.kind()


def wants_types(module: Any, version: str) -> bool:
    """Whether it matters for this version of what types the values are."""
    return facts.torch_is_known(version) and any(
        _wants_one_type(node, version) or facts.torch_needs_types(version, plain(node.kind()))
        for graph in graphs(module)
        for node in nodes(graph)
    )


def mixes(module: Any, version: str) -> bool:
    """Whether an operator that wants one type in this version is given several."""
    return facts.torch_is_known(version) and any(
        dtype_of(value) not in (None, dtype_of(node.output()))
        for graph in graphs(module)
        for node in nodes(graph)
        if _wants_one_type(node, version) and dtype_of(node.output()) is not None
        for value in map(node.inputsAt, _taking_part(node))
    )


def _wants_one_type(node: Any, version: str) -> bool:
    names = node.kind(), node.schema().partition("(")[0]
    single = node.outputsSize() == 1
    return single and any(facts.torch_takes_one_type(version, name) for name in names)


def cast(graph: Any, node: Any) -> bool:
    """Cast the arguments of ``node`` to the type of its result; whether one had another."""
    dtype = dtype_of(node.output())
    if dtype is None:
        return False
    others = _of_another_type(node)
    for user, at in others:
        with graph.insert_point_guard(user):
            user.replaceInput(at, _as(graph, user.inputsAt(at), dtype))
    return bool(others)


def is_mixed(node: Any) -> bool:
    """Whether ``cast`` would change an argument."""
    return dtype_of(node.output()) is not None and bool(_of_another_type(node))


def _of_another_type(node: Any) -> list[tuple[Any, int]]:
    """The arguments that are of another type than the result, and those in lists: each the node
    that takes it and its place there."""
    dtype = dtype_of(node.output())
    lists = [value.node() for value in node.inputs() if value.node().kind() == LIST]
    places: list[tuple[Any, Iterable[int]]] = [(node, _taking_part(node))]
    places += [(each, range(each.inputsSize())) for each in lists]
    return [
        (user, at)
        for user, every in places
        for at in every
        if dtype_of(user.inputsAt(at)) not in (None, dtype)
    ]


def _taking_part(node: Any) -> Iterator[int]:
    import torch

    parsed = torch._C.parse_schema(node.schema())  # noqa: SLF001 - no public one
    for at, argument in enumerate(parsed.arguments):
        if argument.name not in APART:
            yield at


def _as(graph: Any, value: Any, dtype: Any) -> Any:
    arguments = [value, *(graph.insertConstant(given) for given in (dtype, False, False, None))]
    cast = graph.insertNode(graph.create("aten::to", arguments, 1)).output()
    cast.setType(value.type().with_dtype(dtype))
    return cast


def drop_needless(graph: Any) -> None:
    """Remove casts to the type that a tensor has, and numbers that a trace made a tensor of and
    took back."""
    for node in list(nodes(graph)):
        if node.kind() == "aten::to" and _is_needless(node):
            node.output().replaceAllUsesWith(node.inputsAt(0))
        elif node.kind() in BACK and node.inputsAt(0).node().kind() == "prim::NumToTensor":
            number = node.inputsAt(0).node().inputsAt(0)
            if number.type().kind() == BACK[node.kind()]:
                node.output().replaceAllUsesWith(number)


def _is_needless(node: Any) -> bool:
    dtype, known = node.inputsAt(1), dtype_of(node.inputsAt(0))
    if dtype.type().kind() != "IntType" or dtype.node().kind() != "prim::Constant" or not known:
        return False
    number: object = dtype.toIValue()
    return TYPES.index(str(known).removeprefix("torch.")) == number
