"""Model outputs of any nesting as one flat tuple of tensors, each with a name.

Neo and the engines take tensors and flat tuples of them; a dict (or a HuggingFace output) is
flattened in its own order and its keys become output names.
"""

from __future__ import annotations

from typing import Any

from neopack.errors import ExportFailed
from neopack.frameworks import structures

__all__ = ["flatten", "is_flat", "is_tensor", "names"]


def is_flat(output: Any) -> bool:
    """Whether the tracer keeps this output as it is: a tensor, or a tuple of tensors."""
    return is_tensor(output) or (
        type(output) is tuple and bool(output) and all(is_tensor(item) for item in output)
    )


def flatten(output: Any) -> tuple[Any, ...]:
    """The tensors in ``output``, in order. Raises ``ExportFailed`` where there is none."""
    tensors = tuple(tensor for _, tensor in structures.leaves(output, is_tensor))
    if not tensors:
        raise ExportFailed(f"the model returns no tensor but {type(output).__name__}")
    return tensors


def names(output: Any) -> tuple[str, ...]:
    """A name for each tensor of ``flatten``: its key path, or ``output0``, ``output1``, ..."""
    paths = [".".join(path) for path, _ in structures.leaves(output, is_tensor)]
    return tuple(
        path if path and not path[0].isdigit() else f"output{i}" for i, path in enumerate(paths)
    )


def is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)
