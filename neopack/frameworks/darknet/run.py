"""Compute a Darknet network in OpenCV, whose reader of these files is its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, SourceError, first_line
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.frameworks.darknet.layout import weights_of
from neopack.frameworks.darknet.network import Layer, Network
from neopack.frameworks.darknet.outputs import network_outputs
from neopack.frameworks.darknet.read import network_in
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["DarknetRunner", "opencv", "runner"]

# of a box: x and y, and after width and height whether it is one
PLACE, SIZE, IS_BOX = slice(0, 2), slice(2, 4), slice(4, 5)


class DarknetRunner:
    """``predict`` gives the outputs that the compiled network has: of a layer that finds boxes its
    activations, which OpenCV has only as boxes, from what the layer before it gives."""

    def __init__(self, network: Network, cfg: bytes, weights: bytes, signature: Signature) -> None:
        self.signature = signature
        self._network, self._outputs = network, network_outputs(network)
        self._turn = threading.Lock()
        cv2 = opencv()
        try:
            self._net = cv2.dnn.readNetFromDarknet(_buffer(cfg), _buffer(weights))
        except cv2.error as error:
            raise SourceError(
                f"OpenCV {cv2.__version__} cannot read it: {first_line(error)}",
                hint="it reads the layers of classifiers and of YOLO",
            ) from error

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        (data,) = inputs.values()
        computed = [each for each in self._outputs if not each.constant]
        with self._turn:
            self._net.setInput(data)
            raw = {each.name: self._forward(each.place) for each in computed}
        return {
            each.name: _constant(self._network.layers[each.place], each.constant)
            if each.constant
            else self._shaped(raw[each.name], each.place, len(data))
            for each in self._outputs
        }

    def _forward(self, place: int) -> Array:
        """OpenCV names what a layer of boxes is given ``permute_5``: with the channels last."""
        if self._network.layers[place].type in ("YOLO", "REGION"):
            answer: Array = self._net.forward(f"permute_{place}")
            return answer.transpose(0, 3, 1, 2).copy()
        answer = self._net.forward(self._net.getLayerNames()[-1])
        return answer.copy()

    def _shaped(self, array: Array, place: int, batch: int) -> Array:
        layer = self._network.layers[place]
        if layer.type in ("YOLO", "REGION"):
            return _activated(array, layer)
        flat = layer.type in ("SOFTMAX", "CONNECTED")
        return array.reshape((batch, -1) if flat else (batch, *(layer.gives or ())))


def _activated(array: Array, layer: Layer) -> Array:
    """As Darknet's own forward pass (src/yolo_layer.c, src/region_layer.c): places, and whether it
    is a box, are logistic; classes too, or of a region a softmax of each box."""
    boxes = layer.boxes
    values = array.reshape(len(array), boxes, -1, *array.shape[2:])
    values[:, :, PLACE] = _logistic(values[:, :, PLACE])
    if not layer.background:
        values[:, :, IS_BOX] = _logistic(values[:, :, IS_BOX])
    classes = values[:, :, IS_BOX.stop :]
    if layer.type == "YOLO":
        classes[...] = _logistic(classes)
    elif layer.softmax:
        classes[...] = _softmax(classes)
    return array


def _logistic(values: Array) -> Array:
    import numpy as np

    with np.errstate(over="ignore"):
        return (1 / (1 + np.exp(-values))).astype(values.dtype)


def _softmax(values: Array) -> Array:
    import numpy as np

    powers: Array = np.exp(values - values.max(axis=2, keepdims=True))
    total: Array = powers.sum(axis=2, keepdims=True)
    return powers / total


def _constant(layer: Layer, what: str) -> Array:
    import numpy as np

    return np.array(layer.constants[what], "float32" if what == "anchors" else "int32")


def _buffer(data: bytes) -> Any:
    import numpy as np

    return np.frombuffer(data, np.uint8)


def opencv() -> Any:
    """The package, of a release that still reads these files."""
    try:
        import cv2
    except ImportError as error:
        raise Missing(
            f"Darknet networks are computed by OpenCV ({error})", hint=install_hint("cv2")
        ) from None
    if not hasattr(cv2.dnn, "readNetFromDarknet"):
        raise Missing(
            f"OpenCV {cv2.__version__} does not read Darknet networks, which 4 does",
            hint=install_hint("cv2"),
        )
    return cv2


def runner(files: Files, model: str, signature: Signature, threads: int | None) -> DarknetRunner:
    """As ``ReadModule`` asks."""
    _, network = network_in(files, model, DEFAULT_LIMITS)
    name = weights_of(files.names(), model)
    if not name:
        raise SourceError("has no .weights beside it", where=model)
    if threads:
        opencv().setNumThreads(threads)
    with files.open(model) as cfg, files.open(name) as weights:
        return DarknetRunner(
            network, cfg.read(0, cfg.size), weights.read(0, weights.size), signature
        )
