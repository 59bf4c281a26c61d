"""Layers of MXNet in operators that TVM's importer converts as MXNet computes them: pooling,
normalization, convolutions, resizing and recurrent layers. ``mxnet_for_tvm.py`` has the rest."""

from functools import reduce
from typing import Any, Dict, List, Optional, Tuple

from mxnet_graph import Call, Graph, Output, Rewrite, Shape

# of a recurrent layer, which the importer leaves out or takes for a state
NOT_READ = {"projection_size", "lstm_state_clip_min", "lstm_state_clip_max"}
LENGTHS = "use_sequence_length"
# gates of one cell, by the mode of a recurrent layer
GATES = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}


def _product(numbers: Shape) -> int:
    return reduce(lambda a, b: a * b, numbers, 1)


# --- pooling --------------------------------------------------------------------------------


def _pooling(graph: Graph, call: Call) -> Optional[List[Output]]:
    kind = call.word("pool_type", "max")
    if len(call.shapes[0]) == 3:
        return _pooling_of_rows(graph, call)
    if kind == "lp" and not call.flag("global_pool"):
        return _lp_pooling(graph, call)
    if kind == "sum":
        return _sum_pooling(graph, call)
    if "pool_type" not in call.attributes:
        return [graph.add("Pooling", call.inputs, call.name, **dict(call.attributes, pool_type=kind))]
    return None


def _pooling_of_rows(graph: Graph, call: Call) -> List[Output]:
    """As images of one row."""
    x = graph.add("expand_dims", call.inputs, call.name + "_image", axis=2)
    written = dict(call.attributes)
    for name, one in (("kernel", 1), ("stride", 1), ("pad", 0)):
        own = call.numbers(name, ())
        if own:
            written[name] = (one,) + own
    written.pop("layout", None)
    images = call._replace(inputs=[x], shapes=[call.shapes[0][:2] + (1,) + call.shapes[0][2:]],
                           name=call.name + "_pool",
                           attributes={name: str(each) for name, each in written.items()})  # fmt: skip
    pooled = _pooling(graph, images) or [
        graph.add("Pooling", [x], images.name, **images.attributes)
    ]
    return [graph.add("squeeze", pooled[:1], call.name, axis=2)]


def _averaged(call: Call, **others: Any) -> Dict[str, Any]:
    return dict(call.attributes, pool_type="avg", count_include_pad=True, **others)


def _sum_pooling(graph: Graph, call: Call) -> Optional[List[Output]]:
    """A mean of what the window covers, padding too, times its size."""
    if call.flag("global_pool"):
        axes = tuple(range(2, len(call.shapes[0])))
        return [graph.add("sum", call.inputs, call.name, axis=axes, keepdims=True)]
    if call.word("pooling_convention", "valid") != "valid":
        return None
    mean = graph.add("Pooling", call.inputs, call.name + "_mean", **_averaged(call))
    return [graph.add("_mul_scalar", [mean], call.name, scalar=_product(call.numbers("kernel", ())))]


def _lp_pooling(graph: Graph, call: Call) -> Optional[List[Output]]:
    power = call.number("p_value", 2.0)
    size = graph.add("abs", call.inputs, call.name + "_size")
    raised = graph.add("_power_scalar", [size], call.name + "_power", scalar=power)
    inner = call._replace(inputs=[raised], name=call.name + "_sum")
    total = _sum_pooling(graph, inner)
    if total is None:
        return None
    return [graph.add("_power_scalar", total, call.name, scalar=1 / power)]


# --- normalization --------------------------------------------------------------------------


def _without_statistics(graph: Graph, call: Call) -> Optional[List[Output]]:
    if not call.flag("output_mean_var") or call.used != [0]:
        return None
    rest = {name: text for name, text in call.attributes.items() if name != "output_mean_var"}
    return [graph.add(call.op, call.inputs, call.name, **rest)]


def _instance_norm(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer has another eps where none is written."""
    if "eps" in call.attributes:
        return None
    return [graph.add(call.op, call.inputs, call.name, **dict(call.attributes, eps=0.001))]


def _group_norm(graph: Graph, call: Call) -> Optional[List[Output]]:
    """MXNet has a scale for each group, the importer one for each channel."""
    shape, groups = call.shapes[0], int(call.number("num_groups", 1))
    if call.used != [0] or not _product(shape):
        return None
    x = graph.add("Reshape", call.inputs[:1], call.name + "_groups", shape=(shape[0], groups, -1))
    centered, variance = _centered(graph, x, call.name)
    wide = graph.add("_plus_scalar", [variance], call.name + "_eps", scalar=call.number("eps", 1e-5))
    root = graph.add("sqrt", [wide], call.name + "_root")
    x = graph.add("broadcast_div", [centered, root], call.name + "_unit")
    for op, given in zip(("broadcast_mul", "broadcast_add"), call.inputs[1:]):
        own = graph.add("Reshape", [given], call.name + "_each", shape=(1, groups, 1))
        x = graph.add(op, [x, own], call.name + "_scaled")
    return [graph.add("Reshape", [x], call.name, shape=shape)]


def _centered(graph: Graph, x: Output, name: str) -> Tuple[Output, Output]:
    """Less the mean of the last axis, and the mean of its squares."""
    mean = graph.add("mean", [x], name + "_mean", axis=-1, keepdims=True)
    centered = graph.add("broadcast_sub", [x, mean], name + "_centered")
    squares = graph.add("elemwise_mul", [centered, centered], name + "_squares")
    return centered, graph.add("mean", [squares], name + "_variance", axis=-1, keepdims=True)


# --- convolutions and images ----------------------------------------------------------------


def _deconvolution(graph: Graph, call: Call) -> Optional[List[Output]]:
    """With the gaps of a dilated kernel as zeros in it."""
    import numpy

    dilate, kernel = call.numbers("dilate", ()), call.numbers("kernel", ())
    weight = graph.constant(call.inputs[1])
    if not dilate or set(dilate) == {1} or weight is None:
        return None
    wide = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilate))
    values = weight.asnumpy()
    spread = numpy.zeros(values.shape[:2] + wide, values.dtype)
    spread[(slice(None), slice(None)) + tuple(slice(None, None, d) for d in dilate)] = values
    held = graph.parameter(_array(spread), call.name + "_spread")
    rest = {name: text for name, text in call.attributes.items() if name != "dilate"}
    rest["kernel"] = str(wide)
    return [graph.add(call.op, [call.inputs[0], held] + call.inputs[2:], call.name, **rest)]


def _array(values: Any) -> Any:
    import mxnet

    return mxnet.nd.array(values, dtype=values.dtype)


def _upsampling(graph: Graph, call: Call) -> Optional[List[Output]]:
    """By bilinear weights, which are a parameter: a convolution, as MXNet computes it."""
    scale = int(call.number("scale", 1))
    if call.word("sample_type", "nearest") != "bilinear":
        return None
    channels = call.shapes[0][1]
    size, pad = 2 * scale - scale % 2, scale // 2
    return [
        graph.add(
            "Deconvolution", call.inputs, call.name, kernel=(size, size), stride=(scale, scale),
            pad=(pad, pad), num_filter=channels, num_group=channels, no_bias=True,
        )  # fmt: skip
    ]


def _crop(graph: Graph, call: Call) -> Optional[List[Output]]:
    """Of a fixed size, or around the center: a slice."""
    if not (call.numbers("h_w", ()) or call.flag("center_crop")):
        return None
    shape, made = call.shapes[0], call.gives[0]
    offset = call.numbers("offset", (0, 0))
    if call.flag("center_crop"):
        offset = tuple((whole - part) // 2 for whole, part in zip(shape[2:], made[2:]))
    begin = (0, 0) + offset
    end = tuple(start + size for start, size in zip(begin, made))
    return [graph.add("slice", call.inputs[:1], call.name, begin=begin, end=end)]


DEFORMED = {"stride": (1, 1), "pad": (0, 0), "dilate": (1, 1)}


def _deformable(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer wants what MXNet has defaults for."""
    written = {name: call.numbers(name, default) for name, default in DEFORMED.items()}
    if DEFORMED.keys() <= call.attributes.keys():
        return None
    return [graph.add(call.op, call.inputs, call.name, **dict(call.attributes, **written))]


# --- recurrent layers -----------------------------------------------------------------------


def _zeros(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer keeps dims that are to be inferred for recurrent layers alone."""
    shape = call.numbers("shape", ())
    if 0 not in shape or not _product(call.gives[0]):
        return None
    return [graph.add("_zeros", [], call.name, shape=call.gives[0])]


def _recurrent(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer takes the weights in the parts that Gluon concatenates: matrices of all layers
    and directions, for inputs and for the state, and then biases in that order."""
    weights, mode = graph.constant(call.inputs[1]), call.word("mode", "")
    if weights is None or not NOT_READ.isdisjoint(call.attributes) or call.flag(LENGTHS):
        return None
    values, start, parts = weights.asnumpy(), 0, []  # type: Any, int, List[Output]
    for shape in _parts(call, GATES[mode]):
        size = _product(shape)
        part = _array(values[start : start + size].reshape(shape))
        held = graph.parameter(part, call.name + "_part")
        parts.append(graph.add("Reshape", [held], call.name + "_flat", shape=(-1,)))
        start += size
    whole = graph.add("_rnn_param_concat", parts, call.name + "_weights", dim=0, num_args=len(parts))
    inputs = [call.inputs[0], whole] + call.inputs[2:]
    first = graph.add("RNN", inputs, call.name, **call.attributes)
    return [(first[0], place) for place in range(len(call.gives))]


def _parts(call: Call, gates: int) -> List[Shape]:
    size, layers = int(call.number("state_size", 0)), int(call.number("num_layers", 1))
    directions = 2 if call.flag("bidirectional") else 1
    shapes: List[Shape] = []
    for layer in range(layers):
        width = size * directions if layer else call.shapes[0][2]
        shapes += [(gates * size, width), (gates * size, size)] * directions
    return shapes + [(gates * size,)] * (2 * layers * directions)


REWRITES: Dict[str, Rewrite] = {
    "Pooling": _pooling,
    "BatchNorm": _without_statistics,
    "LayerNorm": _without_statistics,
    "InstanceNorm": _instance_norm,
    "GroupNorm": _group_norm,
    "Deconvolution": _deconvolution,
    "UpSampling": _upsampling,
    "Crop": _crop,
    "_contrib_DeformableConvolution": _deformable,
    "_zeros": _zeros,
    "RNN": _recurrent,
}
