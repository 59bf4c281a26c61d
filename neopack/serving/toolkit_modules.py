"""What scripts import from ``sagemaker_inference``, where it is not installed.

Source: aws/sagemaker-inference-toolkit, errors.py, content_types.py, decoder.py and encoder.py
(2026).
"""

from __future__ import annotations

import io
import json
from types import ModuleType
from typing import Any

__all__ = [
    "NO_MESSAGE",
    "TEXT_TYPES",
    "UnsupportedFormatError",
    "decode",
    "encode",
    "encodes",
    "modules",
]

JSON, CSV = "application/json", "text/csv"
NPY, NPZ = "application/x-npy", "application/x-npz"
OCTETS, ANYTHING = "application/octet-stream", "*/*"
NO_MESSAGE = "Invalid Request"
TEXT_TYPES = (JSON, CSV)


class UnsupportedFormatError(Exception):
    def __init__(self, content_type: object, **_: object) -> None:
        super().__init__(f"Content type {content_type} is not supported by this framework.")


class BaseInferenceToolkitError(Exception):
    """An error with the status of the answer."""

    def __init__(self, status_code: int, message: str, phrase: str) -> None:
        super().__init__(status_code, message, phrase)
        self.status_code, self.message, self.phrase = status_code, message, phrase


class GenericInferenceToolkitError(BaseInferenceToolkitError):
    def __init__(
        self, status_code: int, message: str | None = None, phrase: str | None = None
    ) -> None:
        told = message or NO_MESSAGE
        super().__init__(status_code, told, phrase or told)


def decode(obj: Any, content_type: str) -> Any:
    """The array of a request."""
    import numpy as np

    if content_type == JSON:
        return np.array(json.loads(obj))
    if content_type == CSV:
        return np.genfromtxt(io.StringIO(obj), dtype=None, delimiter=",")
    if content_type == NPY:
        return np.load(io.BytesIO(obj), allow_pickle=False)
    raise UnsupportedFormatError(content_type)


def encodes() -> frozenset[str]:
    return frozenset({JSON, CSV, NPY})


def encode(array_like: Any, content_type: str) -> Any:
    """An array, or nested lists, as the body of an answer."""
    import numpy as np

    if content_type == JSON:
        return json.dumps(array_like, default=lambda each: each.tolist())
    if content_type == CSV:
        text = io.StringIO()
        np.savetxt(text, array_like, delimiter=",", fmt="%s")
        return text.getvalue()
    if content_type == NPY:
        stream = io.BytesIO()
        np.save(stream, array_like)
        return stream.getvalue()
    raise UnsupportedFormatError(content_type)


def modules() -> dict[str, ModuleType]:
    """The package and its modules by their full names."""
    errors = (UnsupportedFormatError, BaseInferenceToolkitError, GenericInferenceToolkitError)
    for error in errors:  # as its traceback names it
        error.__module__ = "sagemaker_inference.errors"
    parts: dict[str, dict[str, object]] = {
        "errors": {error.__name__: error for error in errors},
        "content_types": {
            "JSON": JSON, "CSV": CSV, "NPY": NPY, "NPZ": NPZ, "OCTET_STREAM": OCTETS,
            "ANY": ANYTHING, "UTF8_TYPES": list(TEXT_TYPES),
        },
        "decoder": {"decode": decode},
        "encoder": {"encode": encode, "SUPPORTED_CONTENT_TYPES": set(encodes())},
    }  # fmt: skip
    package = ModuleType("sagemaker_inference")
    package.__path__ = []
    loaded = {package.__name__: package}
    for name, values in parts.items():
        module = ModuleType(f"{package.__name__}.{name}")
        vars(module).update(values)
        setattr(package, name, module)
        loaded[module.__name__] = module
    return loaded
