"""Layers that Keras 2.2.4 lacks, or defines differently, as layers that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from neopack.errors import Malformed
from neopack.frameworks.keras import keras224
from neopack.frameworks.keras.graph import Layer, LayerCall, Ref
from neopack.frameworks.keras.lowering import activations
from neopack.frameworks.keras.lowering.old_model import Building, NotInKeras224
from neopack.values.artifact import Array
from neopack.values.json import AnyJson

__all__ = ["LAYERS", "Rewrite", "keep", "only"]

Rewrite = Callable[[Building, Layer, LayerCall], int]
SMALLEST_DEVIATION = 1e-7  # keras.config.epsilon(), below which Normalization does not divide
RECURRENT = ("SimpleRNN", "LSTM", "GRU")


def only(b: Building, call: LayerCall) -> tuple[Ref, int]:
    """The one tensor that a call takes: as the graph states it, and here."""
    refs = [value for value in (*call.args, *call.kwargs.values()) if isinstance(value, Ref)]
    if len(refs) != 1:
        raise NotInKeras224(f"a call with {len(refs)} tensors")
    return refs[0], b.made[refs[0].call]


# --- layers of 2.2.4 ------------------------------------------------------------------------


def keep(b: Building, layer: Layer, call: LayerCall) -> int:
    """A layer that 2.2.4 has: its config in the words of 2.2.4, its weights as they are."""
    kind, name = layer.class_name, b.name(layer)
    _refuse_training(layer, call)
    if b.inputs(list(call.kwargs.values())):
        raise NotInKeras224("a mask or a state given as a tensor")
    config = {w: plain(layer.config[w]) for w in keras224.KEPT[kind].words if w in layer.config}
    weights = _named_weights(b, layer)
    if kind in _ADJUSTED:
        config, weights = _ADJUSTED[kind](b, layer, config, weights)
    activation = layer.config.get("activation") if kind in keras224.ACTIVATED else None
    fused = activations.named(activation) in activations.PLAIN
    if kind in RECURRENT:
        config |= _recurrent(layer)
    elif kind in keras224.ACTIVATED:
        config["activation"] = activations.named(activation) if fused else "linear"
    output = b.add(name, kind, config, b.inputs(call.args), weights)
    return output if fused else activations.activate(b, output, activation, name, None)


def _refuse_training(layer: Layer, call: LayerCall) -> None:
    if layer.class_name in keras224.TRAINED and call.in_training:
        raise NotInKeras224(
            f"{layer.class_name} called with training=True", "the layer called without training"
        )


def _named_weights(b: Building, layer: Layer) -> list[tuple[str, Array]]:
    names, arrays = keras224.weight_names(layer.class_name, layer.config), b.arrays(layer)
    if len(names) != len(arrays):
        raise Malformed(
            f"the layer {layer.path!r} has {len(arrays)} weights where {len(names)} belong",
            where=b.graph.where,
        )
    return list(zip(names, arrays, strict=True))


def plain(value: AnyJson) -> AnyJson:
    """A value of a config without Keras 3's ways to write tuples and arrays."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        return [plain(item) for item in value.get("items", [])]
    if isinstance(value, dict) and value.get("class_name") in ("__numpy__", "__tensor__"):
        return value.get("config", {}).get("value")
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _activation(b: Building, layer: Layer, call: LayerCall) -> int:
    _, x = only(b, call)
    name, activation = b.name(layer), layer.config.get("activation")
    if activations.named(activation) in activations.PLAIN:
        return b.add(name, "Activation", {"activation": activations.named(activation)}, [x])
    ref, _ = only(b, call)
    return activations.activate(b, x, activation, name, b.channels(ref, layer))


Adjusted = tuple[dict[str, AnyJson], list[tuple[str, Array]]]
Adjust = Callable[[Building, Layer, dict[str, AnyJson], list[tuple[str, Array]]], Adjusted]


def _adjust_conv(
    b: Building, layer: Layer, config: dict[str, AnyJson], weights: list[tuple[str, Array]]
) -> Adjusted:
    groups = layer.config.get("groups") or 1
    if groups != 1:
        if layer.class_name != "Conv2D":
            raise NotInKeras224(f"{layer.class_name} in {groups} groups", "Conv2D")
        weights = [("kernel", _block_diagonal(weights[0][1], groups)), *weights[1:]]
        b.note("a convolution in groups became one whose other weights are 0", b.name(layer))
    return config, weights


def _block_diagonal(kernel: Array, groups: int) -> Array:
    """(height, width, in / groups, out) to (height, width, in, out)."""
    import numpy as np

    height, width, narrow, out = kernel.shape
    wide = np.zeros((height, width, narrow * groups, out), kernel.dtype)
    each = out // groups
    for group in range(groups):
        columns = slice(group * each, (group + 1) * each)
        wide[:, :, group * narrow : (group + 1) * narrow, columns] = kernel[..., columns]
    return wide


def _adjust_norm(
    b: Building, layer: Layer, config: dict[str, AnyJson], weights: list[tuple[str, Array]]
) -> Adjusted:
    axis = config.get("axis", -1)
    if isinstance(axis, list):  # tf.keras kept a list of one
        config["axis"] = axis[0]
    return config, weights


def _adjust_leaky(
    b: Building, layer: Layer, config: dict[str, AnyJson], weights: list[tuple[str, Array]]
) -> Adjusted:
    slope = layer.config.get("negative_slope", layer.config.get("alpha", 0.3))
    return {"alpha": slope}, weights


def _adjust_upsampling(
    b: Building, layer: Layer, config: dict[str, AnyJson], weights: list[tuple[str, Array]]
) -> Adjusted:
    how = config.get("interpolation", "nearest")
    if how != "nearest":
        raise NotInKeras224(
            f"UpSampling2D by {how} interpolation, which TensorFlow 1.15 places half a pixel off",
            "UpSampling2D with interpolation='nearest', or Conv2DTranspose",
        )
    return config, weights


def _adjust_softmax(
    b: Building, layer: Layer, config: dict[str, AnyJson], weights: list[tuple[str, Array]]
) -> Adjusted:
    axis = config.get("axis", -1)
    if isinstance(axis, list) and len(axis) != 1:
        raise NotInKeras224("Softmax over several axes", "Reshape before it")
    return {"axis": axis[0] if isinstance(axis, list) else axis}, weights


_ADJUSTED: Mapping[str, Adjust] = {
    **{f"Conv{n}D": _adjust_conv for n in (1, 2, 3)},
    "BatchNormalization": _adjust_norm,
    "LeakyReLU": _adjust_leaky,
    "UpSampling2D": _adjust_upsampling,
    "Softmax": _adjust_softmax,
}


def _recurrent(layer: Layer) -> dict[str, AnyJson]:
    words = ["activation"] + ["recurrent_activation"] * (layer.class_name != "SimpleRNN")
    names = {word: activations.named(layer.config.get(word, "tanh")) for word in words}
    for name in names.values():
        if name not in activations.PLAIN:
            raise NotInKeras224(f"{name} inside {layer.class_name}", "sigmoid or tanh")
    if layer.config.get("return_state"):
        raise NotInKeras224(f"{layer.class_name} that returns its state", "return_state=False")
    return names


# --- layers of Keras 3 ----------------------------------------------------------------------


def _rescaling(b: Building, layer: Layer, call: LayerCall) -> int:
    ref, x = only(b, call)
    b.note("Rescaling became a batch normalization", b.name(layer))
    scale, offset = plain(layer.config.get("scale")), plain(layer.config.get("offset", 0.0))
    return b.affine(b.name(layer), x, scale, offset, b.channels(ref, layer))


def _normalization(b: Building, layer: Layer, call: LayerCall) -> int:
    """(x - mean) / sqrt(variance), or back with ``invert``."""
    import numpy as np

    ref, x = only(b, call)
    axis = plain(layer.config.get("axis", -1))
    axes = axis if isinstance(axis, list) else [axis]
    rank = len(ref.shape or layer.build_shape or (None,) * 4)
    if axes not in ([-1], [rank - 1], []) or axis is None:
        raise NotInKeras224(f"Normalization over the axes {axis}", "axis=-1")
    arrays = b.arrays(layer)
    mean = arrays[0] if arrays else plain(layer.config.get("mean"))
    variance = arrays[1] if arrays else plain(layer.config.get("variance"))
    if mean is None or variance is None:
        raise NotInKeras224("Normalization that was not adapted", "adapt() it, or give it mean")
    mean, deviation = np.ravel(mean), np.sqrt(np.ravel(np.asarray(variance, np.float64)))
    deviation = np.maximum(deviation, SMALLEST_DEVIATION)
    b.note("Normalization became a batch normalization", b.name(layer))
    channels = b.channels(ref, layer)
    if layer.config.get("invert"):
        return b.affine(b.name(layer), x, deviation, mean, channels)
    return b.affine(b.name(layer), x, 1 / deviation, -mean / deviation, channels)


def _identity(b: Building, layer: Layer, call: LayerCall) -> int:
    b.note(f"{layer.class_name} was left out: it does nothing outside of training", layer.name)
    return b.inputs(call.args)[0]


def _pool_keeping_dims(b: Building, layer: Layer, call: LayerCall) -> int:
    pooled = keep(b, layer, call)
    if not layer.config.get("keepdims"):
        return pooled
    channels = b.channels(only(b, call)[0], layer)
    if channels is None or plain(layer.config.get("data_format")) == "channels_first":
        raise NotInKeras224("keepdims of an unknown number of channels")
    b.note("keepdims of a global pooling became a Reshape", b.name(layer))
    ones = [1] * int(layer.class_name[-2])
    return b.add(f"{b.name(layer)}_dims", "Reshape", {"target_shape": [*ones, channels]}, [pooled])


def _scaled_sum(b: Building, layer: Layer, call: LayerCall) -> int:
    """keras.applications.InceptionResNetV2: the first tensor and a fraction of the second."""
    first, second = b.inputs(call.args)
    name, scale = b.name(layer), layer.config.get("scale", 1.0)
    b.note("CustomScaleLayer became a batch normalization and an Add", name)
    part = b.affine(f"{name}_part", second, scale, 0.0, b.channels_at(second))
    return b.add(name, "Add", {}, [first, part])


def _layer_scale(b: Building, layer: Layer, call: LayerCall) -> int:
    """keras.applications.ConvNeXt: a number for each channel."""
    ref, x = only(b, call)
    (gamma,) = b.arrays(layer)
    b.note("LayerScale became a batch normalization", b.name(layer))
    return b.affine(b.name(layer), x, gamma, 0.0, b.channels(ref, layer))


def _resizing(b: Building, layer: Layer, call: LayerCall) -> int:
    """Only where it changes nothing."""
    ref, x = only(b, call)
    target = (layer.config.get("height"), layer.config.get("width"))
    shape = ref.shape or layer.build_shape or ()
    if shape[1:3] != target:
        raise NotInKeras224(
            f"Resizing to {target[0]}x{target[1]}", "images of that size, resized before"
        )
    return x


def _center_crop(b: Building, layer: Layer, call: LayerCall) -> int:
    ref, x = only(b, call)
    shape = ref.shape or layer.build_shape or ()
    if len(shape) != 4 or shape[1] is None or shape[2] is None:
        raise NotInKeras224("CenterCrop of an unknown size", "Cropping2D")
    spare = (shape[1] - layer.config["height"], shape[2] - layer.config["width"])
    if min(spare) < 0:
        raise NotInKeras224("CenterCrop of a smaller image, which resizes it", "Cropping2D")
    cropping = [[size // 2, size - size // 2] for size in spare]
    b.note("CenterCrop became Cropping2D", b.name(layer))
    return b.add(b.name(layer), "Cropping2D", {"cropping": cropping}, [x])


def _versioned(b: Building, layer: Layer, call: LayerCall) -> int:
    return keep(b, replace(layer, class_name=keras224.VERSIONED[layer.class_name]), call)


LAYERS: Mapping[str, Rewrite] = {
    **dict.fromkeys(keras224.KEPT, keep),
    **dict.fromkeys(keras224.VERSIONED, _versioned),
    **dict.fromkeys(keras224.IDENTITIES, _identity),
    **{
        f"Global{how}Pooling{n}D": _pool_keeping_dims
        for how in ("Average", "Max")
        for n in (1, 2, 3)
    },
    "Activation": _activation,
    "CenterCrop": _center_crop,
    "CustomScaleLayer": _scaled_sum,
    "LayerScale": _layer_scale,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "Resizing": _resizing,
}
