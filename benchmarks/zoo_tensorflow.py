"""Keras's application models with random weights, as TensorFlow packages them."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras  # the backend is read when it is imported

__all__ = ["application", "names", "size"]

_SIZES = {"NASNetLarge": 331, "InceptionV3": 299, "InceptionResNetV2": 299, "Xception": 299}


def names() -> list[str]:
    """Every model class of ``keras.applications``."""
    found = (name for name in dir(keras.applications) if name[:1].isupper())
    return sorted(name for name in found if callable(getattr(keras.applications, name)))


def size(name: str) -> int:
    return _SIZES.get(name, 224)


def application(name: str) -> keras.Model:
    """The model without its softmax, whose answers of 0.001 each would compare equal to any."""
    keras.utils.set_random_seed(0)
    image = keras.Input((size(name), size(name), 3), name="image")
    made = getattr(keras.applications, name)
    return made(weights=None, input_tensor=image, classifier_activation=None)
