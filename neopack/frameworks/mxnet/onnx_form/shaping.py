"""Operators that move numbers, join them, cut them and reduce them.

Attributes and their defaults: apache/mxnet src/operator/tensor (1.8.0).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from neopack.frameworks.mxnet.onnx_form.writing import Call, Graph

__all__ = ["OPERATORS"]

END = (1 << 31) - 1
REDUCTIONS = {
    "mean": "ReduceMean",
    "max": "ReduceMax",
    "max_axis": "ReduceMax",
    "min": "ReduceMin",
    "min_axis": "ReduceMin",
    "prod": "ReduceProd",
    "sum": "ReduceSum",
    "sum_axis": "ReduceSum",
}
PADS = {"constant": "constant", "edge": "edge", "reflect": "reflect"}


def _reshape(graph: Graph, call: Call) -> str:
    codes = call.integers("shape")
    if call.flag("reverse") or not codes or any(call.integers("target_shape")):
        raise call.refused("it is from the end, or to a target_shape")
    call.flag("keep_highest")
    if min(codes) >= -1:
        return graph.add("Reshape", *call.inputs, graph.integers(codes))
    dims = list(_dims(graph, call, codes))
    return graph.add("Reshape", *call.inputs, graph.add("Concat", *dims, axis=0))


def _dims(graph: Graph, call: Call, codes: Sequence[int]) -> Iterator[str]:
    """The new dims: 0 takes the next of the old, -2 all that are left, -3 two as one; -4 makes two
    of one, which the next two codes say."""
    shape, at, rest = graph.add("Shape", *call.inputs), 0, list(codes)
    while rest:
        code = rest.pop(0)
        if code > 0 or code == -1:
            yield graph.integers((code,))
            at += 1
        elif code == 0:
            yield _part(graph, shape, at, at + 1)
            at += 1
        elif code == -2 and not rest:
            yield _part(graph, shape, at, END)
        elif code == -3:
            pair = [_part(graph, shape, each, each + 1) for each in (at, at + 1)]
            yield graph.add("Mul", *pair)
            at += 2
        elif code == -4 and len(rest) >= 2:
            yield graph.integers((rest.pop(0),))
            yield graph.integers((rest.pop(0),))
            at += 1
        else:
            raise call.refused(f"its shape is {list(codes)}")


def _part(graph: Graph, shape: str, start: int, end: int) -> str:
    bounds = [graph.integers((each,)) for each in (start, end)]
    return graph.add("Slice", shape, *bounds)


def _flatten(graph: Graph, call: Call) -> str:
    return graph.add("Flatten", *call.inputs, axis=1)


def _transpose(graph: Graph, call: Call) -> str:
    axes = call.integers("axes")
    return graph.add("Transpose", *call.inputs, **({"perm": axes} if axes else {}))


def _expand_dims(graph: Graph, call: Call) -> str:
    return graph.add("Unsqueeze", *call.inputs, graph.integers((call.integer("axis", 0),)))


def _squeeze(graph: Graph, call: Call) -> str:
    axes = call.integers("axis")
    return graph.add("Squeeze", *call.inputs, *([graph.integers(axes)] if axes else []))


def _concat(graph: Graph, call: Call) -> str:
    return graph.add("Concat", *call.inputs, axis=call.integer("dim", 1))


def _stack(graph: Graph, call: Call) -> str:
    axis = call.integer("axis", 0)
    each = [graph.add("Unsqueeze", one, graph.integers((axis,))) for one in call.inputs]
    return graph.add("Concat", *each, axis=axis)


def _split(graph: Graph, call: Call) -> list[str]:
    axis, count = call.integer("axis", 1), call.integer("num_outputs", 1)
    parts = graph.split("Split", count, *call.inputs, axis=axis)
    if not call.flag("squeeze_axis"):
        return parts
    return [graph.add("Squeeze", part, graph.integers((axis,))) for part in parts]


def _bounds(call: Call, name: str, free: int) -> list[int]:
    """Numbers, or None for what is free."""
    words = re.findall(r"-?\d+|None", call.text(name))
    return [free if word == "None" else int(word) for word in words]


def _slice_axis(graph: Graph, call: Call) -> str:
    begin, end = call.integer("begin", 0), _bounds(call, "end", END) or [END]
    places = (begin, end[0], call.integer("axis", 0))
    return graph.add("Slice", *call.inputs, *(graph.integers((each,)) for each in places))


def _slice(graph: Graph, call: Call) -> str:
    begin, end = _bounds(call, "begin", 0), _bounds(call, "end", END)
    steps = _bounds(call, "step", 1) or [1] * len(begin)
    if len(steps) != len(begin) or len(end) != len(begin) or min(steps) < 1:
        raise call.refused("it goes backwards, or to another number of dims")
    places = (begin, end, list(range(len(begin))), steps)
    return graph.add("Slice", *call.inputs, *map(graph.integers, places))


def _pad(graph: Graph, call: Call) -> str:
    mode, width = call.text("mode"), call.integers("pad_width")
    if mode not in PADS:
        raise call.refused(f"its mode is {mode}")
    value = graph.constant(call.number("constant_value", 0))
    pads = graph.integers((*width[::2], *width[1::2]))
    return graph.add("Pad", *call.inputs, pads, value, mode=PADS[mode])


def _reduced(operator: str) -> Callable[[Graph, Call], str]:
    def write(graph: Graph, call: Call) -> str:
        axes, keeps = call.integers("axis"), call.flag("keepdims")
        if call.flag("exclude"):
            raise call.refused("it goes over all other axes")
        if operator == "ReduceSum":  # the only one whose axes are an input in opset 13
            given = [graph.integers(axes)] if axes else []
            answer = graph.add(operator, *call.inputs, *given, keepdims=int(keeps))
        else:
            named = {"axes": axes} if axes else {}
            answer = graph.add(operator, *call.inputs, **named, keepdims=int(keeps))
        # MXNet has no scalars: the sum of all is a row of one
        return answer if axes or keeps else graph.add("Reshape", answer, graph.integers((1,)))

    return write


def _largest(operator: str) -> Callable[[Graph, Call], str]:
    def write(graph: Graph, call: Call) -> str:
        if not call.integers("axis"):
            raise call.refused("it goes over all axes")
        axis, keeps = call.integer("axis", 0), call.flag("keepdims")
        places = graph.add(operator, *call.inputs, axis=axis, keepdims=int(keeps))
        return graph.add("Cast", places, to=graph.type("float32"))

    return write


def _batch_dot(graph: Graph, call: Call) -> str:
    sides = [
        graph.add("Transpose", side, perm=(0, 2, 1)) if call.flag(name) else side
        for side, name in zip(call.inputs, ("transpose_a", "transpose_b"), strict=True)
    ]
    call.text("forward_stype")
    return graph.add("MatMul", *sides)


def _take(graph: Graph, call: Call) -> str:
    if call.text("mode", "clip") == "wrap":
        raise call.refused("it wraps around")
    data, places = call.inputs
    whole = graph.add("Cast", places, to=graph.type("int64"))
    return graph.add("Gather", data, whole, axis=call.integer("axis", 0))


def _filled(value: float | None) -> Callable[[Graph, Call], str]:
    """A constant of a stated shape."""

    def write(graph: Graph, call: Call) -> str:
        import numpy as np

        shape, dtype = call.integers("shape"), call.text("dtype", "float32")
        if min(shape, default=0) < 1:
            raise call.refused("its shape is not stated")
        graph.type(dtype, call)
        number = call.number("value", 0) if value is None else value
        return graph.constant(np.full(shape, number), dtype)

    return write


def _like(number: float) -> Callable[[Graph, Call], str]:
    def write(graph: Graph, call: Call) -> str:
        return graph.add("Expand", graph.constant(number), graph.add("Shape", *call.inputs))

    return write


def _reshape_like(graph: Graph, call: Call) -> str:
    data, other = call.inputs
    return graph.add("Reshape", data, graph.add("Shape", other))


def _broadcast_like(graph: Graph, call: Call) -> str:
    data, other = call.inputs
    return graph.add("Expand", data, graph.add("Shape", other))


def _broadcast_to(graph: Graph, call: Call) -> str:
    """0 keeps a dim, as 1 does in ONNX."""
    shape = tuple(dim or 1 for dim in call.integers("shape"))
    return graph.add("Expand", *call.inputs, graph.integers(shape))


def _depth_to_space(graph: Graph, call: Call) -> str:
    return graph.add("DepthToSpace", *call.inputs, blocksize=call.integer("block_size", 1))


OPERATORS: Mapping[str, Callable[[Graph, Call], str | Sequence[str]]] = {
    **{name: _reduced(operator) for name, operator in REDUCTIONS.items()},
    "Reshape": _reshape,
    "reshape": _reshape,
    "Flatten": _flatten,
    "flatten": _flatten,
    "transpose": _transpose,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "Concat": _concat,
    "concat": _concat,
    "stack": _stack,
    "SliceChannel": _split,
    "split": _split,
    "slice_axis": _slice_axis,
    "slice": _slice,
    "Pad": _pad,
    "pad": _pad,
    "argmax": _largest("ArgMax"),
    "argmin": _largest("ArgMin"),
    "batch_dot": _batch_dot,
    "take": _take,
    "_zeros": _filled(0.0),
    "_ones": _filled(1.0),
    "_full": _filled(None),
    "zeros_like": _like(0.0),
    "ones_like": _like(1.0),
    "reshape_like": _reshape_like,
    "broadcast_like": _broadcast_like,
    "broadcast_to": _broadcast_to,
    "depth_to_space": _depth_to_space,
}
