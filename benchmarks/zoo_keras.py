"""keras.applications with random weights that compute something: plain ones have statistics that
let the activations die, and would compare equal to anything."""

from __future__ import annotations

import keras

__all__ = ["lively", "names", "size"]

_SIZES = {"NASNetLarge": 331, "InceptionV3": 299, "InceptionResNetV2": 299, "Xception": 299}


def names() -> list[str]:
    """Every model of ``keras.applications``."""
    found = (name for name in dir(keras.applications) if name[:1].isupper())
    return sorted(name for name in found if callable(getattr(keras.applications, name)))


def size(name: str) -> int:
    return _SIZES.get(name, 224)


def lively(name: str) -> keras.Model:
    """The model of that name without its softmax, whose answers of 0.001 each would compare equal
    to any, and its batch normalisation set to the statistics of one random batch.

    Of four images, and without dropout: else some statistics are of next to nothing, and noise of
    1e-6 in the input of EfficientNetV2S comes to 0.1 of its output."""
    image = keras.Input((size(name), size(name), 3), name="image")
    made = getattr(keras.applications, name)
    model = made(weights=None, input_tensor=image, classifier_activation=None)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    drops = [(one, one.rate) for one in model.layers if isinstance(one, keras.layers.Dropout)]
    for norm in norms:
        norm.momentum = 0.0
    for drop, _ in drops:
        drop.rate = 0.0
    if norms:
        model(keras.random.normal((4, size(name), size(name), 3)), training=True)
    for norm in norms:
        norm.momentum = 0.99
    for drop, rate in drops:
        drop.rate = rate
    return model
