"""Operators of MXNet that TVM's importer does not convert, or converts otherwise than MXNet
computes them, in those that it does: apache/tvm v0.6 to v0.10, relay/frontend/mxnet.py.

Each is a rewrite of one node, which gives None where the node is taken as it is.
"""

from typing import Dict, List, Optional, Sequence

import mxnet_elements
import mxnet_layers
from mxnet_graph import Call, Graph, Output, Rewrite

LN_2, LN_10 = 0.6931471805599453, 2.302585092994046
LOG_SERIES = (1.0, -1 / 2, 1 / 3, -1 / 4, 1 / 5)
EXP_SERIES = (1.0, 1 / 2, 1 / 6, 1 / 24, 1 / 120)
# of a scaled exponential, as MXNet has them
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
BELOW, ABOVE = 0.125, 0.334


def _scaled(graph: Graph, x: Output, name: str, factor: float) -> Output:
    return graph.add("_mul_scalar", [x], name, scalar=factor)


def _activation(graph: Graph, call: Call) -> Optional[List[Output]]:
    if call.word("act_type", "") != "softsign":
        return None
    return [graph.add("softsign", call.inputs, call.name)]


def _leaky(graph: Graph, call: Call) -> Optional[List[Output]]:
    kind = call.word("act_type", "leaky")
    if kind == "selu":
        x = graph.add("LeakyReLU", call.inputs[:1], call.name + "_elu", act_type="elu",
                      slope=SELU_ALPHA)  # fmt: skip
        return [_scaled(graph, x, call.name, SELU_SCALE)]
    if kind == "prelu":
        return _one_slope(graph, call)
    if kind == "rrelu" and call.used == [0]:
        slope = (call.number("lower_bound", BELOW) + call.number("upper_bound", ABOVE)) / 2
        return [graph.add("LeakyReLU", call.inputs[:1], call.name, act_type="leaky", slope=slope)]
    return None


def _one_slope(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer wants one for each channel."""
    slope = graph.constant(call.inputs[1])
    if call.shapes[1] != (1,) or slope is None:
        return None
    number = float(slope.asnumpy()[0])
    return [graph.add("LeakyReLU", call.inputs[:1], call.name, act_type="leaky", slope=number)]


def _renamed(op: str) -> Rewrite:
    return lambda graph, call: [graph.add(op, call.inputs, call.name, **call.attributes)]


def _passed(graph: Graph, call: Call) -> List[Output]:
    """What training puts after a network gives its input."""
    return [graph.add("_copy", call.inputs[:1], call.name)]


def _cooled(graph: Graph, call: Call) -> Optional[List[Output]]:
    """The importer leaves out the temperature."""
    heat = call.number("temperature", 1.0)
    if heat == 1.0:
        return None
    x = _scaled(graph, call.inputs[0], call.name + "_cooled", 1 / heat)
    rest = {name: text for name, text in call.attributes.items() if name != "temperature"}
    return [graph.add(call.op, [x] + call.inputs[1:], call.name, **rest)]


def _root(graph: Graph, call: Call) -> List[Output]:
    """A power is not a number for negative ones."""
    x = call.inputs[0]
    size = graph.add("abs", [x], call.name + "_size")
    root = graph.add(call.op, [size], call.name + "_root")
    return [graph.add("elemwise_mul", [graph.add("sign", [x], call.name + "_sign"), root], call.name)]


def _square(graph: Graph, call: Call) -> List[Output]:
    return [graph.add("elemwise_mul", call.inputs * 2, call.name)]


def _logarithm(base: float) -> Rewrite:
    def write(graph: Graph, call: Call) -> List[Output]:
        return [_scaled(graph, graph.add("log", call.inputs, call.name + "_log"), call.name, 1 / base)]

    return write


def _near_zero(after: str, before: str, series: Sequence[float], within: float) -> Rewrite:
    """``after`` of ``before`` of x, and near 0, where that has lost its digits, a series: TVM
    takes 1 from 1 + x while it compiles, so that what restores the digits would not."""

    def write(graph: Graph, call: Call) -> List[Output]:
        (x,), name = call.inputs, call.name
        inner = {"scalar": 1} if before.endswith("_scalar") else {}
        outer = {"scalar": 1} if after.endswith("_scalar") else {}
        far = graph.add(before, [x], name + "_inner", **inner)
        far = graph.add(after, [far], name + "_far", **outer)
        near = _scaled(graph, x, name + "_last", series[-1])
        for factor in reversed(series[:-1]):
            near = graph.add("_plus_scalar", [near], name + "_term", scalar=factor)
            near = graph.add("elemwise_mul", [near, x], name + "_power")
        size = graph.add("abs", [x], name + "_size")
        is_near = graph.add("_lesser_scalar", [size], name + "_is_near", scalar=within)
        return [graph.add("where", [is_near, near, far], name)]

    return write


def _rint(graph: Graph, call: Call) -> List[Output]:
    """Halves go down."""
    (x,), name = call.inputs, call.name
    floor = graph.add("floor", [x], name + "_floor")
    rest = graph.add("elemwise_sub", [x, floor], name + "_rest")
    up = graph.add("_greater_scalar", [rest], name + "_up", scalar=0.5)
    return [graph.add("elemwise_add", [floor, up], name)]


def _factor(value: float) -> Rewrite:
    return lambda graph, call: [_scaled(graph, call.inputs[0], call.name, value)]


def _hypotenuse(graph: Graph, call: Call) -> List[Output]:
    squares = [
        graph.add("elemwise_mul", [each, each], call.name + "_square") for each in call.inputs
    ]
    if len(squares) == 1:
        number = call.number("scalar", 0.0)
        total = graph.add("_plus_scalar", squares, call.name + "_sum", scalar=number * number)
    else:
        total = graph.add("broadcast_add", squares, call.name + "_sum")
    return [graph.add("sqrt", [total], call.name)]


def _mod(graph: Graph, call: Call) -> List[Output]:
    """What is left has the sign of the divisor; the importer's has that of the dividend."""
    (x, y), name = call.inputs, call.name
    times = graph.add("floor", [graph.add("broadcast_div", [x, y], name + "_ratio")], name + "_times")
    return [graph.add("broadcast_sub", [x, graph.add("broadcast_mul", [times, y], name + "_whole")], name)]


def _mod_scalar(graph: Graph, call: Call) -> List[Output]:
    (x,), name, number = call.inputs, call.name, call.number("scalar", 1.0)
    times = graph.add(
        "floor", [graph.add("_div_scalar", [x], name + "_ratio", scalar=number)], name + "_times"
    )
    return [graph.add("elemwise_sub", [x, _scaled(graph, times, name + "_whole", number)], name)]


def _rmod_scalar(graph: Graph, call: Call) -> List[Output]:
    (x,), name, number = call.inputs, call.name, call.number("scalar", 1.0)
    ratio = graph.add("_rdiv_scalar", [x], name + "_ratio", scalar=number)
    times = graph.add("floor", [ratio], name + "_times")
    whole = graph.add("elemwise_mul", [times, x], name + "_whole")
    return [graph.add("_rminus_scalar", [whole], name, scalar=number)]


REWRITES: Dict[str, Rewrite] = {
    "Activation": _activation,
    "LeakyReLU": _leaky,
    "fix": _renamed("trunc"),
    "MakeLoss": _passed,
    "make_loss": _passed,
    "_sparse_make_loss": _passed,
    "MAERegressionOutput": _passed,
    "SVMOutput": _passed,
    "IdentityAttachKLSparseReg": _passed,
    "softmax": _cooled,
    "log_softmax": _cooled,
    "softmin": _cooled,
    "cbrt": _root,
    "rcbrt": _root,
    "square": _square,
    "log2": _logarithm(LN_2),
    "log10": _logarithm(LN_10),
    "log1p": _near_zero("log", "_plus_scalar", LOG_SERIES, 0.05),
    "expm1": _near_zero("_minus_scalar", "exp", EXP_SERIES, 0.1),
    "rint": _rint,
    "degrees": _factor(57.29577951308232),
    "radians": _factor(0.017453292519943295),
    "_hypot": _hypotenuse,
    "broadcast_hypot": _hypotenuse,
    "_hypot_scalar": _hypotenuse,
    "_mod": _mod,
    "broadcast_mod": _mod,
    "_mod_scalar": _mod_scalar,
    "_rmod_scalar": _rmod_scalar,
}
REWRITES.update(mxnet_layers.REWRITES)
REWRITES.update(mxnet_elements.REWRITES)
