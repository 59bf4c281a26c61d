"""What Python decides by sizes while a model is traced. Neo freezes every size, so such a choice
is the same for all inputs: only what is decided by values deserves the tracer's warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from neopack.frameworks.pytorch.lowering.fixed_sizes import depends_on_values

__all__ = ["told_by_values"]

# how Python asks a tensor for a value, or for its size
VALUES = ("__bool__", "__int__", "__index__", "__float__", "item")
SIZES = ("__len__", "__iter__")
# their result tells the sizes of their input, and none of its values
OF_SIZES = ("aten::size", "aten::numel", "aten::dim", "aten::sym_size", "aten::len")


@contextmanager
def told_by_values() -> Iterator[None]:
    """While it lasts, the tracer warns only where Python decides by the values of a tensor."""
    import torch

    own = vars(torch.Tensor)
    originals = {name: own[name] for name in (*VALUES, *SIZES) if name in own}
    for name in (*VALUES, *SIZES):
        asked = _asked(getattr(torch.Tensor, name), by_values=name in VALUES)
        setattr(torch.Tensor, name, asked)
    try:
        yield
    finally:
        for name in (*VALUES, *SIZES):
            delattr(torch.Tensor, name)
        for name, original in originals.items():
            setattr(torch.Tensor, name, original)


def _asked(original: Callable[..., Any], *, by_values: bool) -> Callable[..., Any]:
    import torch

    def asked(tensor: Any, *arguments: Any) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            answer = original(tensor, *arguments)
        tracers = [w for w in caught if issubclass(w.category, torch.jit.TracerWarning)]
        if tracers and _by_values(tensor, by_values=by_values):
            # as of the line that asked
            warnings.warn(tracers[0].message, stacklevel=2)
        return answer

    return asked


def _by_values(tensor: Any, *, by_values: bool) -> bool:
    """Whether the answer depends on the values of an input: on those of ``tensor``, unless it was
    computed of sizes alone; and else on its size, if an operator before it makes one of values."""
    import torch

    seen: set[str] = set()
    waiting = [(torch._C._get_value_trace(tensor), by_values)]  # noqa: SLF001 - no public one
    while waiting:
        value, wanted = waiting.pop()
        node = value.node()
        if node.kind() == "prim::Param":
            if wanted:
                return True
            continue
        if depends_on_values(node):
            return True
        key = f"{value.debugName()}/{wanted}"
        if key not in seen:
            seen.add(key)
            inside = wanted and node.kind() not in OF_SIZES
            if node.kind() == "prim::GetAttr":  # a weight
                continue
            waiting += [(each, inside) for each in node.inputs()]
    return False
