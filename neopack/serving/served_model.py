"""neopack's own model of an artifact, in the forms in which scripts know a compiled model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from neopack.artifacts.load import load_opened, open_archive
from neopack.artifacts.loaded_model import checked_inputs
from neopack.errors import UsageError
from neopack.values.artifact import Array, Runner
from neopack.values.signature import Signature

__all__ = ["CompiledModel", "ServedModel", "torch_module"]


class ServedModel:
    """The model of an artifact, opened when it is first used: a script may have its own.
    ``threads`` is its share of the cores; None: all."""

    def __init__(
        self, artifact: Path, signature: Signature | None, *, threads: int | None = None
    ) -> None:
        self._artifact, self._known, self._threads = artifact, signature, threads

    @cached_property
    def _runner(self) -> Runner:
        opened = open_archive(self._artifact, signature=self._known)
        return load_opened(opened, threads=self._threads)

    @property
    def signature(self) -> Signature:
        return self._runner.signature

    def load(self) -> Self:
        """Open it now. Raises ``NeopackError`` if there is no model that runs."""
        assert self._runner  # noqa: S101 - opened by the look at it
        return self

    def outputs(self, values: Sequence[Any], named: Mapping[str, Any]) -> list[Array]:
        """The outputs in order; inputs come by position or by name."""
        names = [spec.name for spec in self.signature.inputs]
        only = values[0] if len(values) == 1 else None
        if isinstance(only, Mapping):
            values, named = (), {**only, **named}
        elif isinstance(only, list | tuple) and len(names) > 1:
            values = only
        if len(values) > len(names):
            raise UsageError(f"the model takes {len(names)} inputs, not {len(values)}")
        given = {**dict(zip(names, values, strict=False)), **named}
        inputs = {name: _as_array(value) for name, value in given.items()}
        return list(self._runner.predict(checked_inputs(self.signature, inputs)).values())


class CompiledModel:
    """The model as a callable on NumPy arrays."""

    def __init__(self, model: ServedModel) -> None:
        self._model = model

    def __call__(self, *values: Any, **named: Any) -> Any:
        outputs = self._model.outputs(values, named)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    forward = __call__

    def eval(self) -> Self:
        return self

    def to(self, *_: Any, **__: Any) -> Self:
        return self


def torch_module(model: ServedModel) -> Any:
    """The model as a module of PyTorch, as ``torch.jit.load`` gives it in Neo's container.

    Tensors give tensors, and arrays give arrays.
    """
    import torch

    class CompiledModule(torch.nn.Module):  # type: ignore[misc]
        def forward(self, *values: Any, **named: Any) -> Any:
            outputs: list[Any] = model.outputs(values, named)
            if _has_tensor(values) or _has_tensor(tuple(named.values())):
                outputs = [torch.from_numpy(array) for array in outputs]
            return outputs[0] if len(outputs) == 1 else tuple(outputs)

    return CompiledModule().eval()


def _has_tensor(value: Any) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(_has_tensor(each) for each in value)
    return hasattr(value, "detach")


def _as_array(value: Any) -> Array:
    import numpy as np

    return np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
