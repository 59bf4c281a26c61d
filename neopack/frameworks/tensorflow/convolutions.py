"""Convolutions of a graph that TensorFlow 1.15 computes otherwise than newer ones, or not at all
on CPUs, as far as the graph's bytes tell their sizes: shapes that TensorFlow wrote beside nodes,
constants, variables, and what leaves channels as they are.

"The Conv2D op currently does not support grouped convolutions on the CPU" (conv_ops.cc, v1.15.0);
DepthwiseConv2dNative there passes over dilations without a word (run in 1.15.0, 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from neopack.values.signature import Shape

__all__ = ["CONVOLUTIONS", "ConvolutionAttributes", "Convolutions"]

DEPTHWISE = "DepthwiseConv2dNative"
CONVOLUTIONS = ("Conv2D", DEPTHWISE)
# give what they take
_SAME = frozenset({"Identity", "ReadVariableOp", "StopGradient", "Snapshot", "CheckNumerics"})
# give as many channels as their first input has
_SAME_CHANNELS = _SAME | {
    "AvgPool", "BiasAdd", "Elu", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3",
    "LeakyRelu", "MaxPool", "Mul", "Relu", "Relu6", "ResizeBilinear", "ResizeNearestNeighbor",
    "Selu", "Sigmoid", "Softplus", "Tanh",
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class ConvolutionAttributes:
    """What a node says of itself; ``shape`` is None where it is unknown."""

    shape: Shape | None = None
    channels_first: bool = False
    dilated: bool = False


@dataclass(slots=True)
class Convolutions:
    """Nodes come in the order of the file, which is that of their edges in nearly all; where
    it is not, less is known. ``grouped`` and ``dilated`` are names of nodes."""

    grouped: list[str] = field(default_factory=list)
    dilated: list[str] = field(default_factory=list)
    _shapes: dict[str, Shape] = field(default_factory=dict)
    _channels: dict[str, int] = field(default_factory=dict)

    def node(
        self, name: str, op: str, inputs: Sequence[str], attributes: ConvolutionAttributes
    ) -> None:
        first, second = (*(tensor.partition(":")[0] for tensor in inputs[:2]), "", "")[:2]
        shape = attributes.shape
        if shape is None and op in _SAME:
            shape = self._shapes.get(first)
        if shape is not None:
            self._shapes[name] = shape
        channels = self._channels.get(first) if op in _SAME_CHANNELS else None
        if op in CONVOLUTIONS:
            channels = self._convolution(name, op, first, self._shapes.get(second), attributes)
        if channels:
            self._channels[name] = channels

    def _convolution(
        self,
        name: str,
        op: str,
        image: str,
        kernel: Shape | None,
        attributes: ConvolutionAttributes,
    ) -> int | None:
        """How many channels it gives, where its kernel's shape is known."""
        if op == DEPTHWISE and attributes.dilated:
            self.dilated.append(name)
        if kernel is None or len(kernel) != 4:
            return None
        depth, outputs = kernel[2], kernel[3]
        if depth is None or outputs is None:
            return None
        if op == DEPTHWISE:
            return depth * outputs
        channels = self._taken(image, attributes)
        if channels and 0 < depth < channels and channels % depth == 0:
            self.grouped.append(name)
        return outputs

    def _taken(self, image: str, attributes: ConvolutionAttributes) -> int | None:
        shape = self._shapes.get(image)
        if shape is not None and len(shape) == 4:
            return shape[1 if attributes.channels_first else 3]
        return self._channels.get(image)
