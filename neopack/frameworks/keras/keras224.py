"""Layers that Keras 2.2.4 has: which words of their configs it knows, and which weights they have.

Taken from the signatures in keras 2.2.4 (layers/*.py). Initializers, regularizers and constraints
are left out throughout: they say nothing about what a trained model computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neopack.values.json import AnyJson

__all__ = [
    "ACTIVATED",
    "IDENTITIES",
    "KEPT",
    "TRAINED",
    "VERSIONED",
    "LayerSchema",
    "weight_names",
]


@dataclass(frozen=True, slots=True)
class LayerSchema:
    """``words`` of the config, and names of the weights in their order in a file."""

    words: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_CONV = _words("filters kernel_size strides padding data_format dilation_rate use_bias")
_POOL = LayerSchema(_words("pool_size strides padding data_format"))
_GLOBAL = LayerSchema(_words("data_format"))
_KERNEL = ("kernel", "bias")
_SEPARABLE = LayerSchema(
    (*_CONV, "depth_multiplier"), ("depthwise_kernel", "pointwise_kernel", "bias")
)
_RNN = _words("units use_bias return_sequences go_backwards stateful unroll")
_RECURRENT = ("kernel", "recurrent_kernel", "bias")

KEPT: Mapping[str, LayerSchema] = {
    "Activation": LayerSchema(),
    "Add": LayerSchema(),
    "AlphaDropout": LayerSchema(("rate",)),
    "Average": LayerSchema(),
    **{f"AveragePooling{n}D": _POOL for n in (1, 2, 3)},
    "BatchNormalization": LayerSchema(
        _words("axis momentum epsilon center scale"),
        ("gamma", "beta", "moving_mean", "moving_variance"),
    ),
    "Concatenate": LayerSchema(("axis",)),
    **{f"Conv{n}D": LayerSchema(_CONV, _KERNEL) for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": LayerSchema((*_CONV, "output_padding"), _KERNEL) for n in (2, 3)},
    **{f"Cropping{n}D": LayerSchema(_words("cropping data_format")) for n in (2, 3)},
    "Cropping1D": LayerSchema(("cropping",)),
    "Dense": LayerSchema(_words("units use_bias"), _KERNEL),
    "DepthwiseConv2D": LayerSchema(
        _words("kernel_size strides padding depth_multiplier data_format dilation_rate use_bias"),
        ("depthwise_kernel", "bias"),
    ),
    "Dot": LayerSchema(_words("axes normalize")),
    "Dropout": LayerSchema(("rate",)),
    "ELU": LayerSchema(("alpha",)),
    "Embedding": LayerSchema(_words("input_dim output_dim mask_zero"), ("embeddings",)),
    "Flatten": LayerSchema(("data_format",)),
    "GRU": LayerSchema((*_RNN, "reset_after"), _RECURRENT),
    "GaussianDropout": LayerSchema(("rate",)),
    "GaussianNoise": LayerSchema(("stddev",)),
    **{f"GlobalAveragePooling{n}D": _GLOBAL for n in (2, 3)},
    **{f"GlobalMaxPooling{n}D": _GLOBAL for n in (2, 3)},
    "GlobalAveragePooling1D": LayerSchema(),
    "GlobalMaxPooling1D": LayerSchema(),
    "LSTM": LayerSchema(_RNN, _RECURRENT),
    "LeakyReLU": LayerSchema(("alpha",)),
    "Masking": LayerSchema(("mask_value",)),
    "Maximum": LayerSchema(),
    **{f"MaxPooling{n}D": _POOL for n in (1, 2, 3)},
    "Minimum": LayerSchema(),
    "Multiply": LayerSchema(),
    "PReLU": LayerSchema(("shared_axes",), ("alpha",)),
    "Permute": LayerSchema(("dims",)),
    "ReLU": LayerSchema(_words("max_value negative_slope threshold")),
    "RepeatVector": LayerSchema(("n",)),
    "Reshape": LayerSchema(("target_shape",)),
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "SimpleRNN": LayerSchema(_RNN, _RECURRENT),
    "Softmax": LayerSchema(("axis",)),
    "SpatialDropout1D": LayerSchema(("rate",)),
    **{f"SpatialDropout{n}D": LayerSchema(_words("rate data_format")) for n in (2, 3)},
    "Subtract": LayerSchema(),
    "ThresholdedReLU": LayerSchema(("theta",)),
    "UpSampling1D": LayerSchema(("size",)),
    "UpSampling2D": LayerSchema(_words("size data_format interpolation")),
    "UpSampling3D": LayerSchema(_words("size data_format")),
    **{f"ZeroPadding{n}D": LayerSchema(_words("padding data_format")) for n in (2, 3)},
    "ZeroPadding1D": LayerSchema(("padding",)),
}

# layers with an activation of their own
ACTIVATED = frozenset(
    {name for name in KEPT if "Conv" in name} | {"Dense", "LSTM", "GRU", "SimpleRNN", "Activation"}
)

# what tf.keras of TensorFlow 1.13 to 1.15 calls layers of Keras
VERSIONED: Mapping[str, str] = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
}

# what does nothing to a model that is not being trained
IDENTITIES = frozenset(
    {
        "ActivityRegularization",
        "AutoContrast",
        "AugMix",
        "CutMix",
        "Identity",
        "MixUp",
        "RandomBrightness",
        "RandomColorDegeneration",
        "RandomColorJitter",
        "RandomContrast",
        "RandomElasticTransform",
        "RandomErasing",
        "RandomFlip",
        "RandomGaussianBlur",
        "RandomGrayscale",
        "RandomHue",
        "RandomInvert",
        "RandomPerspective",
        "RandomPosterization",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
        "StochasticDepth",
    }
)

# what computes otherwise in training; Keras 3 writes training=True of random augmentation unasked
TRAINED = frozenset(
    {name for name in KEPT if "Dropout" in name or "BatchNorm" in name} | {"GaussianNoise"}
)


def weight_names(class_name: str, config: Mapping[str, AnyJson]) -> tuple[str, ...]:
    """The weights that a layer of this config has, in their order."""
    kind = VERSIONED.get(class_name, class_name)
    names = KEPT[kind].weights if kind in KEPT else ()
    without = {
        "bias": config.get("use_bias") is False,
        "gamma": config.get("scale") is False,
        "beta": config.get("center") is False,
    }
    return tuple(name for name in names if not without.get(name, False))
