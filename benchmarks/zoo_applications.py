"""keras.applications with random weights that compute something, for Keras and for TensorFlow.

Plain random weights have statistics that let the activations die, and would compare equal to
anything; and deep ones amplify: a difference of 1e-7 in a layer grows with every block.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras  # the backend is read when it is imported

__all__ = ["lively", "names", "size"]

_SIZES = {"NASNetLarge": 331, "InceptionV3": 299, "InceptionResNetV2": 299, "Xception": 299}
# what a residual branch adds, of what it is added to
_BRANCH = 0.2


def names() -> list[str]:
    """Every model of ``keras.applications``."""
    found = (name for name in dir(keras.applications) if name[:1].isupper())
    return sorted(name for name in found if callable(getattr(keras.applications, name)))


def size(name: str) -> int:
    """Pixels of a side of its images."""
    return _SIZES.get(name, 224)


def lively(name: str) -> keras.Model:
    """The model of that name without its softmax, whose answers of 0.001 each would compare equal
    to any, and its batch normalisation set to the statistics of one random batch.

    Of four images, and without dropout: else some statistics are of next to nothing, and noise of
    1e-6 in the input of EfficientNetV2S comes to 0.1 of its output. Residual branches start small,
    as they do in training: at full weight the 50 blocks of ResNet152 make 3e-4 of rounding."""
    keras.utils.set_random_seed(0)
    image = keras.Input((size(name), size(name), 3), name="image")
    made = getattr(keras.applications, name)
    model = made(weights=None, input_tensor=image, classifier_activation=None)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    drops = [(one, one.rate) for one in model.layers if isinstance(one, keras.layers.Dropout)]
    for norm in _of_branches(model):
        norm.gamma.assign(norm.gamma * _BRANCH)
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


def _of_branches(model: keras.Model) -> list[keras.layers.Layer]:
    """The normalisations that end a branch which is added to what went by it."""
    ends = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Add):
            norms = [_before_dropout(tensor) for tensor in layer.input]
            found = [n for n in norms if isinstance(n, keras.layers.BatchNormalization)]
            ends += found[-1:] if len(found) < len(norms) else []
    return ends


def _before_dropout(tensor: keras.KerasTensor) -> keras.layers.Layer:
    # Keras has no public name for it
    layer = tensor._keras_history.operation  # noqa: SLF001
    return _before_dropout(layer.input) if isinstance(layer, keras.layers.Dropout) else layer
