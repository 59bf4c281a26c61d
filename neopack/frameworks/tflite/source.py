"""How a user names a TensorFlow Lite model: a .tflite file, its bytes, or what is converted to
one, a Keras model or a SavedModel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neopack.errors import NotRecognized, SourceError, UsageError
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks import callables
from neopack.frameworks.tflite import read
from neopack.frameworks.tflite.handover import owns
from neopack.frameworks.tflite.options import TFLiteOptions
from neopack.values.model import ModelInfo, ModelSource

__all__ = ["file_info", "live"]


def file_info(source: ModelSource, options: TFLiteOptions) -> tuple[Path, ModelInfo]:
    """The file, and what its bytes tell. Raises ``UsageError`` for options of conversions."""
    path = Path(source.where)
    given = {
        "--weights": source.weights,
        "--quantize": options.quantize,
        "--calibration": options.calibration,
        "--signature": options.signature,
    }
    for flag, value in given.items():
        if value is not None:
            raise UsageError(
                f"{flag} does nothing for a .tflite, which is packaged as it is",
                where=str(path),
                hint="it is for a Keras model or a SavedModel that is converted",
            )
    with FileSource(path) as opened:
        if read.recognize(opened) is None:
            raise NotRecognized("is not a TensorFlow Lite model", where=str(path))
        return path, read.read_source(opened, DEFAULT_LIMITS)


def live(source: ModelSource) -> Any:
    """What is to be converted. Raises ``SourceError`` for what is neither a Keras model nor a
    loaded SavedModel."""
    model = source.model
    if source.kind == "callable":
        model = callables.build(source.where, source.arguments)
    if source.weights is not None:
        raise UsageError("--weights does not go with TensorFlow Lite", where=source.where)
    if not owns(model) or isinstance(model, bytes):
        raise SourceError(
            f"a {type(model).__name__} is not converted to TensorFlow Lite",
            where=source.where,
            hint="give a Keras model, a SavedModel or a .tflite",
        )
    return model
