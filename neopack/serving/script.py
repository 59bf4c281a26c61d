"""A script in an archive that a container of SageMaker runs, and what it is called with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

from neopack.facts import Handler
from neopack.values.signature import Signature

__all__ = ["ATTRIBUTES", "CODE", "PROGRAM", "ScriptError", "ServingScript", "program_of"]

CODE = "code/"
# sagemaker_inference.environment: the variable that the SageMaker SDK sets, and its default
PROGRAM, DEFAULT_PROGRAM = "SAGEMAKER_PROGRAM", "inference.py"

# InvokeEndpoint's CustomAttributes, which a container passes to its script and back
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingScript:
    """``calls`` names the functions that the container calls, ``environment`` its variables;
    ``tensors`` where functions that the script lacks work on tensors of PyTorch."""

    calls: str
    tensors: bool = False
    program: str = DEFAULT_PROGRAM
    environment: Mapping[str, str] = field(default_factory=dict)
    signature: Signature | None = None


class ScriptError(Exception):
    """What a container answers where its script fails."""

    def __init__(self, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.message, self.status = message, status


def require_functions(script: ModuleType, *names: str, otherwise: str = "") -> None:
    """Raise ``ScriptError`` for the first that the script lacks; ``otherwise`` says more."""
    for name in names:
        if not hasattr(script, name):
            raise ScriptError(f"the script lacks {name}{otherwise}")


def program_of(handler: Handler, environment: Mapping[str, str]) -> str:
    """The file in code/ that the container imports."""
    default = handler.entry.removeprefix(CODE)
    program = environment.get(PROGRAM, default) if handler.calls == "toolkit" else default
    return program.removesuffix(".py") + ".py"
