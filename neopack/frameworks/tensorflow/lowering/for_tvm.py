"""Operators that TVM's importer of TensorFlow does not convert, or converts otherwise, in those
that it does, where constants and fixed shapes allow it.

Sources: apache/tvm v0.6.1 to v0.10.0, relay/frontend/tensorflow_ops.py; graphs of 120 operators
built with TVM 0.9 and the importer of 0.10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neopack.frameworks.tensorflow.lowering.tvm_nodes import (
    FLOAT,
    INT32,
    NodeWriter,
    OldNode,
    shapes_of,
)
from neopack.frameworks.tensorflow.tensorflow_module import tensorflow

__all__ = ["lower_for_tvm", "may_lower"]

# a constant of more elements is not read, and nothing of more is written
MOST = 1 << 16
# more factors of a product are not written out
MOST_FACTORS = 64
SEVERAL = "IdentityN"
MOST_WEIGHTS = 1 << 18
BOOL = 10

# True where the nodes were written; else there are none
Rewrite = Callable[[NodeWriter, OldNode], bool]


def lower_for_tvm(graph: Any, shaped: Any) -> tuple[str, ...]:
    """Rewrite ``graph``, a frozen GraphDef, in place; the operators that were written in others.
    ``shaped`` is the same graph as TensorFlow imports it, for its shapes."""
    done = dict[str, None].fromkeys(_pass(graph))
    if not any(node.op in REWRITES for node in graph.node):
        return tuple(done)
    shapes = shapes_of(shaped)
    constants = {node.name: node for node in graph.node if _is_small(node)}
    taken, written = {node.name for node in graph.node}, []
    for node in graph.node:
        writer = NodeWriter(constants=constants, taken=taken)
        old = OldNode(definition=node, shapes=tuple(_known(shapes, each) for each in node.input))
        rewrite = REWRITES.get(node.op)
        if rewrite and rewrite(writer, old):
            writer.finish(node.name)
            done[node.op] = None
            written += writer.nodes
        else:
            written.append(type(node).FromString(node.SerializeToString()))
    del graph.node[:]
    graph.node.extend(written)
    return tuple(done)


def may_lower(operators: set[str]) -> bool:
    """Whether a rewrite is for one of these operators."""
    return not operators.isdisjoint({*REWRITES, SEVERAL})


def _pass(graph: Any) -> set[str]:
    """Take what an identity of several tensors takes: the importer gives the first for each."""
    passing = {
        f"{node.name}:{at}": tensor
        for node in graph.node
        if node.op == SEVERAL
        for at, tensor in enumerate(node.input)
    }
    for node in graph.node:
        node.input[:] = [_behind(tensor, passing) for tensor in node.input]
    kept = [
        type(node).FromString(node.SerializeToString())
        for node in graph.node
        if node.op != SEVERAL
    ]
    if passing:
        del graph.node[:]
        graph.node.extend(kept)
    return {SEVERAL} if passing else set()


def _behind(tensor: str, passing: Mapping[str, str]) -> str:
    while (named := tensor if ":" in tensor else f"{tensor}:0") in passing:
        tensor = passing[named]
    return tensor


def _is_small(node: Any) -> bool:
    dims = node.attr["value"].tensor.tensor_shape.dim if node.op == "Const" else None
    return dims is not None and _size(tuple(dim.size for dim in dims)) <= MOST


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return size


def _known(shapes: Mapping[str, Any], tensor: str) -> tuple[int, ...] | None:
    shape = shapes.get(tensor if ":" in tensor else f"{tensor}:0")
    return None if shape is None or None in shape else shape


# --- element by element ---------------------------------------------------------------------


def _erfc(write: NodeWriter, old: OldNode) -> bool:
    one = write.constant(1, old.name + "/one")
    erf = write.add("Erf", old.inputs, old.name + "/erf", T=FLOAT)
    write.add("Sub", [one, erf], old.name, T=FLOAT)
    return old.is_of_floats


def _bucketize(write: NodeWriter, old: OldNode) -> bool:
    """How many boundaries are not beyond."""
    bounds = write.constant(list(old.definition.attr["boundaries"].list.f), old.name + "/bounds")
    last = write.constant(-1, old.name + "/last", "int32")
    each = write.add("ExpandDims", [old.inputs[0], last], old.name + "/each", T=FLOAT, Tdim=INT32)
    beyond = write.add("GreaterEqual", [each, bounds], old.name + "/beyond", T=FLOAT)
    ones = write.add("Cast", [beyond], old.name + "/ones", SrcT=BOOL, DstT=INT32)
    write.add("Sum", [ones, last], old.name, T=INT32, Tidx=INT32, keep_dims=False)
    return old.is_of_floats


def _bound(compare: str) -> Rewrite:
    """How many of a sorted row come before a value."""

    def rewrite(write: NodeWriter, old: OldNode) -> bool:
        (row, values), name = old.inputs, old.name
        middle = write.constant(1, name + "/middle", "int32")
        last = write.constant(2, name + "/last", "int32")
        rows = write.add("ExpandDims", [row, middle], name + "/rows", T=FLOAT, Tdim=INT32)
        each = write.add("ExpandDims", [values, last], name + "/each", T=FLOAT, Tdim=INT32)
        before = write.add(compare, [rows, each], name + "/before", T=FLOAT)
        kind = old.definition.attr["out_type"].type or INT32
        ones = write.add("Cast", [before], name + "/ones", SrcT=BOOL, DstT=kind)
        write.add("Sum", [ones, last], name, T=kind, Tidx=INT32, keep_dims=False)
        return old.is_of_floats

    return rewrite


def _round(write: NodeWriter, old: OldNode) -> bool:
    """Halves go to the even number; TVM takes them away from zero."""
    (x,), name = old.inputs, old.name
    half = write.constant(0.5, name + "/half")
    floor = write.add("Floor", [x], name + "/floor", T=FLOAT)
    rest = write.add("Sub", [x, floor], name + "/rest", T=FLOAT)
    above = write.add("Greater", [rest, half], name + "/above", T=FLOAT)
    tie = write.add("Equal", [rest, half], name + "/tie", T=FLOAT)
    halved = write.add("Mul", [floor, half], name + "/halved", T=FLOAT)
    pairs = write.add("Floor", [halved], name + "/pairs", T=FLOAT)
    odd = write.add("Greater", [halved, pairs], name + "/odd", T=FLOAT)
    up = write.add("LogicalAnd", [tie, odd], name + "/up")
    either = write.add("LogicalOr", [above, up], name + "/either")
    one = write.add("Cast", [either], name + "/one", SrcT=BOOL, DstT=FLOAT)
    write.add("Add", [floor, one], name, T=FLOAT)
    return old.is_of_floats


def _xdivy(write: NodeWriter, old: OldNode) -> bool:
    """0 where x is, whatever y."""
    if old.shapes[0] is None or old.shapes[0] != old.shapes[1]:
        return False
    (x, y), name = old.inputs, old.name
    zero = write.constant(0, name + "/zero")
    none = write.add("Equal", [x, zero], name + "/none", T=FLOAT)
    ratio = write.add("RealDiv", [x, y], name + "/ratio", T=FLOAT)
    zeros = write.add("ZerosLike", [x], name + "/zeros", T=FLOAT)
    write.add("Select", [none, zeros, ratio], name, T=FLOAT)
    return old.is_of_floats


# --- along an axis --------------------------------------------------------------------------


def _axis(write: NodeWriter, old: OldNode) -> int | None:
    """The constant axis in the second input of a node whose shape is known."""
    held, shape = write.constant_of(old.inputs[1]), old.shapes[0]
    if held is None or held.size != 1 or not shape:
        return None
    return int(held.reshape(-1)[0]) % len(shape)


def _cumsum(write: NodeWriter, old: OldNode) -> bool:
    """A product with a triangle of ones, along the last axis."""
    import numpy as np

    axis, shape, name = _axis(write, old), old.shapes[0] or (), old.name
    if axis is None or not old.is_of_floats or shape[axis] ** 2 > MOST:
        return False
    attributes = old.definition.attr
    ones = np.triu(np.ones((shape[axis],) * 2), int(attributes["exclusive"].b))
    triangle = write.constant(ones.T if attributes["reverse"].b else ones, name + "/triangle")
    order = [each for each in range(len(shape)) if each != axis] + [axis]
    turned = write.transpose(old.inputs[0], order, name + "/turned")
    rows = write.reshape(turned, (-1, shape[axis]), name + "/rows")
    sums = write.product(rows, triangle, name + "/sums")
    back = write.reshape(sums, [shape[each] for each in order], name + "/back")
    write.transpose(back, [order.index(each) for each in range(len(shape))], name)
    return True


def _cumprod(write: NodeWriter, old: OldNode) -> bool:
    axis, shape, name = _axis(write, old), old.shapes[0] or (), old.name
    if axis is None or not old.is_of_floats or not 0 < shape[axis] <= MOST_FACTORS:
        return False
    attributes, (x, *_) = old.definition.attr, old.inputs
    parts = [write.take(x, [at], axis, f"{name}/part_{at}") for at in range(shape[axis])]
    parts = parts[::-1] if attributes["reverse"].b else parts
    zeros = write.add("ZerosLike", parts[:1], name + "/zeros", T=FLOAT)
    one = write.constant(1, name + "/one")
    products = [write.add("Add", [zeros, one], name + "/ones", T=FLOAT)]
    for part in parts:
        products.append(write.add("Mul", [products[-1], part], name + "/product", T=FLOAT))
    products = products[:-1] if attributes["exclusive"].b else products[1:]
    products = products[::-1] if attributes["reverse"].b else products
    along = write.constant(axis, name + "/axis", "int32")
    write.add("ConcatV2", [*products, along], name, T=FLOAT, Tidx=INT32, N=len(products))
    return True


def _roll(write: NodeWriter, old: OldNode) -> bool:
    shift, axes = map(write.constant_of, old.inputs[1:])
    shape, x = old.shapes[0], old.inputs[0]
    if shift is None or axes is None or shape is None or not old.is_of_floats:
        return False
    for by, axis in zip(shift.reshape(-1).tolist(), axes.reshape(-1).tolist(), strict=True):
        places = [(at - by) % shape[axis] for at in range(shape[axis])]
        x = write.take(x, places, axis % len(shape), old.name)
    return bool(write.nodes)


def _cross(write: NodeWriter, old: OldNode) -> bool:
    shape, (a, b), name = old.shapes[0], old.inputs, old.name
    if shape is None or not old.is_of_floats:
        return False
    after, before = [1, 2, 0], [2, 0, 1]
    products = [
        write.add(
            "Mul",
            [
                write.take(a, left, len(shape) - 1, name + "/left"),
                write.take(b, right, len(shape) - 1, name + "/right"),
            ],
            name + "/product",
            T=FLOAT,
        )
        for left, right in ((after, before), (before, after))
    ]
    write.add("Sub", products, name, T=FLOAT)
    return True


def _resize(write: NodeWriter, old: OldNode) -> bool:
    """As products with what the operator makes of rows of one 1, along both axes: the importer
    knows no centers of half a pixel, and no cubic curve of TensorFlow's."""
    attributes, shape = old.definition.attr, old.shapes[0]
    size = write.constant_of(old.inputs[1])
    plain = old.definition.op != "ResizeBicubic" and not attributes["half_pixel_centers"].b
    if plain or shape is None or size is None or not old.is_of_floats:
        return False
    if any(one * other > MOST_WEIGHTS for one, other in zip(shape[1:3], size, strict=True)):
        return False
    x, sizes = old.inputs[0], list(shape)
    for axis, length in ((1, int(size[0])), (2, int(size[1]))):
        weights = _resizing(old.definition, shape[axis], length)
        order = [axis] + [each for each in range(4) if each != axis]
        turned = write.transpose(x, order, old.name + "/turned")
        rows = write.reshape(turned, (shape[axis], -1), old.name + "/rows")
        matrix = write.constant(weights, old.name + "/weights")
        sums = write.product(matrix, rows, old.name + "/sums")
        sizes[axis] = length
        back = write.reshape(sums, [sizes[each] for each in order], old.name + "/back")
        x = write.transpose(back, [order.index(each) for each in range(4)], old.name + "/axis")
    return True


def _resizing(node: Any, before: int, after: int) -> Any:
    """The weights of each element before in each after, as TensorFlow has them."""
    import numpy as np

    ones = np.eye(before, dtype="float32").reshape(1, before, 1, before)
    operator = getattr(tensorflow().raw_ops, node.op)
    attributes = {key: node.attr[key].b for key in ("align_corners", "half_pixel_centers")}
    return operator(images=ones, size=[after, 1], **attributes).numpy().reshape(after, before)


# --- matrices -------------------------------------------------------------------------------


def _band_part(write: NodeWriter, old: OldNode) -> bool:
    import numpy as np

    shape, bounds = old.shapes[0], [write.constant_of(each) for each in old.inputs[1:]]
    if shape is None or None in [b if b is None else 0 for b in bounds] or _size(shape) > MOST:
        return False
    lower, upper = (int(each) for each in bounds)
    rows, columns = np.indices(shape[-2:])
    kept = (lower < 0) | (rows - columns <= lower)
    kept &= (upper < 0) | (columns - rows <= upper)
    mask = write.constant(np.broadcast_to(kept, shape), old.name + "/mask", "bool")
    zeros = write.add("ZerosLike", old.inputs[:1], old.name + "/zeros", T=FLOAT)
    write.add("Select", [mask, old.inputs[0], zeros], old.name, T=FLOAT)
    return old.is_of_floats


def _diagonal(write: NodeWriter, old: OldNode) -> bool:
    """A matrix with the row on its diagonal."""
    import numpy as np

    shape = old.shapes[0]
    if shape is None or shape[-1] ** 2 > MOST or not old.is_of_floats:
        return False
    last = write.constant(-1, old.name + "/last", "int32")
    each = write.add("ExpandDims", [old.inputs[0], last], old.name + "/each", T=FLOAT, Tdim=INT32)
    ones = write.constant(np.eye(shape[-1]), old.name + "/ones")
    write.add("Mul", [each, ones], old.name, T=FLOAT)
    return True


def _diagonal_part(write: NodeWriter, old: OldNode) -> bool:
    shape, x = old.shapes[0], old.inputs[0]
    if shape is None or not old.is_of_floats:
        return False
    *batch, rows, columns = shape
    flat = write.reshape(x, (*batch, rows * columns), old.name + "/flat")
    places = [at * (columns + 1) for at in range(min(rows, columns))]
    write.take(flat, places, len(batch), old.name)
    return True


def _sums_of_rows(places: Any, count: int, write: NodeWriter, old: OldNode, values: str) -> bool:
    """Rows that are added at ``places`` of ``count``: a product with a matrix of ones."""
    import numpy as np

    rows = old.shapes[old.inputs.index(values)]
    if rows is None or len(rows) < 1 or count * len(places) > MOST:
        return False
    ones = np.zeros((count, len(places)))
    kept = [at for at, place in enumerate(places) if 0 <= place < count]
    ones[[places[at] for at in kept], kept] = 1
    matrix = write.constant(ones, old.name + "/ones")
    flat = write.reshape(values, (rows[0], _size(rows[1:])), old.name + "/rows")
    sums = write.product(matrix, flat, old.name + "/sums")
    write.reshape(sums, (count, *rows[1:]), old.name)
    return True


def _scatter(write: NodeWriter, old: OldNode) -> bool:
    indices, shape = write.constant_of(old.inputs[0]), write.constant_of(old.inputs[2])
    if indices is None or shape is None or indices.ndim != 2 or indices.shape[1] != 1:
        return False
    places = indices[:, 0].tolist()
    return old.is_of_floats and _sums_of_rows(places, int(shape[0]), write, old, old.inputs[1])


def _segments(write: NodeWriter, old: OldNode) -> bool:
    places, count = write.constant_of(old.inputs[1]), write.constant_of(old.inputs[2])
    if places is None or count is None or places.ndim != 1:
        return False
    return old.is_of_floats and _sums_of_rows(
        places.tolist(), int(count), write, old, old.inputs[0]
    )


def _linspace(write: NodeWriter, old: OldNode) -> bool:
    import numpy as np

    start, stop, count = map(write.constant_of, old.inputs)
    if start is None or stop is None or count is None:
        return False
    write.constant(np.linspace(float(start), float(stop), int(count)), old.name)
    return old.is_of_floats


REWRITES: Mapping[str, Rewrite] = {
    "Erfc": _erfc,
    "Bucketize": _bucketize,
    "LowerBound": _bound("Less"),
    "UpperBound": _bound("LessEqual"),
    "Round": _round,
    "Rint": _round,
    "Xdivy": _xdivy,
    "Cumsum": _cumsum,
    "Cumprod": _cumprod,
    "Roll": _roll,
    "ResizeBilinear": _resize,
    "ResizeNearestNeighbor": _resize,
    "ResizeBicubic": _resize,
    "Cross": _cross,
    "MatrixBandPart": _band_part,
    "MatrixDiag": _diagonal,
    "MatrixDiagPart": _diagonal_part,
    "ScatterNd": _scatter,
    "UnsortedSegmentSum": _segments,
    "LinSpace": _linspace,
}
