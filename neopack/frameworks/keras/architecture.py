"""An architecture (``to_json``) and its weights (``save_weights``) as one model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neopack.errors import SourceError, first_line
from neopack.frameworks.keras.read import Document
from neopack.frameworks.keras.run import keras_module
from neopack.frameworks.keras.write import h5py_module

__all__ = ["joined", "live"]

WHOLE = "whole.h5"
WEIGHTS = "model_weights"


def joined(document: Document, weights: Path, folder: Path) -> Path:
    """The .h5 that Keras 1 or 2 would have saved of both."""
    path = folder / WHOLE
    with h5py_module().File(weights, "r") as given, h5py_module().File(path, "w") as whole:
        root = given.get(WEIGHTS, given)
        if "layer_names" not in root.attrs and "layer_names0" not in root.attrs:
            raise SourceError(
                "has weights in the form of Keras 3, and the architecture is of Keras "
                f"{document.version}",
                where=str(weights),
                hint="save both with the same Keras, or the whole with model.save('model.h5')",
            )
        group = whole.create_group(WEIGHTS)
        for name, value in root.attrs.items():
            group.attrs[name] = value
        for name in root:
            given.copy(root[name], group, name)
        whole.attrs["model_config"] = json.dumps(document.model).encode()
        whole.attrs["keras_version"] = document.version.encode()
        whole.attrs["backend"] = (document.backend or "tensorflow").encode()
    return path


def live(document: Document, weights: Path, where: str) -> Any:
    """By Keras 3, which wrote the architecture."""
    keras = keras_module()
    try:
        model = keras.models.model_from_json(json.dumps(document.model))
    except Exception as error:
        # Keras raises whatever its layers raise
        raise SourceError(
            f"Keras {keras.__version__} cannot build it: {first_line(error)}", where=where
        ) from error
    try:
        model.load_weights(str(weights))
    except Exception as error:
        raise SourceError(
            f"these weights are not the model's: {first_line(error)}", where=str(weights)
        ) from error
    return model
