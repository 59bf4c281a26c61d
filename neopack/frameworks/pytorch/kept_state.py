"""Modules that keep a state from call to call: counters, caches, hidden states, running means. A
compiled model has nothing to keep it in."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from neopack.errors import SourceError
from neopack.frameworks.pytorch.input_binding import Binding
from neopack.frameworks.pytorch.module_calls import arrays, torch_module
from neopack.goldens.comparison import difference, unlike

__all__ = ["changed", "refuse_state"]

SHOWN = 3
PLAIN = (int, float, bool, str, type(None))
DEPTH, MOST = 3, 64


def refuse_state(bound: Binding, tensors: Sequence[Any], names: Sequence[str], where: str) -> None:
    """Raise ``SourceError`` for a module whose answer depends on what earlier calls left in it:
    a call changes it, and two copies of it answer alike. ``tensors`` are its inputs, ``names``
    those of its outputs."""
    attributes = changed(bound, tensors)
    if not attributes or not _copies_agree(bound, tensors, names):
        return
    more = f" and {len(attributes) - SHOWN} more" if len(attributes) > SHOWN else ""
    raise SourceError(
        "keeps a state from call to call, which a compiled model does not: forward changes "
        f"{', '.join(attributes[:SHOWN])}{more}, and its answer to the same inputs with it",
        where=where,
        hint="make the state an input and an output of forward, or set it anew in forward",
    )


def changed(bound: Binding, tensors: Sequence[Any]) -> list[str]:
    """The buffers and attributes that a call changes."""
    before = dict(_state(bound.module))
    with torch_module().no_grad():
        bound.call(*tensors)
    after = dict(_state(bound.module))
    return [name for name in after if not _same(before.get(name), after[name])]


def _copies_agree(bound: Binding, tensors: Sequence[Any], names: Sequence[str]) -> bool:
    """Whether the answer is that of the state, and not of chance. Not known of a module that
    cannot be copied."""
    try:
        copies = [replace(bound, module=copy.deepcopy(bound.module)) for _ in range(2)]
        with torch_module().no_grad():
            first, second = (arrays(each.call(*tensors), tuple(names)) for each in copies)
    except Exception:  # noqa: BLE001 - the user's own code ran
        return False
    return not unlike(first, second) and difference(first, second) == 0


def _state(module: Any) -> Iterator[tuple[str, Any]]:
    """Copies of what a call may change: buffers, and attributes of plain values and tensors."""
    of_all = vars(torch_module().nn.Module())
    for prefix, part in module.named_modules():
        held: Mapping[str, Any] = {**dict(part.named_buffers(recurse=False)), **vars(part)}
        for name, value in held.items():
            if name not in of_all:
                yield f"{prefix}.{name}" if prefix else name, _copied(value)


def _copied(value: Any, depth: int = 0) -> Any:
    """A copy to compare with; of a long or deep structure its length, of other objects nothing."""
    if isinstance(value, torch_module().Tensor):
        return value.detach().clone()
    if isinstance(value, PLAIN):
        return value
    if not isinstance(value, list | tuple | dict):
        return type(value)
    if depth == DEPTH or len(value) > MOST:
        return len(value)
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {str(key): _copied(item, depth + 1) for key, item in items}


def _same(first: Any, second: Any) -> bool:
    tensor = torch_module().Tensor
    if isinstance(first, tensor) and isinstance(second, tensor):
        return first.shape == second.shape and bool(first.equal(second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_same(first[k], second[k]) for k in first)
    return type(first) is type(second) and bool(first == second or first != first)
