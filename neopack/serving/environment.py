"""The environment variables that SageMaker's containers read, as options of a server.

Source: aws/sagemaker-inference-toolkit, environment.py and parameters.py (2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neopack.errors import UsageError
from neopack.serving.options import ServeOptions

__all__ = ["options_of"]

WORKERS, TIMEOUT = "SAGEMAKER_MODEL_SERVER_WORKERS", "SAGEMAKER_MODEL_SERVER_TIMEOUT"
PORT, ACCEPT = "SAGEMAKER_BIND_TO_PORT", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"


def options_of(environment: Mapping[str, str]) -> ServeOptions:
    """Raises ``UsageError`` for a value that is not a number."""
    default = ServeOptions()
    return replace(
        default,
        port=_whole(environment, PORT, default.port),
        workers=_whole(environment, WORKERS, default.workers),
        timeout=float(_whole(environment, TIMEOUT, int(default.timeout))),
        accept=environment.get(ACCEPT, default.accept),
    )


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{name} is {text!r}, not a whole number")
    return int(text)
