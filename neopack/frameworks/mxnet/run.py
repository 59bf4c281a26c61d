"""Run a packaged, uncompiled MXNet model in MXNet 1.8.0, in the runtime that neopack keeps."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from neopack import runtimes
from neopack.errors import SourceError
from neopack.formats.files import Files
from neopack.frameworks.mxnet import file_names
from neopack.frameworks.mxnet.export import PATIENCE, RUNTIME
from neopack.frameworks.mxnet.onnx_form.onnx_model import as_onnx
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["MXNetRunner", "lifted", "runner"]


class MXNetRunner:
    """Inputs and outputs by the symbol's names; its worker ends with it."""

    def __init__(
        self, files: Files, model: str, signature: Signature, *, threads: int | None = None
    ) -> None:
        self.signature = signature
        parameters = file_names.parameters_of(model, files.names())
        if not parameters:
            raise SourceError("has no parameters beside it", where=model)
        stack = ExitStack()
        weakref.finalize(self, stack.close)
        self._worker = stack.enter_context(runtimes.worker(RUNTIME, subject=model))
        arrays = {"symbol": _bytes(files, model), "params": _bytes(files, parameters[0])}
        answer, _ = self._worker.call(
            "load", {"threads": threads}, arrays=arrays, timeout=PATIENCE
        )
        self._handle = {"handle": answer["handle"]}

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        _, outputs = self._worker.call(
            "predict", self._handle, arrays=dict(inputs), timeout=PATIENCE
        )
        return dict(outputs)


def _bytes(files: Files, name: str) -> Array:
    import numpy as np

    with files.open(name) as source:
        return np.frombuffer(source.read(0, source.size), dtype=np.uint8)


def lifted(model: Path, folder: Path, signature: Signature) -> Path:
    """The symbol with its parameters as ONNX, without MXNet."""
    path = folder / "lifted.onnx"
    path.write_bytes(as_onnx(model, signature))
    return path


def runner(files: Files, model: str, signature: Signature, threads: int | None) -> MXNetRunner:
    """As ``ReadModule`` asks."""
    return MXNetRunner(files, model, signature, threads=threads)
