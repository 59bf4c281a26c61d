"""keras.applications with useful random weights, for Keras and for TensorFlow.

With plain random weights, activations die out, so outputs compare equal to anything. In deep
models they may also amplify: a difference of 1e-7 in a layer grows with every block.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras  # the backend is read when it is imported

__all__ = ["lively", "names", "size"]

_SIZES = {"NASNetLarge": 331, "InceptionV3": 299, "InceptionResNetV2": 299, "Xception": 299}
# the scale of a residual branch, relative to what it is added to
_BRANCH = 0.2


def names() -> list[str]:
    """Return the name of every model of ``keras.applications``."""
    classes = (name for name in dir(keras.applications) if name[:1].isupper())
    return sorted(name for name in classes if callable(getattr(keras.applications, name)))


def size(name: str) -> int:
    """Return the pixels per side of the model's images."""
    return _SIZES.get(name, 224)


def lively(name: str) -> keras.Model:
    """Return the model of that name with batch normalization set to the statistics of one random
    batch, and without softmax, whose outputs of 0.001 each would compare equal to anything.

    The batch has four images, and dropout is off. Otherwise some statistics are close to zero, and
    noise of 1e-6 in the input of EfficientNetV2S becomes 0.1 of its output. Residual branches are
    small, as in training: at full weight, rounding in the 50 blocks of ResNet152 adds up to 3e-4.
    """
    keras.utils.set_random_seed(0)
    image = keras.Input((size(name), size(name), 3), name="image")
    build = getattr(keras.applications, name)
    model = build(weights=None, input_tensor=image, classifier_activation=None)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    drops = [(d, d.rate) for d in model.layers if isinstance(d, keras.layers.Dropout)]
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
    """The normalization layers at the end of residual branches."""
    ends = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Add):
            norms = [_before_dropout(tensor) for tensor in layer.input]
            batch_norms = [n for n in norms if isinstance(n, keras.layers.BatchNormalization)]
            ends += batch_norms[-1:] if len(batch_norms) < len(norms) else []
    return ends


def _before_dropout(tensor: keras.KerasTensor) -> keras.layers.Layer:
    # Keras has no public name for this
    layer = tensor._keras_history.operation  # noqa: SLF001
    return _before_dropout(layer.input) if isinstance(layer, keras.layers.Dropout) else layer
