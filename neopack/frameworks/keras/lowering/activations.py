"""Activations of Keras 3 in the layers of Keras 2.2.4.

Keras 2.2.4 knows those in ``PLAIN`` by name. ``hard_sigmoid`` it knows too, as 0.2x+0.5, where
Keras 3 has x/6+0.5; both are spelled out, so that a file means the same to every Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from neopack.frameworks.keras.lowering.old_model import Building, NotInKeras224
from neopack.values.json import AnyJson

__all__ = ["PLAIN", "activate", "named"]

PLAIN = frozenset(
    {
        "elu",
        "exponential",
        "linear",
        "relu",
        "selu",
        "sigmoid",
        "softmax",
        "softplus",
        "softsign",
        "tanh",
    }
)
_ALIASES = {"swish": "silu", "hard_swish": "hard_silu", None: "linear"}
GELU_CUBE, GELU_SCALE = 0.044715, 0.7978845608028654


def named(activation: AnyJson) -> str:
    """An activation's name from whatever form its config has."""
    if isinstance(activation, dict):
        inner = activation.get("config")
        activation = inner if isinstance(inner, str) else activation.get("class_name", "?")
    if isinstance(activation, str):
        # registered as package>name; a private function of somebody's means the public one
        activation = activation.rsplit(">", maxsplit=1)[-1].lstrip("_")
    return str(_ALIASES.get(activation, activation))


def activate(b: Building, x: int, activation: AnyJson, base: str, channels: int | None) -> int:
    """The activation of the tensor ``x``; new layers are named after ``base``."""
    name = named(activation)
    channels = channels or b.channels_at(x)
    if name == "linear":
        return x
    if name in PLAIN:
        return b.add(f"{base}_{name}", "Activation", {"activation": name}, [x])
    if name not in _MADE:
        raise NotInKeras224(
            f"the activation {name}",
            "relu, silu, hard_silu, sigmoid, tanh, softplus, elu or selu",
        )
    output = _MADE[name](b, x, f"{base}_{name}", channels)
    b.note(f"the activation {name} was put together from layers that Keras 2.2.4 has", base)
    return output


def _plainly(b: Building, x: int, kind: str, name: str) -> int:
    return b.add(name, "Activation", {"activation": kind}, [x])


def _relu(b: Building, x: int, most: float | None, name: str) -> int:
    config = {"max_value": most, "negative_slope": 0.0, "threshold": 0.0}
    return b.add(name, "ReLU", config, [x])


def _product(b: Building, x: int, y: int, name: str) -> int:
    return b.add(name, "Multiply", {}, [x, y])


def _silu(b: Building, x: int, base: str, channels: int | None) -> int:
    return _product(b, x, _plainly(b, x, "sigmoid", f"{base}_gate"), base)


def _hard_sigmoid(b: Building, x: int, base: str, channels: int | None) -> int:
    slope = 1 / 6 if b.graph.major >= 3 else 0.2
    return _relu(b, b.affine(f"{base}_line", x, slope, 0.5, channels), 1.0, base)


def _hard_silu(b: Building, x: int, base: str, channels: int | None) -> int:
    line = b.affine(f"{base}_line", x, 1 / 6, 0.5, channels)
    return _product(b, x, _relu(b, line, 1.0, f"{base}_gate"), base)


def _relu6(b: Building, x: int, base: str, channels: int | None) -> int:
    return _relu(b, x, 6.0, base)


def _leaky_relu(b: Building, x: int, base: str, channels: int | None) -> int:
    return b.add(base, "LeakyReLU", {"alpha": 0.2}, [x])


def _mish(b: Building, x: int, base: str, channels: int | None) -> int:
    soft = _plainly(b, x, "softplus", f"{base}_softplus")
    return _product(b, x, _plainly(b, soft, "tanh", f"{base}_gate"), base)


def _hard_tanh(b: Building, x: int, base: str, channels: int | None) -> int:
    line = b.affine(f"{base}_line", x, 0.5, 0.5, channels)
    return b.affine(base, _relu(b, line, 1.0, f"{base}_clip"), 2.0, -1.0, channels)


def _gelu_tanh(b: Building, x: int, base: str, channels: int | None) -> int:
    """0.5 x (1 + tanh(s (x + c x^3))), which Keras calls the approximate GELU."""
    square = _product(b, x, x, f"{base}_square")
    inner = b.affine(f"{base}_inner", square, GELU_SCALE * GELU_CUBE, GELU_SCALE, channels)
    line = _product(b, x, inner, f"{base}_line")
    bent = _plainly(b, line, "tanh", f"{base}_tanh")
    return _product(b, x, b.affine(f"{base}_gate", bent, 0.5, 0.5, channels), base)


_MADE: Mapping[str, Callable[[Building, int, str, int | None], int]] = {
    "silu": _silu,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _hard_silu,
    "relu6": _relu6,
    "leaky_relu": _leaky_relu,
    "mish": _mish,
    "hard_tanh": _hard_tanh,
    "gelu_tanh": _gelu_tanh,
}
