"""Read pickles as inert values: nothing is imported, nothing is called.

``read_pickle`` follows the opcodes of protocols 0 to 5. It returns plain values, with ``Global``,
``PickledCall`` and ``Persistent`` where unpickling would import, call or use ``persistent_load``.

As with any pickled object, values may be shared and may contain themselves: walk them with a set
of visited ids, never by recursion alone.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.opcodes import (
    OPERATIONS,
    STOP,
    Built,
    Global,
    Persistent,
    PickledCall,
    PickleMachine,
)
from neopack.formats.source import Cursor

__all__ = ["Global", "Persistent", "Pickle", "PickledCall", "read_pickle"]

LONGEST_REASON = 100  # Python's errors quote the file's own strings
NOTHING: Built = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickle:
    """One pickle: its value, every global that it names (in order), and its end offset."""

    value: Any
    globals: tuple[Global, ...]
    end: int


def read_pickle(cursor: Cursor, limits: Limits = DEFAULT_LIMITS, built: Built = NOTHING) -> Pickle:
    """Read one pickle, and leave ``cursor`` after its STOP.

    ``built`` reads what lies between the opcodes after the BUILD of some classes' objects, and
    returns what stands for them (``formats.joblib``).

    Raises ``Malformed`` if the pickle is not well-formed, ``LimitExceeded`` if it has more
    opcodes, deeper marks or more bytes than ``limits`` allow.
    """
    machine = PickleMachine(cursor, limits, built)
    start = at = cursor.position
    while (code := cursor.byte()) != STOP:
        machine.spend(1)
        limits.hold("record_bytes", at - start, where=cursor.name)
        operation = OPERATIONS.get(code)
        if operation is None:
            raise Malformed(f"{code:#04x} is not a pickle opcode", offset=at, where=cursor.name)
        _follow(operation, machine, code, at)
        at = cursor.position
    if len(machine.stack) != 1 or machine.marks:
        raise Malformed(
            "the pickle stops with values left on its stack", offset=at, where=cursor.name
        )
    return Pickle(value=machine.stack[0], globals=tuple(machine.globals), end=cursor.position)


def _follow(
    operation: Callable[[PickleMachine], None], machine: PickleMachine, code: int, at: int
) -> None:
    try:
        operation(machine)
    except (IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        reason = str(error)[:LONGEST_REASON] or type(error).__name__
        raise Malformed(
            f"pickle opcode {chr(code)!r} cannot be followed: {reason}",
            offset=at,
            where=machine.cursor.name,
        ) from None
