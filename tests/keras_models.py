"""Tiny Keras models that tests name as ``keras_models.py:name``."""

from __future__ import annotations

import keras
from keras import layers

__all__ = ["dense", "own_layer", "siamese", "stack", "with_code"]


def stack(units: int = 4) -> keras.Model:
    """A Sequential whose weights are those of fixtures/keras/sequential.weights.h5."""
    return keras.Sequential(
        [
            layers.Input((6, 6, 2), name="pixels"),
            layers.Conv2D(3, 3, activation="tanh", name="first"),
            layers.LeakyReLU(0.2, name="leaky"),
            layers.Flatten(name="flat"),
            layers.Dense(units, activation="sigmoid", name="classes"),
        ],
        name="stack",
    )


def siamese() -> keras.Model:
    """Two inputs, two outputs, a block that is shared, activations that Keras 2.2.4 lacks."""
    inside = layers.Input((6, 6, 2))
    x = layers.Conv2D(4, 3, activation="silu", name="conv")(inside)
    x = layers.BatchNormalization(name="norm")(x)
    block = keras.Model(inside, layers.SeparableConv2D(3, 3, name="separable")(x), name="block")
    left, right = layers.Input((6, 6, 2), name="left"), layers.Input((6, 6, 2), name="right")
    one, two = block(left), block(right)
    near = keras.ops.multiply(one, two) * 0.5 + 1.0
    near = layers.GlobalAveragePooling2D(name="near")(near)
    far = layers.GlobalMaxPooling2D(keepdims=True, name="far")(layers.Subtract()([one, two]))
    return keras.Model({"left": left, "right": right}, [near, far], name="siamese")


def dense() -> keras.Model:
    x = layers.Input((5,), name="numbers")
    return keras.Model(x, layers.Dense(2, name="it")(x), name="dense")


def with_code() -> keras.Model:
    image = layers.Input((6, 6, 2), name="image")
    x = layers.Lambda(lambda value: value * 2, output_shape=(6, 6, 2), name="twice")(image)
    return keras.Model(image, layers.Conv2D(1, 1)(x))


class Own(layers.Layer):  # type: ignore[misc]
    def call(self, x: object) -> object:
        return x


def own_layer() -> keras.Model:
    image = layers.Input((6, 6, 2), name="image")
    return keras.Model(image, layers.Conv2D(1, 1)(Own(name="own")(image)))
