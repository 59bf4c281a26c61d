"""The outputs that TVM's importer gives a Darknet network: what the last layer computes, and of
each layer that finds boxes what it computes, its anchors, and its sizes.

Source: apache/tvm v0.9.0 python/tvm/relay/frontend/darknet.py, from_darknet and _make_outlist.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from neopack.frameworks.darknet.network import Layer, Network
from neopack.values.signature import TensorSpec

__all__ = ["NetworkOutput", "network_outputs", "output_specs"]

DETECTORS = ("YOLO", "REGION")
# two dims, whatever came before
FLAT = ("SOFTMAX", "CONNECTED")
PASSED = ("COST",)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOutput:
    """What layer ``place`` computes, or with ``constant`` its mask, anchors or sizes."""

    name: str
    place: int
    constant: str = ""


def network_outputs(network: Network) -> tuple[NetworkOutput, ...]:
    """In the order of the compiled network."""
    last = max(at for at, layer in enumerate(network.layers) if layer.type not in PASSED)
    found: list[NetworkOutput] = []
    for at, layer in enumerate(network.layers):
        if layer.type in DETECTORS:
            own = [_constant(at, what) for what in _constants(layer)]
            found = [*([] if at == last else [_computed(at)]), *own, *found]
    return (_computed(last), *found)


def output_specs(network: Network, batch: int) -> tuple[TensorSpec, ...]:
    """Those of known shapes: none where a layer of an unknown type comes before an output."""
    outputs = network_outputs(network)
    if any(network.layers[each.place].gives is None for each in outputs):
        return ()
    return tuple(_spec(each, network.layers[each.place], batch) for each in outputs)


def _spec(output: NetworkOutput, layer: Layer, batch: int) -> TensorSpec:
    if output.constant:
        dtype = "float32" if output.constant == "anchors" else "int32"
        shape: tuple[int, ...] = (len(layer.constants[output.constant]),)
        return TensorSpec(name=output.name, dtype=dtype, shape=shape)
    gives = layer.gives or (0, 0, 0)
    shape = (batch, prod(gives)) if layer.type in FLAT else (batch, *gives)
    return TensorSpec(name=output.name, dtype="float32", shape=shape)


def _constants(layer: Layer) -> tuple[str, ...]:
    return ("mask", "anchors", "sizes") if layer.type == "YOLO" else ("anchors", "sizes")


def _computed(at: int) -> NetworkOutput:
    return NetworkOutput(name=f"layer{at}", place=at)


def _constant(at: int, what: str) -> NetworkOutput:
    return NetworkOutput(name=f"layer{at}.{what}", place=at, constant=what)
