"""Operators that compute each number by itself, and those of training as what they infer.

Attributes and their defaults: apache/mxnet src/operator/tensor (1.8.0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from neopack.frameworks.mxnet.onnx_form.writing import Call, Graph

__all__ = ["OPERATORS"]

Write = Callable[[Graph, Call], str | Sequence[str]]
# of ONNX under the same inputs
PLAIN = {
    "Relu": ("relu",),
    "Sigmoid": ("sigmoid",),
    "Tanh": ("tanh",),
    "Softsign": ("softsign",),
    "Abs": ("abs",),
    "Neg": ("negative",),
    "Exp": ("exp",),
    "Log": ("log",),
    "Sqrt": ("sqrt",),
    "Reciprocal": ("reciprocal",),
    "Sign": ("sign",),
    "Ceil": ("ceil",),
    "Floor": ("floor",),
    "Round": ("rint",),
    "Erf": ("erf",),
    "Sin": ("sin",),
    "Cos": ("cos",),
    "Tan": ("tan",),
    "Asin": ("arcsin",),
    "Acos": ("arccos",),
    "Atan": ("arctan",),
    "Sinh": ("sinh",),
    "Cosh": ("cosh",),
    "Asinh": ("arcsinh",),
    "Acosh": ("arccosh",),
    "Atanh": ("arctanh",),
    "Identity": ("identity", "_copy", "BlockGrad", "stop_gradient", "make_loss", "MakeLoss"),
    "Add": ("elemwise_add", "_plus", "_Plus", "broadcast_add", "broadcast_plus"),
    "Sub": ("elemwise_sub", "_minus", "_Minus", "broadcast_sub", "broadcast_minus"),
    "Mul": ("elemwise_mul", "_mul", "_Mul", "broadcast_mul"),
    "Div": ("elemwise_div", "_div", "_Div", "broadcast_div"),
    "Pow": ("_power", "_Power", "broadcast_power"),
    "Max": ("_maximum", "_Maximum", "broadcast_maximum"),
    "Min": ("_minimum", "_Minimum", "broadcast_minimum"),
    "Sum": ("add_n", "ElementWiseSum", "_sum"),
}
# operator, and whether the scalar comes first
SCALAR = {
    "_plus_scalar": ("Add", False),
    "_PlusScalar": ("Add", False),
    "_minus_scalar": ("Sub", False),
    "_MinusScalar": ("Sub", False),
    "_rminus_scalar": ("Sub", True),
    "_RMinusScalar": ("Sub", True),
    "_mul_scalar": ("Mul", False),
    "_MulScalar": ("Mul", False),
    "_div_scalar": ("Div", False),
    "_DivScalar": ("Div", False),
    "_rdiv_scalar": ("Div", True),
    "_RDivScalar": ("Div", True),
    "_power_scalar": ("Pow", False),
    "_rpower_scalar": ("Pow", True),
    "_maximum_scalar": ("Max", False),
    "_minimum_scalar": ("Min", False),
}
COMPARED = {
    "_greater_scalar": "Greater",
    "_lesser_scalar": "Less",
    "_greater_equal_scalar": "GreaterOrEqual",
    "_lesser_equal_scalar": "LessOrEqual",
    "_equal_scalar": "Equal",
}
COMPARED_PAIRS = {
    "broadcast_greater": "Greater",
    "broadcast_lesser": "Less",
    "broadcast_greater_equal": "GreaterOrEqual",
    "broadcast_lesser_equal": "LessOrEqual",
    "broadcast_equal": "Equal",
}


def _plain(operator: str) -> Write:
    return lambda graph, call: graph.add(operator, *call.inputs)


def _with_scalar(operator: str, first: bool) -> Write:
    def write(graph: Graph, call: Call) -> str:
        scalar = graph.constant(call.number("scalar", 0))
        call.flag("is_int")
        pair = (scalar, *call.inputs) if first else (*call.inputs, scalar)
        return graph.add(operator, *pair)

    return write


def _compared(operator: str, *, scalar: bool) -> Write:
    """MXNet's comparisons give numbers."""

    def write(graph: Graph, call: Call) -> str:
        other = [graph.constant(call.number("scalar", 0))] if scalar else []
        call.flag("is_int")
        truth = graph.add(operator, *call.inputs, *other)
        return graph.add("Cast", truth, to=graph.type("float32"))

    return write


def _of_first(graph: Graph, call: Call) -> str:
    """Losses of regression, without the label."""
    return graph.add("Identity", call.inputs[0])


def _logistic(graph: Graph, call: Call) -> str:
    return graph.add("Sigmoid", call.inputs[0])


def _square(graph: Graph, call: Call) -> str:
    return graph.add("Mul", *call.inputs, *call.inputs)


def _inverse_root(graph: Graph, call: Call) -> str:
    return graph.add("Reciprocal", graph.add("Sqrt", *call.inputs))


def _towards_zero(graph: Graph, call: Call) -> str:
    return graph.add(
        "Mul", graph.add("Sign", *call.inputs), graph.add("Floor", graph.add("Abs", *call.inputs))
    )


def _clip(graph: Graph, call: Call) -> str:
    bounds = [graph.constant(call.number(name, 0)) for name in ("a_min", "a_max")]
    return graph.add("Clip", *call.inputs, *bounds)


def _hard_sigmoid(graph: Graph, call: Call) -> str:
    alpha, beta = call.number("alpha", 0.2), call.number("beta", 0.5)
    return graph.add("HardSigmoid", *call.inputs, alpha=alpha, beta=beta)


def _cast(graph: Graph, call: Call) -> str:
    return graph.add("Cast", *call.inputs, to=graph.type(call.text("dtype"), call))


def _where(graph: Graph, call: Call) -> str:
    condition, *branches = call.inputs
    truth = graph.add("Cast", condition, to=graph.type("bool"))
    return graph.add("Where", truth, *branches)


def _softmax(operator: str, *, negative: bool = False) -> Write:
    def write(graph: Graph, call: Call) -> str:
        if call.flag("use_length") or call.text("dtype") not in ("", "float32"):
            raise call.refused("it has lengths or another dtype")
        (data,) = call.inputs
        scale = call.number("temperature", 1.0) * (-1 if negative else 1)
        if scale != 1:
            data = graph.add("Div", data, graph.constant(scale))
        return graph.add(operator, data, axis=call.integer("axis", -1))

    return write


def _softmax_of_rows(graph: Graph, call: Call) -> str:
    """SoftmaxOutput, without the label, and SoftmaxActivation: over the channels, over the last
    dim, or over all of a row."""
    data = call.inputs[0]
    channels = call.flag("multi_output") or call.text("mode", "instance") == "channel"
    if channels or call.flag("preserve_shape"):
        return graph.add("Softmax", data, axis=1 if channels else -1)
    rows = graph.add("Softmax", graph.add("Flatten", data, axis=1), axis=1)
    return graph.add("Reshape", rows, graph.add("Shape", data))


OPERATORS: Mapping[str, Write] = {
    **{name: _plain(operator) for operator, names in PLAIN.items() for name in names},
    **{name: _with_scalar(*row) for name, row in SCALAR.items()},
    **{name: _compared(operator, scalar=True) for name, operator in COMPARED.items()},
    **{name: _compared(operator, scalar=False) for name, operator in COMPARED_PAIRS.items()},
    "LinearRegressionOutput": _of_first,
    "MAERegressionOutput": _of_first,
    "LogisticRegressionOutput": _logistic,
    "square": _square,
    "rsqrt": _inverse_root,
    "fix": _towards_zero,
    "trunc": _towards_zero,
    "clip": _clip,
    "hard_sigmoid": _hard_sigmoid,
    "Cast": _cast,
    "cast": _cast,
    "amp_cast": _cast,
    "where": _where,
    "softmax": _softmax("Softmax"),
    "softmin": _softmax("Softmax", negative=True),
    "log_softmax": _softmax("LogSoftmax"),
    "SoftmaxOutput": _softmax_of_rows,
    "Softmax": _softmax_of_rows,
    "SoftmaxActivation": _softmax_of_rows,
}
