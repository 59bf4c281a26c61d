"""Quantized operators of int8 as the same ones of uint8: a number and its zero point both grow by
128, so what they stand for stays the same.

ONNX Runtime 1.4.0 has kernels for most of them in uint8 alone, and every version adds up products
of uint8 and int8 in 16 bits, which saturate, on x86 CPUs without VNNI.
"""

import numpy
from onnx import ModelProto, TensorProto, helper, numpy_helper, shape_inference

SHIFT = 128
# more inputs than any of these operators has
LONGEST = 9
# the places of each operand and its zero point; and that of the output's zero point
OPERANDS = {
    "QLinearConv": (((0, 2), (3, 5)), 7),
    "QLinearMatMul": (((0, 2), (3, 5)), 7),
    "QGemm": (((0, 2), (3, 5)), 8),
    "ConvInteger": (((0, 2), (1, 3)), LONGEST),
    "MatMulInteger": (((0, 2), (1, 3)), LONGEST),
}


def unsigned(model):
    """A copy of the model without int8 in those operators; None where there is nothing to change."""
    if not any(node.op_type in OPERANDS for node in model.graph.node):
        return None
    copy = ModelProto()
    copy.CopyFrom(model)
    rewriting = Rewriting(copy)
    nodes = [new for node in copy.graph.node for new in rewriting.rewritten(node)]
    if not rewriting.count:
        return None
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    copy.graph.initializer.extend(rewriting.weights.values())
    del copy.graph.value_info[:]
    return copy


def written_out(model):
    """Write, in place, the operators that ONNX Runtime 1.4.0 lacks as the arithmetic that they
    stand for, and QLinearConv of many scales, of which it takes the first for all channels.
    Returns their names."""
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes, names = [], set()
    for node in graph.node:
        write = WRITTEN_OUT.get((node.domain, node.op_type))
        if write is None or is_known(node, tensors):
            nodes.append(node)
        else:
            names.add(node.op_type)
            nodes.extend(write(node, tensors, graph))
    del graph.node[:]
    graph.node.extend(nodes)
    return sorted(names)


def is_known(node, tensors):
    """Whether it computes the operator as it is written in this node."""
    if node.op_type == "QLinearConv":
        return get(tensors, node.input[4]).size <= 1 and is_one(tensors, node.input[5])
    if node.op_type == "DequantizeLinear":
        return get(tensors, node.input[0]).dtype != numpy.int32
    if node.op_type in ("ConvInteger", "MatMulInteger"):
        return len(node.input) < 4 or node.input[1] not in tensors or is_one(tensors, node.input[3])
    return False


def is_one(tensors, name):
    """Whether all channels have the same zero point."""
    return numpy.unique(get(tensors, name)).size <= 1


def integers(node, tensors, graph):
    """ConvInteger and MatMulInteger, with a zero point for each channel of the weights."""
    return products(node, list(node.input), node.attribute, node.output[0], tensors, graph)


def products(node, inputs, attributes, output, tensors, graph):
    """The product of integers. Of different zero points 1.4.0 takes the first: then what these
    alone would give is subtracted."""
    operator = "MatMulInteger" if node.op_type in ("QGemm", "MatMulInteger") else "ConvInteger"
    x, weight, x_zero, w_zero = inputs
    if weight not in tensors or is_one(tensors, w_zero):
        nodes = [helper.make_node(operator, inputs, [output])]
    else:
        array, zero = get(tensors, weight), get(tensors, w_zero)
        if operator == "ConvInteger":
            zero = zero.reshape((-1,) + (1,) * (array.ndim - 1))
        name = output + "/zeros"
        zeros = numpy.ascontiguousarray(numpy.broadcast_to(zero, array.shape))
        graph.initializer.append(numpy_helper.from_array(zeros, name))
        parts = [output + "/whole", output + "/part"]
        nodes = [
            helper.make_node(operator, [x, one, x_zero], [part])
            for one, part in zip((weight, name), parts)
        ]
        nodes.append(helper.make_node("Sub", parts, [output]))
    for one in nodes:
        if one.op_type == operator:
            one.attribute.extend(attributes)
    return nodes


def scaled(node, tensors, graph):
    """DequantizeLinear of int32, whose zero point is 0."""
    real = node.output[0] + "/real"
    return [
        helper.make_node("Cast", node.input[:1], [real], to=TensorProto.FLOAT),
        helper.make_node("Mul", [real, node.input[1]], node.output),
    ]


def get(tensors, name):
    return numpy_helper.to_array(tensors[name]) if name in tensors else numpy.zeros(0)


def by_integers(node, tensors, graph):
    """QLinearConv."""
    x, x_scale, x_zero, weight, w_scale, w_zero, y_scale, y_zero = node.input[:8]
    output, behind = node.output[0], (1,) * (len(tensors[weight].dims) - 2)
    inputs = [x, weight, x_zero, w_zero]
    nodes = products(node, inputs, node.attribute, output + "/sum", tensors, graph)
    bias = get(tensors, node.input[8]).reshape((-1,) + behind) if len(node.input) > 8 else None
    scales = [get(tensors, name) for name in (x_scale, w_scale, y_scale)]
    factors = (scales[0] * scales[1] / scales[2]).reshape((-1,) + behind)
    return nodes + requantized(output, bias, factors, y_zero, graph)


def gemm(node, tensors, graph):
    """QGemm, whose output is of float where it has no scale."""
    inputs = list(node.input) + [""] * (LONGEST - len(node.input))
    a, a_scale, a_zero, b, b_scale, b_zero, c, y_scale, y_zero = inputs
    known = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    output, nodes = node.output[0], []
    for key in ("transA", "transB"):
        if not known.get(key):
            continue
        name, turned = a if key == "transA" else b, "{}/{}".format(output, key)
        if name in tensors:
            tensors[turned] = numpy_helper.from_array(get(tensors, name).T.copy(), turned)
            graph.initializer.append(tensors[turned])
        else:
            nodes.append(helper.make_node("Transpose", [name], [turned], perm=[1, 0]))
        a, b = (turned, b) if key == "transA" else (a, turned)
    nodes += products(node, [a, b, a_zero, b_zero], [], output + "/sum", tensors, graph)
    factors = known.get("alpha", 1.0) * get(tensors, a_scale) * get(tensors, b_scale)
    if y_scale:
        factors = factors / get(tensors, y_scale)
    return nodes + requantized(output, get(tensors, c) if c else None, factors, y_zero, graph)


def requantized(output, bias, factors, y_zero, graph):
    """From the sum in int32 to the output."""
    weights = {"factors": factors.astype(numpy.float32), "one": numpy.array(1, numpy.float32)}
    total, nodes = output + "/sum", []
    if bias is not None:
        weights["bias"] = bias
        total = output + "/biased"
        nodes.append(helper.make_node("Add", [output + "/sum", output + "/bias"], [total]))
    for name, array in weights.items():
        graph.initializer.append(numpy_helper.from_array(array, output + "/" + name))
    real, scaled = output + "/real", output + "/scaled" if y_zero else output
    nodes.append(helper.make_node("Cast", [total], [real], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("Mul", [real, output + "/factors"], [scaled]))
    if y_zero:
        one = output + "/one"
        nodes.append(helper.make_node("QuantizeLinear", [scaled, one, y_zero], [output]))
    return nodes


def by_floats(node, tensors, graph):
    """Operators that are those of float between DequantizeLinear and QuantizeLinear."""
    inputs, output = list(node.input), node.output[0]
    if node.op_type == "QLinearConcat":
        inputs = inputs[2:] + inputs[:2]
    nodes, reals = [], []
    for place in range(0, len(inputs) - 2, 3):
        reals.append("{}/real_{}".format(output, place))
        one = [name for name in inputs[place : place + 3] if name]
        nodes.append(helper.make_node("DequantizeLinear", one, [reals[-1]]))
    real = helper.make_node(node.op_type[len("QLinear") :], reals, [output + "/real"])
    real.attribute.extend(one for one in node.attribute if one.name != "channels_last")
    out = [output + "/real"] + [name for name in inputs[-2:] if name]
    return nodes + [real, helper.make_node("QuantizeLinear", out, [output])]


WRITTEN_OUT = {
    ("", "ConvInteger"): integers,
    ("", "DequantizeLinear"): scaled,
    ("", "MatMulInteger"): integers,
    ("", "QLinearConv"): by_integers,
    ("com.microsoft", "QGemm"): gemm,
}
for _name in ("AveragePool", "Concat", "GlobalAveragePool", "Mul", "Sigmoid"):
    WRITTEN_OUT["com.microsoft", "QLinear" + _name] = by_floats


class Rewriting:
    def __init__(self, model):
        try:
            graph = shape_inference.infer_shapes(model).graph
        except Exception:  # inference of 1.7.0 refuses some models that are right
            graph = model.graph
        infos = list(graph.value_info) + list(graph.input) + list(graph.output)
        self.kinds = {info.name: info.type.tensor_type.elem_type for info in infos}
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}
        self.kinds.update({name: tensor.data_type for name, tensor in self.tensors.items()})
        self.weights = {}
        self.count = 0

    def is_signed(self, name):
        return self.kinds.get(name) == TensorProto.INT8

    def rewritten(self, node):
        """The nodes in place of this one."""
        inputs = list(node.input) + [""] * (LONGEST + 1 - len(node.input))
        pairs, of_output = OPERANDS.get(node.op_type, ((), LONGEST))
        # of a value inference may not know the type, but of its zero point
        signed = [pair for pair in pairs if any(self.is_signed(inputs[at]) for at in pair)]
        gives_bytes = bool(pairs) and self.is_signed(inputs[of_output])
        if not signed and not gives_bytes:
            return [node]
        self.count += 1
        before, after = [], []
        for place in [place for pair in signed for place in pair]:
            inputs[place] = self.shifted(inputs[place], node, before)
        if gives_bytes:
            inputs[of_output] = self.shifted(inputs[of_output], node, before)
            output = node.output[0]
            node.output[0] = output + "/unsigned"
            self.cast(node.output[0], "Sub", TensorProto.INT8, output, after)
        while not inputs[-1]:
            inputs.pop()
        del node.input[:]
        node.input.extend(inputs)
        return before + [node] + after

    def shifted(self, name, node, nodes):
        """The name of the value as uint8. A zero point that was left out is 0."""
        if name and name not in self.tensors:
            output = "{}/{}/unsigned".format(node.output[0], name)
            return self.cast(name, "Add", TensorProto.UINT8, output, nodes)
        unsigned_name = (name or "zero") + "/unsigned"
        array = numpy_helper.to_array(self.tensors[name]) if name else numpy.zeros((), numpy.int8)
        array = (array.astype(numpy.int32) + SHIFT).astype(numpy.uint8)
        self.weights[unsigned_name] = numpy_helper.from_array(array, unsigned_name)
        return unsigned_name

    def cast(self, name, operator, kind, output, nodes):
        shift = numpy_helper.from_array(numpy.array(SHIFT, numpy.int32), "shift/unsigned")
        self.weights[shift.name] = shift
        wide, sum_ = output + "/wide", output + "/shifted"
        nodes.append(helper.make_node("Cast", [name], [wide], to=TensorProto.INT32))
        nodes.append(helper.make_node(operator, [wide, shift.name], [sum_]))
        nodes.append(helper.make_node("Cast", [sum_], [output], to=kind))
        return output
