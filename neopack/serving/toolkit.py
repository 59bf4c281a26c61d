"""A script as SageMaker's inference toolkit calls it, in the containers of PyTorch and MXNet.

Source: aws/sagemaker-inference-toolkit, transformer.py; aws/sagemaker-pytorch-inference-toolkit,
default_pytorch_inference_handler.py (both 2026).
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from neopack.serving.bodies import Body
from neopack.serving.script import ScriptError
from neopack.serving.toolkit_context import ToolkitContext
from neopack.serving.toolkit_modules import TEXT_TYPES, decode, encode, encodes

__all__ = ["Toolkit", "lacks_steps"]

DEFAULT_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"
JSON, OK = "application/json", 200
STEPS = ("input_fn", "predict_fn", "output_fn")
BOTH = (
    "Cannot use transform_fn implementation in conjunction with input_fn, predict_fn, and/or "
    "output_fn implementation"
)


def lacks_steps(script: ModuleType) -> bool:
    """Whether a default function of the toolkit does a part of the work."""
    return not hasattr(script, "transform_fn") and not all(hasattr(script, s) for s in STEPS)


class Toolkit:
    """``compiled`` returns the model that a script without ``model_fn`` gets."""

    def __init__(self, script: ModuleType, model_dir: str, compiled: Callable[[], Any]) -> None:
        self._script, self._context = script, ToolkitContext(model_dir)
        if self._function("transform_fn") and any(map(self._function, STEPS)):
            raise ScriptError(BOTH)
        self._run("pre_model_fn", lambda _: None, model_dir)
        self._model = self._run("model_fn", lambda _: compiled(), model_dir)
        self._run("model_warmup_fn", lambda *_: None, model_dir, self._model)

    def answer(self, request: Body, accept: str) -> Body:
        """The body of an answer. Raises whatever the script raises."""
        self._context.begin(request.headers)
        if not accept or accept == "*/*":
            accept = os.environ.get(DEFAULT_ACCEPT, JSON)
        data: bytes | str = request.data
        if request.kind in TEXT_TYPES:
            data = request.data.decode("utf-8")
        result = self._run(
            "transform_fn", self._transform, self._model, data, request.kind or None, accept
        )
        body, kind = result if isinstance(result, tuple) else (result, accept)
        return self._told(Body(kind=kind, data=_bytes(body)))

    def _told(self, body: Body) -> Body:
        """With the headers and the status that the script has set."""
        told = self._context.request_processor[0]
        headers = dict(told.get_response_headers())
        headers.pop("content-type", "")  # the toolkit writes its own over it
        if (status := told.get_response_status_code()) != OK:
            raise ScriptError(body.data.decode("utf-8", "replace"), status)
        return Body(kind=body.kind, data=body.data, headers=headers)

    def _transform(self, model: Any, data: Any, kind: str, accept: str) -> Any:
        values = self._run("input_fn", _input, data, kind)
        prediction = self._run("predict_fn", _predict, values, model)
        return self._run("output_fn", _output, prediction, accept)

    def _function(self, name: str) -> Callable[..., Any] | None:
        return getattr(self._script, name, None)

    def _run(self, name: str, default: Callable[..., Any], *values: Any) -> Any:
        """Call a function of the script, which may take the context as a further argument."""
        function = self._function(name)
        if function is None:
            return default(*values)
        takes = len(inspect.signature(function).parameters)
        if takes == len(values) + 1:
            return function(*values, self._context)
        if takes != len(values):
            raise TypeError(f"{name} takes {takes} arguments but {len(values)} were given.")
        return function(*values)


def _input(data: Any, kind: str) -> Any:
    array = decode(data, kind)
    torch = sys.modules.get("torch")  # loaded for scripts that know it
    if torch is None:
        return array
    return torch.FloatTensor(array) if kind in TEXT_TYPES else torch.from_numpy(array)


def _predict(data: Any, model: Any) -> Any:
    if not hasattr(data, "detach"):
        return model(data)
    import torch

    with torch.no_grad():
        return model.eval()(data)


def _output(prediction: Any, accept: str) -> Any:
    """PyTorch's says nothing of the content type, which is then all that is accepted."""
    if hasattr(prediction, "detach"):
        prediction = prediction.detach().cpu().numpy().tolist()
    kinds = [kind for kind in accept.replace(" ", "").split(",") if kind in encodes()]
    kind = kinds[0] if kinds else accept
    body = encode(prediction, kind)
    return body if "torch" in sys.modules else (body, kind)


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    return (body if isinstance(body, str) else json.dumps(body, indent=2)).encode()
