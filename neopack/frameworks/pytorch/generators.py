"""What the forward of a module may draw random numbers from."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from neopack.frameworks.pytorch.module_calls import is_torchs_own, torch_module
from neopack.goldens.draws import States, drawing, own_states

__all__ = ["remarks", "states"]

TORCH = "torch's random"


def states(module: Any) -> States:
    """Those that all code shares, and generators that the module or the file of its class has."""
    torch = torch_module()
    own = {f"a generator of its own ({name})": state for name, state in _generators(module)}
    return {**own_states(), TORCH: partial(_bytes, torch.get_rng_state), **own}


def remarks(module: Any, compute: Callable[[], object]) -> list[str]:
    """What to say of a module whose ``compute`` draws numbers that no operator of a file draws."""
    with drawing({name: s for name, s in states(module).items() if name != TORCH}) as drawn:
        compute()
    if not drawn:
        return []
    remark = (
        f"its forward draws from {' and '.join(drawn)}: the trace keeps what was drawn then, and "
        "gives the same each time (let the inputs or self.training decide instead)"
    )
    return [remark]


def _generators(module: Any) -> Iterator[tuple[str, Any]]:
    for part in module.modules():
        # the class of a loaded TorchScript module has a forward that it cannot give
        code = getattr(getattr(type(part), "forward", None), "__code__", None)
        shared = {} if code is None or is_torchs_own(code.co_filename) else _globals(part)
        for name, value in {**shared, **vars(part)}.items():
            state = _state(value)
            if state is not None:
                yield name, state


def _globals(part: Any) -> dict[str, Any]:
    return dict(type(part).forward.__globals__)


def _state(value: Any) -> Any:
    import numpy as np

    torch = torch_module()
    if isinstance(value, random.Random) and not isinstance(value, random.SystemRandom):
        return value.getstate
    if isinstance(value, np.random.Generator):
        return lambda: repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return lambda: repr(value.get_state(legacy=False))
    return partial(_bytes, value.get_state) if isinstance(value, torch.Generator) else None


def _bytes(state: Any) -> bytes:
    return bytes(state().numpy())
