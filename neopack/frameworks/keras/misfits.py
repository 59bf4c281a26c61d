"""Weights in a file that do not fit its configuration: Keras 2.2.4 compares how many layers have
weights, how many each has, and their shapes (keras/engine/saving.py of 2.2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from neopack.formats.hdf5 import Hdf5Tree
from neopack.frameworks.keras import config as configs
from neopack.frameworks.keras.channels import channels_by_layer
from neopack.frameworks.keras.graph import LayerGraph
from neopack.frameworks.keras.keras224 import KEPT, VERSIONED, weight_names
from neopack.values.json import AnyJson
from neopack.values.signature import Shape

__all__ = ["misfits"]

# of a weight: what is known of it, None for a dim that the configuration does not decide
Expected: TypeAlias = Shape
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}


def misfits(model: AnyJson, opened: LayerGraph | None, tree: Hdf5Tree) -> Iterator[str]:
    """``conv: kernel is 3x3x3x4, not 3x3x3x7`` of each weight that Keras would not load."""
    shapes = _shapes(tree)
    entries = configs.layers_of(model["config"])
    having = [_has_weights(entry) for entry in entries]
    if None not in having and sum(map(bool, having)) != len(shapes):
        yield f"weights of {len(shapes)} layers, not of {sum(map(bool, having))}"
        return
    channels = channels_by_layer(opened) if opened is not None else {}
    for entry in entries:
        name, kind = configs.name_of(entry), _kind(entry)
        if kind in KEPT and name in shapes:
            yield from _of_layer(name, entry, channels.get(name), shapes[name])


def _of_layer(
    name: str, entry: AnyJson, channels: int | None, shapes: Sequence[Shape]
) -> Iterator[str]:
    kind, config = _kind(entry), entry["config"]
    weights = weight_names(kind, config)
    if len(weights) != len(shapes):
        yield f"{name}: {len(shapes)} weights, not {len(weights)}"
        return
    expected = _expected(kind, config, channels)
    for weight, shape in zip(weights, shapes, strict=True):
        if weight in expected and not _fits(shape, expected[weight]):
            yield f"{name}: {weight} is {_text(shape)}, not {_text(expected[weight])}"


def _fits(shape: Shape, expected: Expected) -> bool:
    return len(shape) == len(expected) and all(
        known in (None, dim) for dim, known in zip(shape, expected, strict=True)
    )


def _text(shape: Shape) -> str:
    return "x".join("?" if dim is None else str(dim) for dim in shape) or "a number"


# --- what the configuration says -------------------------------------------------------------


def _expected(
    kind: str, config: Mapping[str, AnyJson], channels: int | None
) -> dict[str, Expected]:
    number = {word: value for word, value in config.items() if type(value) is int}
    if kind == "BatchNormalization":
        last = channels if config.get("axis") in (-1, 3, [-1], [3]) else None
        return dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (last,))
    if kind == "Embedding":
        return {"embeddings": (number.get("input_dim"), number.get("output_dim"))}
    if kind == "Dense":
        units = number.get("units")
        return {"kernel": (channels, units), "bias": (units,)}
    if kind in GATES and config.get("reset_after") is not True:
        units = number.get("units")
        wide = None if units is None else units * GATES[kind]
        return {"kernel": (None, wide), "recurrent_kernel": (units, wide), "bias": (wide,)}
    return _convolution(kind, config, number, channels) if "Conv" in kind else {}


def _convolution(
    kind: str, config: Mapping[str, AnyJson], number: Mapping[str, int], channels: int | None
) -> dict[str, Expected]:
    rank = next(rank for rank in (1, 2, 3) if f"{rank}D" in kind)
    size = _sizes(config.get("kernel_size"), rank)
    filters, multiplier = number.get("filters"), number.get("depth_multiplier", 1)
    if kind == "DepthwiseConv2D":
        return {"depthwise_kernel": (*size, channels, multiplier)}
    if kind.startswith("Separable"):
        return {
            "depthwise_kernel": (*size, channels, multiplier),
            "pointwise_kernel": (*(1 for _ in size), None, filters),
            "bias": (filters,),
        }
    ends = (filters, channels) if kind.endswith("Transpose") else (channels, filters)
    return {"kernel": (*size, *ends), "bias": (filters,)}


def _sizes(value: AnyJson, rank: int) -> Shape:
    if type(value) is int:
        return (value,) * rank
    fits = isinstance(value, list) and len(value) == rank
    return tuple(v if type(v) is int else None for v in value) if fits else (None,) * rank


def _kind(entry: AnyJson) -> str:
    kind: str = entry["class_name"]
    return VERSIONED.get(kind, kind)


def _has_weights(entry: AnyJson) -> bool | None:
    """None for a layer whose weights are not known."""
    kind = _kind(entry)
    if kind in configs.MODELS:
        inner = [_has_weights(each) for each in configs.layers_of(entry["config"])]
        return True if True in inner else None if None in inner else False
    if kind == "InputLayer":
        return False
    return bool(weight_names(kind, entry["config"])) if kind in KEPT else None


# --- what the file has ----------------------------------------------------------------------


def _shapes(tree: Hdf5Tree) -> dict[str, tuple[Shape, ...]]:
    """The shapes of each layer's weights in their order, of layers that have any."""
    root = "model_weights" if "model_weights" in tree.nodes else ""
    found: dict[str, tuple[Shape, ...]] = {}
    for name in _names(tree.attributes(root), "layer_names"):
        path = f"{root}/{name}" if root else name
        weights = [f"{path}/{each}" for each in _names(tree.attributes(path), "weight_names")]
        shapes = [tree.nodes[each].shape for each in weights if each in tree.nodes]
        if weights:
            found[name] = tuple(shape for shape in shapes if shape is not None)
    return found


def _names(attributes: Mapping[str, AnyJson], key: str) -> list[str]:
    """Of one attribute, or of the parts of one that was too long."""
    parts = [key, *(f"{key}{part}" for part in range(len(attributes)))]
    lists = [attributes[part] for part in parts if part in attributes]
    return [str(name) for each in lists if isinstance(each, list) for name in each]
