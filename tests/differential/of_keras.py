"""Keras: .h5 files of each version, and a configuration that names something else."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
from mutations import damaged, renamed
from specimen import Specimen, base

__all__ = ["specimens"]

SHAPES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "cnn": {"image": (1, 8, 8, 3)},
    "free-size": {"image": (1, 8, 8, 3)},
    "lambda": {"image": (1, 6, 6, 2)},
    "nested": {"image": (1, 6, 6, 2)},
    "two-inputs": {"left": (1, 6, 6, 2), "right": (1, 6, 6, 2)},
    "keras-1": {"first_input": (1, 6, 6, 2)},
    "sequential": {"first_input": (1, 6, 6, 2)},
    "trained": {"first_input": (1, 6, 6, 2)},
}
Config = dict[str, Any]


def specimens(fixtures: Path, seed: int, *, sweep: bool) -> Iterator[Specimen]:
    for path in sorted((fixtures / "keras").glob("*.h5")):
        yield replace(_of(path), packaged=sweep)
    cnn = _of(fixtures / "keras/cnn-2.2.4.h5")
    yield from renamed(cnn)
    yield from damaged(cnn, seed, 20 if sweep else 2)
    for what, change in CHANGES.items():
        changed = cnn.with_model(what, _changed(cnn.data, change))
        yield replace(changed, packaged=sweep)


def _of(path: Path) -> Specimen:
    known = [name for name in SHAPES if path.stem.startswith(name)]
    shapes = SHAPES[known[0]] if known else {"image": (1, 6, 6, 2)}
    return base("KERAS", f"keras/{path.name}", {"model.h5": path.read_bytes()}, shapes)


def _changed(data: bytes, change: Callable[[Config, h5py.File], object]) -> bytes:
    stream = io.BytesIO(data)
    with h5py.File(stream, "r+") as file:
        text = file.attrs["model_config"]
        config = json.loads(text.decode() if isinstance(text, bytes) else text)
        change(config, file)
        if "model_config" in file.attrs:
            file.attrs["model_config"] = json.dumps(config).encode()
    return stream.getvalue()


def _layer(config: Config, kind: str) -> Config:
    layers: list[Config] = config["config"]["layers"]
    return next(layer for layer in layers if layer["class_name"] == kind)


def _set(kind: str, **values: object) -> Callable[[Config, h5py.File], object]:
    return lambda config, _: _layer(config, kind)["config"].update(values)


def _class(kind: str, other: str) -> Callable[[Config, h5py.File], object]:
    return lambda config, _: _layer(config, kind).update(class_name=other)


CHANGES: dict[str, Callable[[Config, h5py.File], object]] = {
    "layer of tf.keras": _class("BatchNormalization", "LayerNormalization"),
    "layer of no version": _class("Conv2D", "Conv2DX"),
    "layer of another kind": _class("Conv2D", "Conv1D"),
    "activation swish": _set("Conv2D", activation="swish"),
    "activation gelu": _set("Conv2D", activation="gelu"),
    "initializer": _set("Conv2D", kernel_initializer={"class_name": "HeNormalX", "config": {}}),
    "regularizer": _set("Conv2D", kernel_regularizer={"class_name": "OrthogonalX", "config": {}}),
    "constraint": _set("Conv2D", kernel_constraint={"class_name": "MaxNormX", "config": {}}),
    "groups": _set("Conv2D", groups=1),
    "an unknown argument": _set("Conv2D", nonsense=1),
    "an argument gone": lambda config, _: _layer(config, "Conv2D")["config"].pop("filters"),
    "ragged": _set("InputLayer", ragged=False),
    "other filters": _set("Conv2D", filters=7),
    "even kernel": _set("Conv2D", kernel_size=[2, 2]),
    "channels first": _set("Conv2D", data_format="channels_first"),
    "float16": _set("InputLayer", dtype="float16"),
    "int32": _set("InputLayer", dtype="int32"),
    "a policy": _set("Conv2D", dtype={"class_name": "Policy", "config": {"name": "float32"}}),
    "axis as a list": _set("BatchNormalization", axis=[3]),
    "model class": lambda config, _: config.update(class_name="Functional"),
    "no configuration": lambda _, file: file.attrs.__delitem__("model_config"),
    "no weights": lambda _, file: file.__delitem__("model_weights"),
    "no names of layers": lambda _, file: file["model_weights"].attrs.__delitem__("layer_names"),
    "no Keras version": lambda _, file: file.attrs.__delitem__("keras_version"),
    "Keras 2.11": lambda _, file: file.attrs.__setitem__("keras_version", b"2.11.0"),
}
