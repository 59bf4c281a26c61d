"""Quantized operators of int8 as the same ones of uint8: a number and its zero point both grow by
128, so what they stand for stays the same.

ONNX Runtime 1.4.0 has kernels for most of them in uint8 alone, and every version adds up products
of uint8 and int8 in 16 bits, which saturate, on x86 CPUs without VNNI.
"""

import numpy
from onnx import ModelProto, TensorProto, helper, numpy_helper, shape_inference

SHIFT = 128
# the places of each operand and its zero point; and that of the output's zero point
OPERANDS = {
    "QLinearConv": ((0, 2), (3, 5)),
    "QLinearMatMul": ((0, 2), (3, 5)),
    "ConvInteger": ((0, 2), (1, 3)),
    "MatMulInteger": ((0, 2), (1, 3)),
}
OF_OUTPUT = 7


def unsigned(model):
    """A copy of the model without int8 in those operators; None where there is nothing to change."""
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


def by_channel(model):
    """Write, in place, each QLinearConv of many scales as the arithmetic that it stands for: ONNX
    Runtime 1.4.0 takes the first scale for all channels. Returns whether there was one."""
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes, count = [], 0
    for node in graph.node:
        many = node.op_type == "QLinearConv" and get(tensors, node.input[4]).size > 1
        nodes.extend(expanded(node, tensors, graph) if many else [node])
        count += many
    del graph.node[:]
    graph.node.extend(nodes)
    return count > 0


def get(tensors, name):
    return numpy_helper.to_array(tensors[name]) if name in tensors else numpy.zeros(0)


def expanded(node, tensors, graph):
    x, x_scale, x_zero, weight, w_scale, w_zero, y_scale, y_zero = node.input[:8]
    output = node.output[0]
    scales = [get(tensors, name).astype(numpy.float32) for name in (x_scale, w_scale, y_scale)]
    rank = len(tensors[weight].dims)
    factors = (scales[0] * scales[1] / scales[2]).reshape((-1,) + (1,) * (rank - 2))
    add = [("factors", factors.astype(numpy.float32)), ("one", numpy.array(1, numpy.float32))]
    total = output + "/sum"
    conv = helper.make_node("ConvInteger", [x, weight, x_zero, w_zero], [total])
    conv.attribute.extend(node.attribute)
    nodes = [conv]
    if len(node.input) > 8:
        add.append(("bias", get(tensors, node.input[8]).reshape((-1,) + (1,) * (rank - 2))))
        total = output + "/biased"
        nodes.append(helper.make_node("Add", [output + "/sum", output + "/bias"], [total]))
    graph.initializer.extend(numpy_helper.from_array(a, output + "/" + n) for n, a in add)
    real, scaled = output + "/real", output + "/scaled"
    one = output + "/one"
    return nodes + [
        helper.make_node("Cast", [total], [real], to=TensorProto.FLOAT),
        helper.make_node("Mul", [real, output + "/factors"], [scaled]),
        helper.make_node("QuantizeLinear", [scaled, one, y_zero], [output]),
    ]


class Rewriting:
    def __init__(self, model):
        graph = shape_inference.infer_shapes(model).graph
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
        inputs = list(node.input) + [""] * (OF_OUTPUT + 1 - len(node.input))
        pairs = OPERANDS.get(node.op_type, ()) if not node.domain else ()
        # of a value inference may not know the type, but of its zero point
        signed = [pair for pair in pairs if any(self.is_signed(inputs[at]) for at in pair)]
        gives_bytes = bool(pairs) and self.is_signed(inputs[OF_OUTPUT])
        if not signed and not gives_bytes:
            return [node]
        self.count += 1
        before, after = [], []
        for place in [place for pair in signed for place in pair]:
            inputs[place] = self.shifted(inputs[place], node, before)
        if gives_bytes:
            inputs[OF_OUTPUT] = self.shifted(inputs[OF_OUTPUT], node, before)
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
