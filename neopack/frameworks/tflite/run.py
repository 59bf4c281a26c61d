"""Run a TensorFlow Lite model in the interpreter of the TensorFlow that is installed."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Mapping
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, SourceError, first_line
from neopack.formats.files import Files
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["TFLiteRunner", "runner", "tensorflow"]


class TFLiteRunner:
    """One interpreter, in the shapes of ``signature``, which computes for one caller at a time."""

    def __init__(self, model: bytes, signature: Signature, *, threads: int | None = None) -> None:
        self.signature = signature
        self._turn = threading.Lock()
        try:
            self._interpreter = _interpreter(model, threads)
            self._resize(signature)
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise SourceError(f"TensorFlow Lite cannot load it: {first_line(error)}") from error
        inputs, outputs = (
            [place["index"] for place in places]
            for places in (
                self._interpreter.get_input_details(),
                self._interpreter.get_output_details(),
            )
        )
        # in the order of the file, which the signature has too
        self._inputs = list(zip(inputs, (spec.name for spec in signature.inputs), strict=True))
        self._outputs = list(zip(outputs, (spec.name for spec in signature.outputs), strict=True))

    def _resize(self, signature: Signature) -> None:
        """To the shapes of the signature, where the file has others: dims that it leaves free."""
        for place, spec in zip(
            self._interpreter.get_input_details(), signature.inputs, strict=True
        ):
            shape = [dim or 1 for dim in spec.shape]
            if shape != place["shape"].tolist():
                self._interpreter.resize_tensor_input(place["index"], shape, strict=True)

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        with self._turn:
            for index, name in self._inputs:
                self._interpreter.set_tensor(index, inputs[name])
            self._interpreter.invoke()
            return {name: self._interpreter.get_tensor(index) for index, name in self._outputs}


def runner(files: Files, model: str, signature: Signature, threads: int | None) -> TFLiteRunner:
    """As ``ReadModule`` asks."""
    with files.open(model) as source:
        data = source.read(0, source.size)
    return TFLiteRunner(data, signature, threads=threads)


def tensorflow() -> Any:
    """The package, without what its C++ prints."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow as tf
    except ImportError as error:
        raise Missing(
            f"TensorFlow Lite models need tensorflow ({error})", hint=install_hint("tensorflow")
        ) from None
    return tf


def _interpreter(model: bytes, threads: int | None) -> Any:
    tf = tensorflow()
    with warnings.catch_warnings():
        # TensorFlow announces another package for it
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter is deprecated")
        return tf.lite.Interpreter(model_content=model, num_threads=threads)
