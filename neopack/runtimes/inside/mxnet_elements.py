"""Sums, choices and constants of MXNet in operators that TVM's importer converts as MXNet computes
them. ``mxnet_for_tvm.py`` has the rest."""

from typing import Any, Dict, List, Optional, Tuple

from mxnet_graph import Call, Graph, Output, Rewrite

# a product of more than this is not written out
MOST_FACTORS = 64


def _axis(call: Call, default: int = -1) -> int:
    return int(call.number("axis", default)) % max(len(call.shapes[0]), 1)


def _parameter(graph: Graph, values: Any, name: str) -> Output:
    import mxnet

    return graph.parameter(mxnet.nd.array(values, dtype="float32"), name)


# --- over axes ------------------------------------------------------------------------------


def _axes(call: Call) -> Tuple[int, ...]:
    """Those that are reduced; all of them where none is said."""
    rank = len(call.shapes[0])
    axes = tuple(axis % rank for axis in call.numbers("axis", tuple(range(rank))))
    if call.flag("exclude"):
        return tuple(axis for axis in range(rank) if axis not in axes)
    return axes


def _reduced(graph: Graph, call: Call, op: str, x: Output) -> List[Output]:
    """Over all axes MXNet gives one number in a row of its own, TVM one without dims."""
    axes, keep = _axes(call), call.flag("keepdims")
    whole = len(axes) == len(call.shapes[0]) and not keep
    name = call.name + "_all" if whole else call.name
    value = graph.add(op, [x], name, axis=axes, keepdims=keep)
    return [graph.add("Reshape", [value], call.name, shape=(1,))] if whole else [value]


def _of_all(graph: Graph, call: Call) -> Optional[List[Output]]:
    if len(_axes(call)) < len(call.shapes[0]) or call.flag("keepdims"):
        return None
    return _reduced(graph, call, call.op, call.inputs[0])


def _nansum(graph: Graph, call: Call) -> List[Output]:
    (x,), name = call.inputs, call.name
    is_number = graph.add("broadcast_equal", [x, x], name + "_is")
    zeros = graph.add("zeros_like", [x], name + "_zeros")
    return _reduced(graph, call, "sum", graph.add("where", [is_number, x, zeros], name + "_finite"))


def _norm(graph: Graph, call: Call) -> Optional[List[Output]]:
    (x,), order = call.inputs, int(call.number("ord", 2))
    if order == 1:
        return _reduced(graph, call, "sum", graph.add("abs", [x], call.name + "_size"))
    squares = graph.add("elemwise_mul", [x, x], call.name + "_squares")
    inner = call._replace(name=call.name + "_sum")
    return [graph.add("sqrt", _reduced(graph, inner, "sum", squares), call.name)]


def _product(graph: Graph, call: Call) -> Optional[List[Output]]:
    """Of the slices along one axis."""
    axes, (x,) = _axes(call), call.inputs
    size = call.shapes[0][axes[0]] if len(axes) == 1 else 0
    if not 0 < size <= MOST_FACTORS:
        return None
    parts = [
        graph.add("slice_axis", [x], call.name + "_part", axis=axes[0], begin=at, end=at + 1)
        for at in range(size)
    ]
    value = parts[0]
    for part in parts[1:]:
        value = graph.add("elemwise_mul", [value, part], call.name + "_times")
    if call.flag("keepdims"):
        return [graph.add("_copy", [value], call.name)]
    if len(call.shapes[0]) == 1:
        return [graph.add("Reshape", [value], call.name, shape=(1,))]
    return [graph.add("squeeze", [value], call.name, axis=axes)]


def _argmax(graph: Graph, call: Call) -> Optional[List[Output]]:
    """Without an axis, of all elements in a row."""
    if call.attributes.get("axis", "None") != "None" or call.flag("keepdims"):
        return None
    row = graph.add("Reshape", call.inputs, call.name + "_row", shape=(1, -1))
    return [graph.add(call.op, [row], call.name, axis=1)]


def _argmax_channel(graph: Graph, call: Call) -> List[Output]:
    return [graph.add("argmax", call.inputs, call.name, axis=1)]


def _cumulative(graph: Graph, call: Call) -> Optional[List[Output]]:
    """A product with a triangle of ones, along the last axis."""
    import numpy

    (x,), shape = call.inputs, call.shapes[0]
    if "dtype" in call.attributes and call.attributes["dtype"] != "None":
        return None
    flat = call.attributes.get("axis", "None") == "None"
    if flat:
        x, shape = graph.add("Reshape", [x], call.name + "_row", shape=(1, -1)), (1, _size(shape))
    axis = len(shape) - 1 if flat else _axis(call)
    order = [each for each in range(len(shape)) if each != axis] + [axis]
    turned = graph.add("transpose", [x], call.name + "_turned", axes=tuple(order))
    rows = graph.add("Reshape", [turned], call.name + "_rows", shape=(-1, shape[axis]))
    ones = _parameter(graph, numpy.triu(numpy.ones((shape[axis],) * 2)), call.name + "_ones")
    sums = graph.add("dot", [rows, ones], call.name + "_sums")
    if flat:
        return [graph.add("Reshape", [sums], call.name, shape=(-1,))]
    back = graph.add("Reshape", [sums], call.name + "_back", shape=tuple(shape[at] for at in order))
    return [graph.add("transpose", [back], call.name, axes=tuple(order.index(at) for at in range(len(order))))]


def _size(shape: Tuple[int, ...]) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return size


# --- choices --------------------------------------------------------------------------------


def _sort(graph: Graph, call: Call) -> Optional[List[Output]]:
    if call.attributes.get("axis") == "None":
        return None
    axis, ascending = _axis(call), call.word("is_ascend", "True") in ("True", "1")
    return [
        graph.add("topk", call.inputs, call.name, axis=axis, k=call.shapes[0][axis],
                  is_ascend=ascending, ret_typ="value")  # fmt: skip
    ]


def _take(graph: Graph, call: Call) -> Optional[List[Output]]:
    """Indices that are not out of range are the same in every mode."""
    if call.word("mode", "clip") != "raise":
        return None
    return [graph.add("take", call.inputs, call.name, **dict(call.attributes, mode="clip"))]


def _pick(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The sum of what a row of one 1 leaves."""
    if call.word("mode", "clip") != "clip":
        return None
    return _picked(graph, call, _axis(call), keep=call.flag("keepdims"))


def _picked(graph: Graph, call: Call, axis: int, keep: bool = False) -> List[Output]:
    (x, which), shape, name = call.inputs, call.shapes[0], call.name
    places = len(call.shapes[1])
    near = graph.add("clip", [which], name + "_near", a_min=0, a_max=shape[axis] - 1)
    if places == len(shape):
        near = graph.add("squeeze", [near], name + "_row", axis=(axis,))
    hot = graph.add("one_hot", [near], name + "_hot", depth=shape[axis], dtype="float32")
    order = list(range(len(shape) - 1))
    order.insert(axis, len(shape) - 1)
    turned = graph.add("transpose", [hot], name + "_turned", axes=tuple(order))
    left = graph.add("elemwise_mul", [x, turned], name + "_left")
    inner = call._replace(attributes={"axis": str(axis), "keepdims": str(keep)})
    return _reduced(graph, inner, "sum", left)


def _batch_take(graph: Graph, call: Call) -> List[Output]:
    return _picked(graph, call, 1)


def _repeat(graph: Graph, call: Call) -> Optional[List[Output]]:
    """Without an axis MXNet repeats the elements of all of it."""
    if call.attributes.get("axis", "None") != "None":
        return None
    row = graph.add("Reshape", call.inputs, call.name + "_row", shape=(-1,))
    return [graph.add("repeat", [row], call.name, **dict(call.attributes, axis=0))]


def _transpose(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer wants the order written."""
    if call.numbers("axes", ()):
        return None
    order = tuple(reversed(range(len(call.shapes[0]))))
    return [graph.add("transpose", call.inputs, call.name, axes=order)]


def _sequence_last(graph: Graph, call: Call) -> Optional[List[Output]]:
    """Of sequences that are all as long as the input."""
    if call.flag("use_sequence_length"):
        return None
    axis = _axis(call, 0)
    end = call.shapes[0][axis]
    last = graph.add(
        "slice_axis", call.inputs[:1], call.name + "_last", axis=axis, begin=end - 1, end=end
    )
    return [graph.add("squeeze", [last], call.name, axis=(axis,))]


def _sequence_reverse(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer wants what MXNet has defaults for, and lengths that are integers."""
    written = {"use_sequence_length": "False", "axis": "0", **call.attributes}
    inputs = list(call.inputs)
    if len(inputs) > 1:
        inputs[1] = graph.add("Cast", inputs[1:], call.name + "_lengths", dtype="int32")
    elif written == call.attributes:
        return None
    return [graph.add(call.op, inputs, call.name, **written)]


# --- constants ------------------------------------------------------------------------------


def _eye(graph: Graph, call: Call) -> List[Output]:
    import numpy

    rows, place = int(call.number("N", 1)), int(call.number("k", 0))
    columns = int(call.number("M", 0)) or rows
    return [_parameter(graph, numpy.eye(rows, columns, place), call.name)]


def _linspace(graph: Graph, call: Call) -> List[Output]:
    import numpy

    start, stop = call.number("start", 0.0), call.number("stop", 1.0)
    count = call.gives[0][0]
    ends = call.word("endpoint", "True") in ("True", "1")
    return [_parameter(graph, numpy.linspace(start, stop, count, endpoint=ends), call.name)]


# --- products and powers --------------------------------------------------------------------


def _rpower(graph: Graph, call: Call) -> List[Output]:
    base = [[call.number("scalar", 1.0)]]
    held = _parameter(graph, base, call.name + "_base")
    ones = (1,) * max(len(call.shapes[0]), 1)
    held = graph.add("Reshape", [held], call.name + "_wide", shape=ones)
    return [graph.add("broadcast_power", [held, call.inputs[0]], call.name)]


def _smooth_l1(graph: Graph, call: Call) -> List[Output]:
    (x,), name = call.inputs, call.name
    square = call.number("scalar", 1.0) ** 2
    size = graph.add("abs", [x], name + "_size")
    near = graph.add("_lesser_scalar", [size], name + "_near", scalar=1 / square)
    curve = graph.add("elemwise_mul", [x, x], name + "_square")
    curve = graph.add("_mul_scalar", [curve], name + "_curve", scalar=square / 2)
    line = graph.add("_minus_scalar", [size], name + "_line", scalar=0.5 / square)
    return [graph.add("where", [near, curve, line], name)]


def _gemm2(graph: Graph, call: Call) -> Optional[List[Output]]:
    product = _matrices(graph, call, call.name + "_product")
    return product and [
        graph.add("_mul_scalar", product, call.name, scalar=call.number("alpha", 1.0))
    ]


def _gemm(graph: Graph, call: Call) -> Optional[List[Output]]:
    product = _matrices(graph, call, call.name + "_product")
    if product is None:
        return None
    parts = ((product[0], "alpha"), (call.inputs[2], "beta"))
    both = [
        graph.add("_mul_scalar", [each], call.name + "_" + word, scalar=call.number(word, 1.0))
        for each, word in parts
    ]
    return [graph.add("broadcast_add", both, call.name)]


def _dot(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer takes matrices: of more dims each row is one of a matrix."""
    (left, right), (shape, other) = call.inputs, call.shapes
    if len(shape) < 3 or len(other) != 2 or call.flag("transpose_a"):
        return None
    rows = graph.add("Reshape", [left], call.name + "_rows", shape=(-1, shape[-1]))
    made = graph.add("dot", [rows, right], call.name + "_dot", transpose_b=call.flag("transpose_b"))
    return [graph.add("Reshape", [made], call.name, shape=call.gives[0])]


def _batch_dot(graph: Graph, call: Call) -> Optional[List[Output]]:
    if not call.flag("transpose_a"):
        return None
    order = tuple(range(len(call.shapes[0])))
    order = order[:-2] + (order[-1], order[-2])
    left = graph.add("transpose", call.inputs[:1], call.name + "_turned", axes=order)
    rest = {name: text for name, text in call.attributes.items() if name != "transpose_a"}
    return [graph.add("batch_dot", [left, call.inputs[1]], call.name, **rest)]


def _matrices(graph: Graph, call: Call, name: str) -> Optional[List[Output]]:
    ranks = {len(shape) for shape in call.shapes[:2]}
    if ranks not in ({2}, {3}) or "axis" in call.attributes:
        return None
    op = "dot" if ranks == {2} else "batch_dot"
    left, right = call.inputs[:2]
    if call.flag("transpose_a"):
        axes = (1, 0) if ranks == {2} else (0, 2, 1)
        left = graph.add("transpose", [left], name + "_turned", axes=axes)
    return [graph.add(op, [left, right], name, transpose_b=call.flag("transpose_b"))]


REWRITES: Dict[str, Rewrite] = {
    **{op: _of_all for op in ("sum", "mean", "max", "min", "sum_axis", "max_axis", "min_axis")},
    "nansum": _nansum,
    "norm": _norm,
    "prod": _product,
    "argmax": _argmax,
    "argmin": _argmax,
    "argmax_channel": _argmax_channel,
    "cumsum": _cumulative,
    "_np_cumsum": _cumulative,
    "sort": _sort,
    "take": _take,
    "pick": _pick,
    "batch_take": _batch_take,
    "repeat": _repeat,
    "transpose": _transpose,
    "SequenceLast": _sequence_last,
    "SequenceReverse": _sequence_reverse,
    "dot": _dot,
    "batch_dot": _batch_dot,
    "_eye": _eye,
    "_linspace": _linspace,
    "_rpower_scalar": _rpower,
    "smooth_l1": _smooth_l1,
    "_linalg_gemm2": _gemm2,
    "_linalg_gemm": _gemm,
}
