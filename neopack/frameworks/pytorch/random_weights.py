"""Whether the weights of a callable's module are random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from neopack.frameworks import random_weights
from neopack.frameworks.pytorch.input_binding import Binding
from neopack.frameworks.pytorch.kept_state import changed
from neopack.frameworks.pytorch.module_calls import torch_module
from neopack.values.log import Log

__all__ = ["remarks"]


def remarks(
    bound: Binding, build: Callable[[], Any], tensors: Sequence[Any], log: Log
) -> list[str]:
    """What to say of the module's weights. ``build`` gives a second one; it is called with
    ``tensors``, as the first was: lazy layers have no weights before."""
    torch = torch_module()

    def again() -> dict[str, Any]:
        seeds = torch.random.default_generator
        torch.random.default_generator = _Shifted(seeds)
        try:
            with random_weights.other_seeds(), torch.no_grad():
                torch.manual_seed(0)
                second = replace(bound, module=build())
                second.call(*tensors)
        finally:
            torch.random.default_generator = seeds
        if second.module is bound.module:
            raise ValueError("it gives the same object")
        return dict(_state(second.module))

    counted = changed(bound, tensors)  # by calls, and so no weights
    first = {name: value for name, value in _state(bound.module) if name not in counted}
    return random_weights.remarks(first, again, _same, log)


class _Shifted:
    """A generator of random numbers that is seeded otherwise: ``torch.manual_seed``, whatever it
    was imported as, seeds the one that its module has."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def manual_seed(self, seed: int) -> Any:
        return self._generator.manual_seed((int(seed) + random_weights.OTHER) % 2**63)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)


def _state(module: Any) -> Iterator[tuple[str, Any]]:
    """Parameters and buffers, and tensors that are plain attributes."""
    torch = torch_module()
    for prefix, part in module.named_modules():
        own = (part.named_parameters(recurse=False), part.named_buffers(recurse=False))
        for name, value in (*own[0], *own[1], *vars(part).items()):
            if isinstance(value, torch.Tensor):
                yield f"{prefix}.{name}" if prefix else name, value


def _same(first: Any, second: Any) -> bool:
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    pair = [each.dequantize() if each.is_quantized else each for each in (first, second)]
    return bool(((pair[0] == pair[1]) | ((pair[0] != pair[0]) & (pair[1] != pair[1]))).all())
