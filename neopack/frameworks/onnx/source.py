"""How a user names an ONNX model: one .onnx file, with or without external data beside it."""

from __future__ import annotations

from pathlib import Path

from neopack.errors import NotRecognized, SourceError
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks.onnx import read
from neopack.values.model import ModelInfo, ModelSource

__all__ = ["model_info", "require_file"]


def require_file(source: ModelSource) -> Path:
    if source.kind != "file":
        raise SourceError(
            "ONNX models are packaged from a file", where=source.where, hint="save it as .onnx"
        )
    if source.weights is not None:
        raise SourceError("--weights does not go with an .onnx file", where=source.where)
    return Path(source.where)


def model_info(path: Path) -> ModelInfo:
    with FileSource(path) as source:
        if read.recognize(source) is None:
            raise NotRecognized("is not an ONNX model", where=str(path))
        return read.read_source(source, DEFAULT_LIMITS)
