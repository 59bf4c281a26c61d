"""A script as the server beside TensorFlow Serving calls it: input_handler, the model by REST,
output_handler.

Source: aws/sagemaker-tensorflow-serving-container@da19256, README (2026).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from neopack.serving.bodies import Body
from neopack.serving.script import ATTRIBUTES, require_functions

__all__ = ["TensorFlowScript"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What both functions get with the data; there is no address of a TensorFlow Serving."""

    request_content_type: str
    accept_header: str
    content_length: int
    model_name: str = "model"
    model_version: str = "1"
    method: str = "predict"
    rest_uri: str = ""
    grpc_port: str = ""
    custom_attributes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    """The answer of the REST API, as ``requests`` shows it."""

    content: bytes
    status_code: int = 200

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class TensorFlowScript:
    def __init__(self, script: ModuleType, model_dir: str, compiled: Callable[[], Any]) -> None:
        del model_dir
        otherwise = "; the emulator does not call handler"
        require_functions(script, "input_handler", "output_handler", otherwise=otherwise)
        self._script, self._model = script, compiled()

    def answer(self, request: Body, accept: str) -> Body:
        """The body of an answer. Raises whatever the script raises."""
        context = _Context(
            request_content_type=request.kind,
            accept_header=accept or "application/json",
            content_length=len(request.data),
            custom_attributes=request.headers.get(ATTRIBUTES, ""),
        )
        asked = self._script.input_handler(io.BytesIO(request.data), context)
        body, kind = self._script.output_handler(self._predicted(json.loads(asked)), context)
        return Body.of(body, kind)

    def _predicted(self, asked: Mapping[str, Any]) -> _Response:
        """The REST API of TensorFlow Serving: rows of instances, or inputs in columns."""
        import numpy as np

        try:
            outputs = self._model(_inputs(asked))
        except Exception as error:  # noqa: BLE001 - as TensorFlow Serving answers it
            content = json.dumps({"error": str(error)}).encode()
            return _Response(content=content, status_code=400)
        several = isinstance(outputs, tuple)
        lists = [np.asarray(each).tolist() for each in (outputs if several else [outputs])]
        word = "predictions" if "instances" in asked else "outputs"
        return _Response(content=json.dumps({word: lists if several else lists[0]}).encode())


def _inputs(asked: Mapping[str, Any]) -> Any:
    """One array, or arrays by name; instances that name their inputs are rows of them."""
    import numpy as np

    values = asked["instances"] if "instances" in asked else asked["inputs"]
    if "instances" in asked and values and isinstance(values[0], Mapping):
        return {name: np.array([row[name] for row in values]) for name in values[0]}
    if isinstance(values, Mapping):
        return {name: np.array(value) for name, value in values.items()}
    return np.array(values)
