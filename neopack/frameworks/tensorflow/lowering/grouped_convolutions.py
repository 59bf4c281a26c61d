"""Convolutions in groups, which TensorFlow 1.15 computes on GPUs alone, as what it has everywhere.

A Conv2D whose kernel takes fewer channels than its input has is one in groups. With a channel a
group it is DepthwiseConv2dNative, output for output; else each group is convolved by itself, and
so is each channel of a DepthwiseConv2dNative with dilations.
"The Conv2D op currently does not support grouped convolutions on the CPU" (conv_ops.cc, v1.15.0
and v2.3.2); Depthwise there takes equal strides alone and passes over dilations without a word
(tried in 1.15.0 and 2.3.2, 2026-11-21).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["DEPTHWISE", "SPLIT", "ungroup"]

DEPTHWISE, SPLIT = "depthwise", "split"
# a function's nodes name an output of another by its place among outputs of that name
_OUTPUT = "output"
_DEPTHWISE = "DepthwiseConv2dNative"
_DEPTHWISE_ATTRIBUTES = frozenset({"T", "strides", "padding", "data_format", "dilations"})

Shapes = Mapping[str, Sequence[int | None]]


def ungroup(graph: Any) -> Counter[str]:
    """Change ``graph``, a GraphDef, in place; how many became ``depthwise``, how many ``split``.

    Those whose sizes are not known are left as they are.
    """
    counts: Counter[str] = Counter()
    if any(map(_may_be, graph.node)):
        counts += _rewritten(graph.node, _shapes_of_graph(graph), _in_graph)
    for function in graph.library.function:
        if any(map(_may_be, function.node_def)):
            counts += _rewritten(function.node_def, _shapes_of_function(function), _in_function)
    return counts


# --- which are in groups --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Convolution:
    """``axis`` is that of the channels; ``kernel`` is height, width, channels of a group, and
    outputs of all groups."""

    node: Any
    groups: int
    channels: int
    axis: int
    kernel: tuple[int, int, int, int]

    @property
    def becomes(self) -> str:
        strides = _integers(self.node, "strides")
        across = {size for at, size in enumerate(strides) if at not in (0, self.axis)}
        plain = len(across) == 1 and set(_integers(self.node, "dilations")) <= {1}
        alone = self.groups == self.channels and _word(self.node, "padding") != b"EXPLICIT"
        return DEPTHWISE if plain and alone else SPLIT


def _integers(node: Any, key: str) -> Sequence[int]:
    # asking for an attribute that is not there would make it
    return node.attr[key].list.i if key in node.attr else ()


def _word(node: Any, key: str) -> bytes:
    return node.attr[key].s if key in node.attr else b""


def _rewritten(nodes: Any, shapes: Shapes, reference: Callable[..., str]) -> Counter[str]:
    convolutions = [_convolution(node, shapes) for node in nodes if _may_be(node)]
    grouped = [convolution for convolution in convolutions if convolution is not None]
    replacement = _Replacement(nodes, reference)
    for convolution in grouped:
        if convolution.node.op == _DEPTHWISE:
            _as_convolution(convolution, replacement)
        (_as_depthwise if convolution.becomes == DEPTHWISE else _as_split)(
            convolution, replacement
        )
    return Counter(convolution.becomes for convolution in grouped)


def _may_be(node: Any) -> bool:
    """A convolution, or one of each channel with dilations, which 1.15 passes over."""
    dilated = node.op == _DEPTHWISE and not set(_integers(node, "dilations")) <= {1}
    return node.op == "Conv2D" or dilated


def _convolution(node: Any, shapes: Shapes) -> _Convolution | None:
    image, kernel = (shapes.get(name.removesuffix(":0"), ()) for name in node.input[:2])
    axis = 1 if _word(node, "data_format") == b"NCHW" else 3
    if len(image) != 4 or len(kernel) != 4 or None in kernel:
        return None
    channels, (height, width, depth, outputs) = image[axis], kernel
    if node.op == _DEPTHWISE:
        # a group for each channel: the same numbers in the same order
        channels, depth, outputs = depth, 1, (depth or 0) * (outputs or 0)
    alone = node.op == _DEPTHWISE
    if not channels or not depth or (channels == depth and not alone) or channels % depth:
        return None
    return _Convolution(
        node=node,
        groups=channels // depth,
        channels=channels,
        axis=axis,
        kernel=(height or 0, width or 0, depth, outputs or 0),
    )


def _shapes_of_graph(graph: Any) -> dict[str, Sequence[int | None]]:
    """As TensorFlow infers them; none where it cannot load the graph."""
    import tensorflow as tf

    loaded = tf.Graph()
    try:
        with loaded.as_default():
            # importing writes defaults into what it is given
            tf.import_graph_def(type(graph).FromString(graph.SerializeToString()), name="")
    except Exception:  # noqa: BLE001 - whatever the importer raises: who runs the graph tells it
        return {}
    tensors = [tensor for operation in loaded.get_operations() for tensor in operation.outputs]
    ranked = [tensor for tensor in tensors if tensor.shape.rank is not None]
    return {tensor.name.removesuffix(":0"): tensor.shape.as_list() for tensor in ranked}


def _shapes_of_function(function: Any) -> dict[str, Sequence[int | None]]:
    """As TensorFlow wrote them beside arguments and nodes, of the first output of each."""
    shapes = {}
    for at, argument in enumerate(function.signature.input_arg):
        shapes[argument.name] = _first_shape(function.arg_attr[at].attr)
    for node in function.node_def:
        shapes[f"{node.name}:{_first_output(node)}"] = _first_shape(node.attr)
    return shapes


def _first_shape(attributes: Any) -> Sequence[int | None]:
    shapes = attributes["_output_shapes"].list.shape if "_output_shapes" in attributes else ()
    if not shapes or shapes[0].unknown_rank:
        return ()
    return [dim.size if dim.size >= 0 else None for dim in shapes[0].dim]


def _first_output(node: Any) -> str:
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    return definition.output_arg[0].name if definition and definition.output_arg else _OUTPUT


# --- what they become -----------------------------------------------------------------------


def _in_graph(name: str, place: int = 0) -> str:
    return f"{name}:{place}" if place else name


def _in_function(name: str, place: int = 0) -> str:
    return f"{name}:{_OUTPUT}:{place}"


class _Replacement:
    """Nodes added to ``nodes``, named after the convolution that they serve."""

    def __init__(self, nodes: Any, reference: Callable[..., str]) -> None:
        self.reference = reference
        self._nodes = nodes
        self._taken = {node.name for node in nodes}
        self._givers = {node.name: node for node in nodes}
        self._takers = Counter(name.removesuffix(":0") for node in nodes for name in node.input)

    def constants_for(self, tensor: str) -> list[Any]:
        """The constant that ``tensor`` is and the identities on the way, the constant last; none
        where something else takes from them as well."""
        way: list[Any] = []
        while (tensor := tensor.removesuffix(":0")) in self._givers:
            giver = self._givers[tensor]
            if self._takers[tensor] != 1 or giver.op not in ("Const", "Identity"):
                return []
            way.append(giver)
            if giver.op == "Const":
                return way
            tensor = giver.input[0]
        return []

    def node(self, of: Any, word: str, op: str, inputs: Sequence[str], **types: int) -> Any:
        name = f"{of.name}/{word}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        added = self._nodes.add(name=name, op=op, device=of.device, input=inputs)
        for key, code in types.items():
            added.attr[key].type = code
        return added

    def integers(self, of: Any, word: str, value: int | Sequence[int]) -> str:
        """The reference of a constant of int32."""
        import numpy as np
        import tensorflow as tf

        constant = self.node(of, word, "Const", (), dtype=tf.int32.as_datatype_enum)
        constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.asarray(value, np.int32)))
        return self.reference(constant.name)


def _as_depthwise(convolution: _Convolution, replacement: _Replacement) -> None:
    """Outputs of a channel lie beside each other in both: the kernel's numbers stay in order."""
    node, (height, width, _, outputs) = convolution.node, convolution.kernel
    sizes = (height, width, convolution.channels, outputs // convolution.channels)
    node.op = _DEPTHWISE
    if way := replacement.constants_for(node.input[1]):
        for dim, size in zip(way[-1].attr["value"].tensor.tensor_shape.dim, sizes, strict=True):
            dim.size = size
        for passed in way:
            passed.attr.pop("_output_shapes", None)
    else:
        named, code = replacement.integers(node, "kernel_shape", sizes), node.attr["T"].type
        kernel = replacement.node(
            node, "kernel", "Reshape", (node.input[1], named), T=code, Tshape=3
        )
        node.input[1] = replacement.reference(kernel.name)
    for key in [k for k in node.attr if k not in _DEPTHWISE_ATTRIBUTES and k[0] != "_"]:
        del node.attr[key]


def _as_convolution(convolution: _Convolution, replacement: _Replacement) -> None:
    node, code = convolution.node, convolution.node.attr["T"].type
    named = replacement.integers(node, "kernel_shape", convolution.kernel)
    kernel = replacement.node(node, "kernel", "Reshape", (node.input[1], named), T=code, Tshape=3)
    node.op = "Conv2D"
    node.input[1] = replacement.reference(kernel.name)


def _as_split(convolution: _Convolution, replacement: _Replacement) -> None:
    node, code = convolution.node, convolution.node.attr["T"].type
    image = _parts(convolution, replacement, "images", node.input[0], convolution.axis)
    kernel = _parts(convolution, replacement, "kernels", node.input[1], 3)
    ends = []
    for place in range(convolution.groups):
        inputs = [replacement.reference(image, place), replacement.reference(kernel, place)]
        part = replacement.node(node, f"group_{place}", "Conv2D", inputs)
        for key in [key for key in node.attr if key[0] != "_"]:
            part.attr[key].CopyFrom(node.attr[key])
        ends.append(replacement.reference(part.name))
    waits = [name for name in node.input if name.startswith("^")]
    axis = replacement.integers(node, "axis", convolution.axis)
    node.op = "ConcatV2"
    del node.input[:]
    node.input.extend([*ends, axis, *waits])
    for key in [key for key in node.attr if key != "_output_shapes"]:
        del node.attr[key]
    node.attr["N"].i = convolution.groups
    node.attr["T"].type = code
    node.attr["Tidx"].type = 3


def _parts(
    convolution: _Convolution, replacement: _Replacement, word: str, tensor: str, axis: int
) -> str:
    """The name of the node that cuts ``tensor`` into the groups along ``axis``."""
    where = replacement.integers(convolution.node, f"{word}_axis", axis)
    split = replacement.node(
        convolution.node, word, "Split", (where, tensor), T=convolution.node.attr["T"].type
    )
    split.attr["num_split"].i = convolution.groups
    name: str = split.name
    return name
