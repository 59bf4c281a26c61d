"""How a user names an ONNX model: one .onnx file, with or without external data beside it."""

from __future__ import annotations

from pathlib import Path

from neopack.errors import NotRecognized, SourceError
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks.onnx import read
from neopack.values.model import ModelInfo, ModelSource

__all__ = ["model_info", "require_file"]


def require_file(given: ModelSource) -> Path:
    if given.kind != "file":
        raise SourceError(
            "ONNX models are packaged from a file", where=given.where, hint="save it as .onnx"
        )
    if given.weights is not None:
        raise SourceError("--weights does not go with an .onnx file", where=given.where)
    return Path(given.where)


def model_info(path: Path) -> ModelInfo:
    with FileSource(path) as source:
        if read.recognize(source) is None:
            raise NotRecognized("is not an ONNX model", where=str(path))
        return read.read_source(source, DEFAULT_LIMITS)
