"""Call live PyTorch modules on arrays. torch is imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import ExportFailed, Missing, first_line
from neopack.frameworks.pytorch import flat_outputs
from neopack.goldens.inputs import shapes_text
from neopack.values.artifact import Array

__all__ = ["arrays", "call", "complete", "dtype_of", "is_torchs_own", "tensors", "torch_module"]


def call(function: Callable[..., Any], examples: Mapping[str, Array], where: str) -> Any:
    torch = torch_module()
    try:
        with torch.no_grad():
            return function(*tensors(examples))
    except Exception as error:
        raise ExportFailed(
            f"its forward raised {type(error).__name__}: {first_line(error)}",
            where=where,
            hint=f"it was given {shapes_text(examples)}; is that what it takes?",
        ) from error


def tensors(examples: Mapping[str, Array]) -> list[Any]:
    torch = torch_module()
    return [torch.from_numpy(array.copy()) for array in examples.values()]


def arrays(output: Any, names: Sequence[str]) -> dict[str, Array]:
    tensors = flat_outputs.flatten(output)
    return {name: _array(t) for name, t in zip(names, tensors, strict=False)}


def _array(tensor: Any) -> Array:
    torch = torch_module()
    plain = tensor.detach().cpu()
    array: Array = (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
    return array


def dtype_of(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def torch_module() -> Any:
    try:
        import torch
    except ImportError as error:
        raise Missing(f"PyTorch models need torch ({error})", hint=install_hint("torch")) from None
    return torch


def complete(module: Any) -> None:
    """Give quantized modules that were unpickled what every module has and torch forgets."""
    torch, waiting = torch_module(), [module]
    while waiting:
        part = waiting.pop()
        state = dict(vars(part))
        if isinstance(part, torch.nn.Module) and "_parameters" not in state:
            torch.nn.Module.__init__(part)
            vars(part).update(state)
        waiting += vars(part).get("_modules", {}).values()


def is_torchs_own(filename: str) -> bool:
    """Whether the file is of torch itself, and no user's."""
    return Path(filename).is_relative_to(Path(torch_module().__file__).parent)
