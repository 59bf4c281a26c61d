"""What a container has and this machine lacks: ``dlr``, ``neopytorch``, Neo's files of PyTorch.

A script for a compiled PyTorch model loads it with ``torch.jit.load``, or with DLR. Here another
engine compiled the model, so what the script loads is a module that runs that engine.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from neopack.serving import toolkit_modules
from neopack.serving.served_model import CompiledModel, ServedModel, torch_module
from neopack.values.artifact import Array

__all__ = ["StandIns"]

# the names that Neo gives a compiled PyTorch model (facts/artifacts.toml)
NEO_FILES = ("model.pt", "model.pth", "compiled.pt")
NOTE = b"neopack: torch.jit.load gives the compiled model in place of this file\n"


class StandIns:
    """Puts them in place for the scripts in ``folder``."""

    def __init__(self, model: ServedModel, folder: Path) -> None:
        self._model, self._folder = model, folder
        self._torch = _mentions_torch(folder) and importlib.util.find_spec("torch") is not None

    def compiled(self) -> Any:
        """The model that a script without a function of its own to load it gets."""
        self._model.load()
        return torch_module(self._model) if self._torch else CompiledModel(self._model)

    def use_torch(self) -> None:
        """Load PyTorch, if it is installed, for a script that does not name it: its container
        has it."""
        if not self._torch and importlib.util.find_spec("torch") is not None:
            self._torch = True
            self._install_torch()

    def install(self) -> None:
        ours = {
            "dlr": _dlr(self._model),
            "neopytorch": _module("neopytorch", config=_config),
            **toolkit_modules.modules(),
        }
        absent = {name for name in ours if "." not in name and _is_absent(name)}
        sys.modules.update({n: m for n, m in ours.items() if n.partition(".")[0] in absent})
        if self._torch:
            self._install_torch()

    def _install_torch(self) -> None:
        import torch

        files = [self._folder / name for name in NEO_FILES]
        absent = [] if any(path.exists() for path in files) else files
        for path in absent:
            path.write_bytes(NOTE)
        load = torch.jit.load

        def loaded(f: Any, *values: Any, **named: Any) -> Any:
            is_ours = isinstance(f, str | Path) and Path(f).absolute() in absent
            return self.compiled() if is_ours else load(f, *values, **named)

        torch.jit.load = loaded
        if not hasattr(torch, "neo"):
            torch.neo = SimpleNamespace(config=_config)


def _mentions_torch(folder: Path) -> bool:
    return any(b"torch" in path.read_bytes() for path in folder.rglob("*.py"))


def _is_absent(name: str) -> bool:
    return name not in sys.modules and importlib.util.find_spec(name) is None


def _config(*_: Any, **__: Any) -> contextlib.AbstractContextManager[None]:
    """Neo's switch to its own runtime, called or entered."""
    return contextlib.nullcontext()


def _module(name: str, **values: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(values)
    return module


def _dlr(model: ServedModel) -> ModuleType:
    class DLRModel:
        """The methods of DLR's class that scripts use (neo-ai/neo-ai-dlr, dlr/api.py, 2022)."""

        def __init__(self, *_: Any, **__: Any) -> None:
            model.load()

        def run(self, input_values: Any) -> list[Array]:
            return model.outputs([input_values], {})

        def get_input_names(self) -> list[str]:
            return _names(model.signature.inputs)

        def get_output_names(self) -> list[str]:
            return _names(model.signature.outputs)

        def get_input_dtypes(self) -> list[str]:
            return [spec.dtype for spec in model.signature.inputs]

        def get_output_dtypes(self) -> list[str]:
            return [spec.dtype for spec in model.signature.outputs]

    return _module("dlr", DLRModel=DLRModel)


def _names(specs: Iterable[Any]) -> list[str]:
    return [spec.name for spec in specs]
