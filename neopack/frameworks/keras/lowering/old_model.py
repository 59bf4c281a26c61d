"""The Keras 2.2.4 model being built: its layers, calls and rewrites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neopack.frameworks.keras.graph import Layer, LayerGraph, Ref
from neopack.values.artifact import Array
from neopack.values.json import AnyJson
from neopack.values.signature import Shape

__all__ = ["Building", "NotInKeras224", "OldCall", "OldLayer", "OldModel"]

# Keras 2.2.4 wants at least 1e-3 where it hands batch normalization to a GPU
EPSILON = 1e-3
_SAME_CHANNELS = (
    "Activation", "BatchNormalization", "Pooling", "Padding", "Cropping", "Dropout", "ReLU", "ELU",
    "Add", "Multiply", "Subtract", "Maximum", "Minimum", "Average", "Softmax", "UpSampling",
    "GaussianNoise",
)  # fmt: skip


class NotInKeras224(Exception):
    """What Keras 2.2.4 has no layers for; ``instead`` says what to use in its place."""

    def __init__(self, what: str, instead: str = "") -> None:
        super().__init__(what)
        self.what, self.instead = what, instead


@dataclass(frozen=True, slots=True, kw_only=True)
class OldLayer:
    name: str
    class_name: str
    config: Mapping[str, AnyJson]
    weights: tuple[tuple[str, Array], ...] = ()


@dataclass(frozen=True, slots=True)
class OldCall:
    layer: str
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OldModel:
    """Layers by name, and calls, each after those that it takes its inputs from."""

    name: str
    layers: Mapping[str, OldLayer]
    calls: tuple[OldCall, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    rewrites: tuple[str, ...] = ()


@dataclass(slots=True)
class Building:
    """``made`` has for each call of the graph the call here that gives its tensor."""

    graph: LayerGraph
    weights: Mapping[str, Sequence[Array]]
    layers: dict[str, OldLayer] = field(default_factory=dict)
    calls: list[OldCall] = field(default_factory=list)
    made: dict[int, int] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _channels: dict[int, int | None] = field(default_factory=dict)

    # --- making -----------------------------------------------------------------------------

    def add(
        self,
        name: str,
        class_name: str,
        config: Mapping[str, AnyJson],
        inputs: Sequence[int],
        weights: Sequence[tuple[str, Array]] = (),
    ) -> int:
        """A call of the layer of that name, which is made at its first call; later calls of a
        shared layer find it there."""
        if name not in self.layers:
            self.layers[name] = OldLayer(
                name=name, class_name=class_name, config=dict(config), weights=tuple(weights)
            )
        self.calls.append(OldCall(name, tuple(inputs)))
        at = len(self.calls) - 1
        self._channels[at] = self._channels_of(self.layers[name], inputs)
        return at

    def affine(self, name: str, x: int, scale: Any, offset: Any, channels: int | None) -> int:
        """``scale * x + offset``, numbers or one for each channel, as a batch normalization
        whose mean is 0 and whose variance and epsilon add up to 1."""
        import numpy as np

        wide = max(np.size(scale), np.size(offset))
        channels = channels or (wide if wide > 1 else None)
        if channels is None:
            raise NotInKeras224("arithmetic on an unknown number of channels")
        if wide not in (1, channels):
            raise NotInKeras224(f"arithmetic with {wide} numbers on {channels} channels")
        ones = np.ones(channels, np.float32)
        weights = [
            ("gamma", (ones * np.ravel(scale)).astype(np.float32)),
            ("beta", (ones * np.ravel(offset)).astype(np.float32)),
            ("moving_mean", np.zeros(channels, np.float32)),
            ("moving_variance", (ones - np.float32(EPSILON)).astype(np.float32)),
        ]
        config = {"axis": -1, "momentum": 0.99, "epsilon": EPSILON, "center": True, "scale": True}
        return self.add(name, "BatchNormalization", config, [x], weights)

    def note(self, what: str, name: str) -> None:
        """Note a rewrite, once for all the layers that it applies to."""
        names = self.notes.setdefault(what, [])
        if name not in names:
            names.append(name)

    # --- asking -----------------------------------------------------------------------------

    def name(self, layer: Layer) -> str:
        """A layer's name here: its own where that is still free, else with those around it."""
        if layer.path not in self._names:
            plain = _plain(layer.name) or "layer"
            taken = set(self._names.values())
            if plain in taken:
                plain = _plain(layer.path.replace("/", "_"))
            while plain in taken:
                plain += "_"
            self._names[layer.path] = plain
        return self._names[layer.path]

    def inputs(self, value: AnyJson) -> list[int]:
        """The calls here for all the tensors in a call's arguments, in order."""
        if isinstance(value, Ref):
            return [self.made[value.call]]
        if isinstance(value, list | tuple):
            return [at for item in value for at in self.inputs(item)]
        return []

    def arrays(self, layer: Layer) -> list[Array]:
        return list(self.weights.get(layer.path, ()))

    def channels(self, ref: Ref, layer: Layer | None = None) -> int | None:
        """The last dim of a tensor, from wherever it is stated."""
        for shape in (ref.shape, layer.build_shape if layer is not None else None):
            if shape and shape[-1] is not None:
                return shape[-1]
        return self.channels_at(self.made[ref.call])

    def channels_at(self, call: int) -> int | None:
        return self._channels.get(call)

    def _channels_of(self, layer: OldLayer, inputs: Sequence[int]) -> int | None:
        config, before = layer.config, [self._channels.get(at) for at in inputs]
        if layer.class_name == "InputLayer":
            shape: Shape = tuple(config["batch_input_shape"])
            return shape[-1] if shape else None
        if "filters" in config or "units" in config:
            return int(config.get("filters") or config["units"])
        if layer.class_name == "DepthwiseConv2D" and before[0]:
            return before[0] * int(config.get("depth_multiplier", 1))
        if layer.class_name == "Concatenate" and all(before):
            return sum(count or 0 for count in before) if config["axis"] in (-1, 3) else before[0]
        if any(kind in layer.class_name for kind in _SAME_CHANNELS):
            return max((count for count in before if count), default=None)
        return None


def _plain(name: str) -> str:
    """A name that TensorFlow 1.15 takes for a scope."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in name)
    return plain if plain[:1].isalnum() or not plain else f"layer{plain}"
