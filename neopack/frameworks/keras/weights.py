"""The weights of each layer, by its path: from an .h5 file, or from a live model of Keras 3.

A model inside a model keeps its weights in one list: those that training would change, layer by
layer, then all the others, layer by layer (``Network.weights`` of Keras 2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.errors import Malformed
from neopack.frameworks.keras import config as configs
from neopack.frameworks.keras.keras224 import weight_names
from neopack.frameworks.keras.write import h5py_module
from neopack.values.artifact import Array
from neopack.values.json import AnyJson

__all__ = ["Weights", "config_of_live", "weights_of_h5", "weights_of_live"]

Weights = Mapping[str, Sequence[Array]]
_MOVING = ("moving_mean", "moving_variance")


def weights_of_h5(path: Path, model: AnyJson) -> Weights:
    """For a file that our own reader has read before: no links, nothing kept elsewhere."""
    by_path: dict[str, list[Array]] = {}
    with h5py_module().File(path, "r") as file:
        root = file.get("model_weights", file)
        for entry in configs.layers_of(model["config"]):
            name = configs.name_of(entry)
            if name not in root:
                continue
            group = root[name]
            arrays = [group[weight][()] for weight in _names(group.attrs, "weight_names")]
            if entry["class_name"] in configs.MODELS:
                by_path |= _spread(entry, name, arrays, str(path))
            elif arrays:
                by_path[name] = arrays
    return by_path


def _names(attributes: Any, name: str) -> Iterator[str]:
    parts = [name] if name in attributes else []
    while f"{name}{len(parts)}" in attributes:
        parts.append(f"{name}{len(parts)}")
    for part in parts:
        for text in attributes[part]:
            yield text.decode() if isinstance(text, bytes) else str(text)


def _spread(entry: AnyJson, path: str, arrays: list[Array], where: str) -> dict[str, list[Array]]:
    """The weights of a model's own layers, out of its one list."""
    counts = list(_counts(entry, path))
    if sum(changing + other for _, changing, other in counts) != len(arrays):
        raise Malformed(
            f"the model {path!r} in it has {len(arrays)} weights, which are not those of its "
            "layers",
            where=where,
        )
    by_path: dict[str, list[Array]] = {}
    remaining = iter(arrays)
    for below, changing, _ in counts:
        by_path[below] = [next(remaining) for _ in range(changing)]
    for below, _, other in counts:
        by_path[below] += [next(remaining) for _ in range(other)]
    return by_path


def _counts(entry: AnyJson, path: str) -> Iterator[tuple[str, int, int]]:
    """(path, weights that training changes, other weights) of each layer in a model."""
    for inner in configs.layers_of(entry["config"]):
        below = f"{path}/{configs.name_of(inner)}"
        if inner["class_name"] in configs.MODELS:
            yield from _counts(inner, below)
            continue
        names = weight_names(inner["class_name"], inner["config"])
        moving = sum(name in _MOVING for name in names)
        if inner["config"].get("trainable", True) is False:
            yield below, 0, len(names)
        else:
            yield below, len(names) - moving, moving


def weights_of_live(model: Any, path: str = "") -> Weights:
    """Of a live model of Keras 3."""
    import keras

    by_path: dict[str, Sequence[Array]] = {}
    for layer in model.layers:
        below = f"{path}/{layer.name}" if path else layer.name
        if isinstance(layer, keras.Model) and hasattr(layer, "layers"):
            by_path |= weights_of_live(layer, below)
        elif layer.weights:
            by_path[below] = [keras.ops.convert_to_numpy(weight) for weight in layer.weights]
    return by_path


def config_of_live(model: Any) -> AnyJson:
    """The configuration of a live model of Keras 3, as it would stand in a file; a Sequential
    as a functional model, which states every shape."""
    import keras

    if isinstance(model, keras.Sequential) and model.inputs:
        model = keras.Model(model.inputs, model.outputs, name=model.name)
    text = json.dumps(model.get_config(), default=_plain)
    return {"class_name": _kind(model), "config": json.loads(text)}


def _kind(model: Any) -> str:
    return type(model).__name__


def _plain(value: Any) -> AnyJson:
    return value.tolist() if hasattr(value, "tolist") else str(value)
