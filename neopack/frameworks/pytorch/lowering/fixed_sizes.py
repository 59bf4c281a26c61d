"""Replace sizes by the numbers that they are: Neo freezes every dim of every input.

A trace records the sizes that its values had. They are constants of the model, unless it uses an
operator whose result has as many elements as the values of an input tell. Compilers then need
no shape arithmetic, and what is built from sizes alone, such as a mask, is a constant as well.
"""

from __future__ import annotations

import math
from typing import Any

from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes
from neopack.frameworks.pytorch.lowering.method_calls import Method, MethodCalls

__all__ = ["depends_on_values", "fix_sizes", "write_numbers"]

# their results have a size that depends on values
SIZED_BY_VALUES = frozenset(
    f"aten::{name}"
    for name in (
        "nonzero", "nonzero_numpy", "masked_select", "unique", "_unique", "_unique2",
        "unique_dim", "unique_consecutive", "unique_dim_consecutive", "bincount", "argwhere",
        "one_hot", "histogram", "masked_scatter",
        "item", "_local_scalar_dense", "Bool",
    )
)  # fmt: skip
# a number taken out of a tensor, which may be a size that the trace wrapped in one
TAKEN = frozenset(
    f"aten::{name}" for name in ("Int", "Float", "IntImplicit", "FloatImplicit", "ScalarImplicit")
)
# operators that make a tensor as its first input is, and those that need no such input
CREATED_LIKE = {
    "aten::new_zeros": "zeros",
    "aten::new_ones": "ones",
    "aten::new_full": "full",
    "aten::zeros_like": "zeros",
    "aten::ones_like": "ones",
    "aten::full_like": "full",
}


def fix_sizes(module: Any) -> bool:
    """Do it in place. False for a module some of whose sizes depend on values, or that has
    branches, which is left as it is."""
    calls = MethodCalls.of(module)
    if calls is None:
        return False
    _tell_types(calls)
    everything = [node for graph in graphs(module) for node in nodes(graph)]
    if any(map(depends_on_values, everything)):
        return False
    write_numbers(module)
    return True


def write_numbers(module: Any) -> None:
    """Replace the sizes that the types of a module tell, and what is created in such sizes."""
    for graph in graphs(module):
        for node in list(graph.nodes()):
            if node.kind() in COUNTS:
                _replace(graph, node, COUNTS[node.kind()](node))
            elif node.kind() in CREATED_LIKE:
                _create(graph, node)
        _settle(graph)


def _tell_types(calls: MethodCalls) -> None:
    """Give weights and the results of calls their types, which a trace does not record."""
    import torch

    for method in reversed(calls.counts):  # callees first
        for node in nodes(calls.graph(method)) if calls.is_of_one(method) else ():
            attribute = calls.attribute(method, node)
            if attribute is not None:
                tensor = calls.modules[attribute[0]].getattr(attribute[1])
                if isinstance(tensor, torch.Tensor):
                    node.output().setType(torch._C.TensorType.create_from_tensor(tensor))  # noqa: SLF001
            elif node.kind() == "prim::CallMethod":
                _tell_result(calls, method, node)


def _tell_result(calls: MethodCalls, method: Method, node: Any) -> None:
    callee = calls.callee(method, node)
    if callee is not None:
        for outer, inner in zip(node.outputs(), calls.graph(callee).outputs(), strict=True):
            outer.setType(inner.type())


def depends_on_values(node: Any) -> bool:
    """Whether a node makes a size, or a choice, of the values of a tensor."""
    kind = node.kind()
    if kind in SIZED_BY_VALUES or kind in ("prim::If", "prim::Loop"):
        return True
    if kind == "torchvision::nms" or (kind == "aten::where" and node.inputsSize() == 1):
        return True
    if kind in TAKEN:
        return not _is_of_sizes(node.inputsAt(0))
    if kind == "aten::repeat_interleave":
        return "Tensor repeats" in node.schema()
    if kind == "aten::tensor_split":
        return "Tensor tensor_indices" in node.schema()
    return kind in ("aten::index", "aten::_index_put_impl_") and _is_by_mask(node)


def _is_by_mask(node: Any) -> bool:
    import torch

    indices = node.inputsAt(1).node().inputs()
    return any(_dtype(each) in (torch.bool, torch.uint8, None) for each in indices)


def _dtype(value: Any) -> Any:
    """Of a tensor. Any other value, such as the None of an index, counts as an integer: it is
    not a mask."""
    import torch

    kind = value.type().kind()
    return value.type().dtype() if kind == "TensorType" else torch.int64


def _is_of_sizes(value: Any) -> bool:
    """Whether a tensor is computed from sizes and constants alone."""
    maker = value.node()
    if maker.kind() in ("prim::Constant", "prim::NumToTensor"):
        return True
    inputs = [each for each in maker.inputs() if each.type().kind() == "TensorType"]
    return maker.kind().startswith("aten::") and bool(inputs) and all(map(_is_of_sizes, inputs))


def _size(node: Any) -> Any:
    """The number, or all of them; None where the trace does not tell."""
    sizes = _sizes(node.inputsAt(0))
    if sizes is None or node.inputsSize() == 1:
        return sizes
    dim = node.inputsAt(1).toIValue()
    return sizes[dim] if dim is not None else None


def _dims(node: Any) -> int | None:
    sizes = _sizes(node.inputsAt(0))
    return None if sizes is None else len(sizes)


def _elements(node: Any) -> int | None:
    sizes = _sizes(node.inputsAt(0))
    return None if sizes is None else math.prod(sizes)


COUNTS = {"aten::size": _size, "aten::dim": _dims, "aten::numel": _elements}


def _sizes(value: Any) -> list[int] | None:
    kind = value.type()
    sizes = kind.sizes() if kind.kind() == "TensorType" else None
    return None if sizes is None or None in sizes else list(sizes)


def _replace(graph: Any, node: Any, constant: Any) -> None:
    if constant is None:
        return
    with graph.insert_point_guard(node):
        value = graph.insertConstant(constant)
    node.output().replaceAllUsesWith(value)
    node.destroy()


def _create(graph: Any, node: Any) -> None:
    """``x.new_zeros(size)`` as ``torch.zeros(size)`` of the dtype that it had."""
    import torch

    output, name = node.output(), CREATED_LIKE[node.kind()]
    sizes, dtype = _sizes(output), output.type().dtype()
    filled = [node.inputsAt(2 if "new_" in node.kind() else 1)] if name == "full" else []
    if sizes is None or dtype is None:
        return
    with graph.insert_point_guard(node):
        nothing = graph.insertConstant(None)
        device = graph.insertConstant(torch.device("cpu"))
        arguments = [_whole_numbers(graph, sizes), *filled, graph.insertConstant(dtype)]
        created = graph.create(f"aten::{name}", [*arguments, nothing, device, nothing], 1)
        graph.insertNode(created)
    created.output().setType(output.type())
    output.replaceAllUsesWith(created.output())
    node.destroy()


def _whole_numbers(graph: Any, numbers: list[int]) -> Any:
    """A list of them, which torch makes no constant of where there are none."""
    import torch

    if numbers:
        return graph.insertConstant(numbers)
    numbers_list = graph.insertNode(graph.create("prim::ListConstruct", [], 1)).output()
    numbers_list.setType(torch._C.ListType.ofInts())  # noqa: SLF001 - no public one
    return numbers_list


def _settle(graph: Any) -> None:
    """Compute what follows from constants, and forget what nothing takes."""
    import torch

    torch._C._jit_pass_constant_propagation(graph)  # noqa: SLF001 - no public one
    torch._C._jit_pass_dce(graph)  # noqa: SLF001
