"""Whether code draws random numbers: that moves the state of what it draws them from.

A branch that is taken once in a hundred calls rarely shows in a few. That it was decided by a
number of Python's or NumPy's shows each time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias

__all__ = ["States", "drawing", "own_states"]

# what is drawn from, in words, and its state as a value that can be compared
States: TypeAlias = Mapping[str, Callable[[], object]]


def own_states() -> States:
    """Those of Python and of NumPy, which all code shares."""
    return {"Python's random": random.getstate, "NumPy's random": _numpy_state}


def _numpy_state() -> object:
    import numpy as np

    return repr([np.asarray(part).tolist() for part in np.random.get_state(legacy=True)])


@contextmanager
def drawing(states: States) -> Iterator[list[str]]:
    """After the block, the list has the names of those that code in it drew from."""
    before = {name: state() for name, state in states.items()}
    drawn: list[str] = []
    yield drawn
    drawn += [name for name, state in states.items() if state() != before[name]]
