"""Model outputs of any nesting as one flat tuple of tensors, each with a name.

Neo and the engines take tensors and flat tuples of them; a dict (or a HuggingFace output) is
flattened in its own order and its keys become output names.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from neopack.errors import ExportFailed

__all__ = ["flatten", "is_flat", "names"]


def is_flat(output: Any) -> bool:
    """Whether the tracer keeps this output as it is: a tensor, or a tuple of tensors."""
    return _is_tensor(output) or (
        type(output) is tuple and bool(output) and all(_is_tensor(item) for item in output)
    )


def flatten(output: Any) -> tuple[Any, ...]:
    """The tensors in ``output``, in order. Raises ``ExportFailed`` where there is none."""
    tensors = tuple(tensor for _, tensor in _walk(output, ""))
    if not tensors:
        raise ExportFailed(f"the model returns no tensor but {type(output).__name__}")
    return tensors


def names(output: Any) -> tuple[str, ...]:
    """A name for each tensor of ``flatten``: its key path, or ``output0``, ``output1``, ..."""
    paths = [path for path, _ in _walk(output, "")]
    return tuple(
        path if path and not path[0].isdigit() else f"output{i}" for i, path in enumerate(paths)
    )


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if _is_tensor(value):
        yield path, value
        return
    for key, item in _items(value):
        yield from _walk(item, f"{path}.{key}" if path else str(key))


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif isinstance(value, tuple | list):
        yield from enumerate(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)
