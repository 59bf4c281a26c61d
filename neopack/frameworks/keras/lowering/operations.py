"""Operations of ``keras.ops`` between layers, in layers of Keras 2.2.4."""

from __future__ import annotations

from collections.abc import Mapping

from neopack.frameworks.keras.graph import Layer, LayerCall, Ref
from neopack.frameworks.keras.lowering import activations
from neopack.frameworks.keras.lowering.layers import Rewrite, only, plain
from neopack.frameworks.keras.lowering.old_model import Building, NotInKeras224
from neopack.values.json import AnyJson

__all__ = ["OPERATIONS"]

_MERGES = {
    "Add": "Add", "Multiply": "Multiply", "Subtract": "Subtract", "Maximum": "Maximum",
    "Minimum": "Minimum",
}  # fmt: skip
_ACTIVATIONS = {
    "Elu": "elu", "Exp": "exponential", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu",
    "HardSwish": "hard_silu", "HardTanh": "hard_tanh", "Mish": "mish", "Relu": "relu",
    "Relu6": "relu6", "Selu": "selu", "Sigmoid": "sigmoid", "Silu": "silu", "Swish": "silu",
    "Softplus": "softplus", "Softsign": "softsign", "Tanh": "tanh",
}  # fmt: skip


def _two(call: LayerCall) -> tuple[AnyJson, AnyJson]:
    values = [*call.args, *(call.kwargs[key] for key in ("x1", "x2") if key in call.kwargs)]
    if len(values) != 2:
        raise NotInKeras224(f"an operation on {len(values)} values")
    first, second = (operand if isinstance(operand, Ref) else plain(operand) for operand in values)
    return first, second


def _binary(b: Building, layer: Layer, call: LayerCall) -> int:
    kind, (first, second) = layer.class_name, _two(call)
    if isinstance(first, Ref) and isinstance(second, Ref):
        if kind not in _MERGES:
            raise NotInKeras224(f"{kind} of two tensors", "Multiply")
        return b.add(b.name(layer), _MERGES[kind], {}, b.inputs([first, second]))
    tensor, number = (first, second) if isinstance(first, Ref) else (second, first)
    line = _line(kind, number, tensor_first=isinstance(first, Ref))
    if line is None:
        raise NotInKeras224(f"{kind} with {number}", "Add or Multiply")
    b.note("arithmetic with a constant became a batch normalization", b.name(layer))
    x = b.made[tensor.call]
    return b.affine(b.name(layer), x, *line, b.channels(tensor, layer))


def _line(kind: str, number: AnyJson, *, tensor_first: bool) -> tuple[AnyJson, AnyJson] | None:
    """(scale, offset) of an operation with a constant."""
    import numpy as np

    value = np.asarray(number, np.float64)
    if kind == "Add":
        return 1.0, value
    if kind == "Multiply":
        return value, 0.0
    if kind == "Subtract":
        return (1.0, -value) if tensor_first else (-1.0, value)
    if kind in ("Divide", "TrueDivide") and tensor_first and value.all():
        return 1.0 / value, 0.0
    return None


def _unary(b: Building, layer: Layer, call: LayerCall) -> int:
    ref, x = only(b, call)
    name = _ACTIVATIONS[layer.class_name]
    return activations.activate(b, x, name, b.name(layer), b.channels(ref))


def _gelu(b: Building, layer: Layer, call: LayerCall) -> int:
    ref, x = only(b, call)
    name = "gelu_tanh" if layer.config.get("approximate", True) else "gelu"
    return activations.activate(b, x, name, b.name(layer), b.channels(ref))


def _leaky(b: Building, layer: Layer, call: LayerCall) -> int:
    _, x = only(b, call)
    return b.add(b.name(layer), "LeakyReLU", {"alpha": layer.config["negative_slope"]}, [x])


def _softmax(b: Building, layer: Layer, call: LayerCall) -> int:
    _, x = only(b, call)
    return b.add(b.name(layer), "Softmax", {"axis": layer.config.get("axis", -1)}, [x])


def _negative(b: Building, layer: Layer, call: LayerCall) -> int:
    ref, x = only(b, call)
    return b.affine(b.name(layer), x, -1.0, 0.0, b.channels(ref))


def _square(b: Building, layer: Layer, call: LayerCall) -> int:
    _, x = only(b, call)
    return b.add(b.name(layer), "Multiply", {}, [x, x])


def _identity(b: Building, layer: Layer, call: LayerCall) -> int:
    return only(b, call)[1]


def _over_image(b: Building, layer: Layer, call: LayerCall) -> int:
    """Mean or Max over height and width."""
    ref, x = only(b, call)
    axes = plain(layer.config.get("axis"))
    if len(ref.shape or ()) != 4 or sorted(axes or []) not in ([1, 2], [-3, -2]):
        raise NotInKeras224(f"{layer.class_name} over the axes {axes}", "GlobalAveragePooling2D")
    kind = "GlobalAveragePooling2D" if layer.class_name == "Mean" else "GlobalMaxPooling2D"
    reduced = b.add(b.name(layer), kind, {"data_format": "channels_last"}, [x])
    if not layer.config.get("keepdims"):
        return reduced
    shape = [1, 1, b.channels(ref)]
    return b.add(f"{b.name(layer)}_dims", "Reshape", {"target_shape": shape}, [reduced])


def _concatenate(b: Building, layer: Layer, call: LayerCall) -> int:
    return b.add(
        b.name(layer), "Concatenate", {"axis": layer.config.get("axis", -1)}, b.inputs(call.args)
    )


def _reshape(b: Building, layer: Layer, call: LayerCall) -> int:
    _, x = only(b, call)
    shape = plain(layer.config.get("newshape"))
    if not isinstance(shape, list) or len(shape) < 2 or shape[0] not in (-1, None):
        raise NotInKeras224(f"Reshape to {shape}, the batch among it", "layers.Reshape")
    return b.add(b.name(layer), "Reshape", {"target_shape": shape[1:]}, [x])


def _transpose(b: Building, layer: Layer, call: LayerCall) -> int:
    _, x = only(b, call)
    axes = plain(layer.config.get("axes"))
    if not isinstance(axes, list) or axes[:1] != [0]:
        raise NotInKeras224(f"Transpose by {axes}", "layers.Permute")
    return b.add(b.name(layer), "Permute", {"dims": axes[1:]}, [x])


OPERATIONS: Mapping[str, Rewrite] = {
    **dict.fromkeys((*_MERGES, "Divide", "TrueDivide"), _binary),
    **dict.fromkeys(_ACTIVATIONS, _unary),
    "Concatenate": _concatenate,
    "Gelu": _gelu,
    "Identity": _identity,
    "LeakyRelu": _leaky,
    "Max": _over_image,
    "Mean": _over_image,
    "Negative": _negative,
    "Reshape": _reshape,
    "Softmax": _softmax,
    "Square": _square,
    "Transpose": _transpose,
}
