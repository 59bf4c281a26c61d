"""The stack machine behind ``formats.pickle``: one short function per opcode.

The opcodes are those of CPython's ``Lib/pickletools.py``, protocols 0 to 5, except the extension
registry and out-of-band buffers, which a file cannot contain.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from neopack.formats.guard import Limits
from neopack.formats.source import Cursor

__all__ = ["OPERATIONS", "STOP", "Built", "Global", "Persistent", "PickleMachine", "PickledCall"]

LONGEST_INTEGER = 1024  # bytes; a longer one is not a dimension, and printing it is quadratic
LONGEST_LINE = 1 << 20
LATIN = (("latin1",), ("latin-1",))  # as pickle spells it in calls, by protocol and version
KEY_DEPTH = 50
# bytes that are copied as a whole in the time of one opcode
COPIED = 64
KEY_NODES = 1000  # hashing a tuple walks all of it, shared parts every time


@dataclass(frozen=True, slots=True)
class Global:
    """An importable name, which was not imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Persistent:
    """The argument that ``persistent_load`` would get (in torch: a storage)."""

    id: Any


@dataclass(slots=True, eq=False, repr=False)
class PickledCall:
    """The object that calling ``function`` would return, and the changes made to it.

    ``state`` is the argument of the last BUILD (``__setstate__``), ``items`` the pairs set,
    ``appended`` the values appended.
    """

    function: Any
    arguments: Any
    keywords: Any = None
    state: Any = None
    items: list[tuple[Any, Any]] = field(default_factory=list)
    appended: list[Any] = field(default_factory=list)


class PickleMachine:
    """The stack machine. ``stack`` holds the values above the last mark, as in CPython's.

    ``built`` has what else happens after the BUILD of an object of these classes.
    """

    __slots__ = ("budget", "built", "cursor", "globals", "limits", "marks", "memo", "stack")

    def __init__(self, cursor: Cursor, limits: Limits, built: Built) -> None:
        self.cursor = cursor
        self.limits = limits
        self.built = built
        self.budget = limits.begun(cursor.end)
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.globals: dict[Global, None] = {}

    def mark(self) -> None:
        self.limits.hold("depth", len(self.marks), where=self.cursor.name)
        self.marks.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Any]:
        above, self.stack = self.stack, self.marks.pop()
        return above

    def number(self, size: int) -> int:
        return int.from_bytes(self.cursor.take(size), "little")

    def counted(self, size: int) -> bytes:
        length = self.number(size)
        self.limits.hold("record_bytes", length, where=self.cursor.name)
        return self.cursor.take(length)

    def text(self, size: int) -> str:
        return self.counted(size).decode("utf-8", "surrogatepass")

    def line(self) -> bytes:
        return self.cursor.line(LONGEST_LINE)

    def name(self, module: str, name: str) -> None:
        value = Global(module, name)
        self.globals[value] = None
        self.stack.append(value)

    def spend(self, amount: int) -> None:
        """Count work: opcodes, and the members of every value copied or hashed as a whole."""
        self.budget.spend(amount, self.cursor.name)

    def call(self, function: Any, arguments: Any) -> None:
        self.stack.append(self._folded(function, arguments))

    def key(self, value: Any) -> Any:
        """Return the value if it is hashable and safe to hash: hashing recurses in C, unbounded.

        Integers over 64 bits are refused because their hashes can be made to collide.
        """
        if isinstance(value, (str, Global)):
            return value
        waiting, count = [(value, 0)], 0
        while waiting:
            part, depth = waiting.pop()
            count += 1
            if count > KEY_NODES or depth > KEY_DEPTH:
                raise ValueError("a key of a dict or set is too large")
            if isinstance(part, tuple):
                waiting += [(inner, depth + 1) for inner in part]
            elif isinstance(part, Persistent):
                waiting.append((part.id, depth + 1))
            elif isinstance(part, (list, dict, set, bytearray)):
                raise TypeError(f"a {type(part).__name__} cannot be a key")
            elif isinstance(part, int) and part.bit_length() > 64:
                raise ValueError("an integer over 64 bits as a key")
        self.spend(count)
        return value

    def _folded(self, function: Any, arguments: Any) -> Any:
        """Return plain values for the constructors that older protocols write as calls."""
        if isinstance(function, Global) and isinstance(arguments, tuple):
            name = str(function).replace("__builtin__", "builtins")
            argument = arguments[0] if arguments else ()
            if name == "_codecs.encode" and isinstance(argument, str) and arguments[1:] in LATIN:
                self.spend(len(argument) // COPIED)
                return argument.encode("latin1")
            if (
                name == "builtins.bytearray"
                and isinstance(argument, str)
                and arguments[1:] in LATIN
            ):
                self.spend(len(argument) // COPIED)
                return bytearray(argument, "latin1")
            if name in _CONSTRUCTORS and len(arguments) <= 1:
                kind, make = _CONSTRUCTORS[name]
                if arguments and not isinstance(argument, kind):
                    raise TypeError(f"{name} is called with something other than {kind.__name__}")
                self.spend(len(argument) if kind is list else len(argument) // COPIED)
                return make(map(self.key, argument) if kind is list else bytes(argument))
        return PickledCall(function, arguments)


Built: TypeAlias = Mapping[Global, Callable[[PickleMachine, PickledCall], Any]]
_CONSTRUCTORS: dict[str, tuple[type, Callable[[Any], Any]]] = {
    "builtins.set": (list, set),
    "builtins.frozenset": (list, frozenset),
    "builtins.bytes": (bytes, bytes),
    "builtins.bytearray": (bytes, bytearray),
}


# --- opcodes --------------------------------------------------------------------------------


def _set_pairs(m: PickleMachine, target: Any, flat: list[Any]) -> None:
    if len(flat) % 2:
        raise ValueError("a key without a value")
    pairs = [(m.key(flat[i]), flat[i + 1]) for i in range(0, len(flat), 2)]
    if isinstance(target, PickledCall):
        target.items += pairs
    elif isinstance(target, dict):
        target.update(pairs)
    else:
        raise TypeError("items are set on something that takes none")


def _append(target: Any, values: list[Any]) -> None:
    if isinstance(target, PickledCall):
        target.appended += values
    elif isinstance(target, list):
        target += values
    else:
        raise TypeError("values are appended to something that takes none")


def _setitems(m: PickleMachine) -> None:
    flat = m.pop_mark()
    _set_pairs(m, m.stack[-1], flat)


def _setitem(m: PickleMachine) -> None:
    value, key = m.stack.pop(), m.stack.pop()
    _set_pairs(m, m.stack[-1], [key, value])


def _appends(m: PickleMachine) -> None:
    values = m.pop_mark()
    _append(m.stack[-1], values)


def _append_one(m: PickleMachine) -> None:
    value = m.stack.pop()
    _append(m.stack[-1], [value])


def _additems(m: PickleMachine) -> None:
    members = m.pop_mark()
    if not isinstance(m.stack[-1], set):
        raise TypeError("members are added to something that is not a set")
    m.stack[-1].update(m.key(member) for member in members)


def _build(m: PickleMachine) -> None:
    state = m.stack.pop()
    if not isinstance(m.stack[-1], PickledCall):
        raise TypeError("state is given to something that takes none")
    call = m.stack[-1]
    call.state = state
    after = m.built.get(call.function) if isinstance(call.function, Global) else None
    if after is not None:
        m.stack[-1] = after(m, call)


def _make_dict(m: PickleMachine) -> None:
    flat, result = m.pop_mark(), dict[Any, Any]()
    _set_pairs(m, result, flat)
    m.stack.append(result)


def _pop(m: PickleMachine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.pop_mark()


def _pop_mark(m: PickleMachine) -> None:
    m.pop_mark()


def _above_mark(kind: type) -> Callable[[PickleMachine], None]:
    def make(m: PickleMachine) -> None:
        values = m.pop_mark()
        m.stack.append(values if kind is list else kind(values))

    return make


def _frozenset(m: PickleMachine) -> None:
    members = frozenset(m.key(member) for member in m.pop_mark())
    m.stack.append(members)


def _tuple_of(count: int) -> Callable[[PickleMachine], None]:
    def make(m: PickleMachine) -> None:
        if len(m.stack) < count:
            raise IndexError("the stack is empty")
        m.stack[-count:] = [tuple(m.stack[-count:])]

    return make


def _reduce(m: PickleMachine) -> None:
    arguments = m.stack.pop()
    m.call(m.stack.pop(), arguments)


def _newobj(m: PickleMachine) -> None:
    arguments = m.stack.pop()
    m.stack.append(PickledCall(m.stack.pop(), arguments))


def _newobj_ex(m: PickleMachine) -> None:
    keywords, arguments = m.stack.pop(), m.stack.pop()
    m.stack.append(PickledCall(m.stack.pop(), arguments, keywords))


def _obj(m: PickleMachine) -> None:
    values = m.pop_mark()
    m.call(values[0], tuple(values[1:]))


def _inst(m: PickleMachine) -> None:
    _global(m)
    function = m.stack.pop()
    m.call(function, tuple(m.pop_mark()))


def _global(m: PickleMachine) -> None:
    module, name = m.line().decode(), m.line().decode()
    m.name(module, name)


def _stack_global(m: PickleMachine) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    if not (isinstance(name, str) and isinstance(module, str)):
        raise TypeError("a global's name is not a string")
    m.name(module, name)


def _persistent(m: PickleMachine) -> None:
    m.stack.append(Persistent(m.line().decode()))


def _binary_persistent(m: PickleMachine) -> None:
    m.stack.append(Persistent(m.stack.pop()))


def _int(m: PickleMachine) -> None:
    text = m.line()
    m.stack.append({b"00": False, b"01": True}[text] if text in (b"00", b"01") else int(text))


def _long(m: PickleMachine) -> None:
    m.stack.append(int(m.line().rstrip(b"L")))


def _signed(size: int, *, counted: bool = False) -> Callable[[PickleMachine], None]:
    def read(m: PickleMachine) -> None:
        length = m.number(size) if counted else size
        if length > LONGEST_INTEGER:
            raise ValueError("an integer of more than 1024 bytes")
        m.stack.append(int.from_bytes(m.cursor.take(length), "little", signed=True))

    return read


def _unsigned(size: int) -> Callable[[PickleMachine], None]:
    return lambda m: m.stack.append(m.number(size))


def _text(size: int) -> Callable[[PickleMachine], None]:
    return lambda m: m.stack.append(m.text(size))


def _bytes(size: int) -> Callable[[PickleMachine], None]:
    return lambda m: m.stack.append(m.counted(size))


def _old_text(size: int) -> Callable[[PickleMachine], None]:
    """Python 2's str, which torch reads as UTF-8."""
    return lambda m: m.stack.append(m.counted(size).decode("utf-8", "surrogateescape"))


def _string(m: PickleMachine) -> None:
    raw = m.line().strip()
    if len(raw) < 2 or raw[:1] != raw[-1:] or raw[:1] not in b"'\"":
        raise ValueError("a string without quotes")
    m.stack.append(codecs.escape_decode(raw[1:-1])[0].decode("utf-8", "surrogateescape"))


def _unicode(m: PickleMachine) -> None:
    m.stack.append(m.line().decode("raw-unicode-escape"))


def _float(m: PickleMachine) -> None:
    m.stack.append(float(m.line()))


def _binary_float(m: PickleMachine) -> None:
    m.stack.append(struct.unpack(">d", m.cursor.take(8))[0])


def _put(m: PickleMachine) -> None:
    m.memo[int(m.line())] = m.stack[-1]


def _get(m: PickleMachine) -> None:
    m.stack.append(m.memo[int(m.line())])


def _binary_put(size: int) -> Callable[[PickleMachine], None]:
    def put(m: PickleMachine) -> None:
        m.memo[m.number(size)] = m.stack[-1]

    return put


def _binary_get(size: int) -> Callable[[PickleMachine], None]:
    return lambda m: m.stack.append(m.memo[m.number(size)])


def _memoize(m: PickleMachine) -> None:
    m.memo[len(m.memo)] = m.stack[-1]


def _push(make: Callable[[], Any]) -> Callable[[PickleMachine], None]:
    return lambda m: m.stack.append(make())


def _skip(size: int) -> Callable[[PickleMachine], None]:
    def skip(m: PickleMachine) -> None:
        m.cursor.take(size)

    return skip


STOP = ord(".")
_NAMED: dict[bytes, Callable[[PickleMachine], None]] = {
    b"(": PickleMachine.mark,
    b"0": _pop,
    b"1": _pop_mark,
    b"2": lambda m: m.stack.append(m.stack[-1]),
    b"F": _float,
    b"G": _binary_float,
    b"I": _int,
    b"J": _signed(4),
    b"K": _unsigned(1),
    b"L": _long,
    b"M": _unsigned(2),
    b"N": _push(lambda: None),
    b"P": _persistent,
    b"Q": _binary_persistent,
    b"R": _reduce,
    b"S": _string,
    b"T": _old_text(4),
    b"U": _old_text(1),
    b"V": _unicode,
    b"X": _text(4),
    b"a": _append_one,
    b"b": _build,
    b"c": _global,
    b"d": _make_dict,
    b"}": _push(dict),
    b"e": _appends,
    b"g": _get,
    b"h": _binary_get(1),
    b"i": _inst,
    b"j": _binary_get(4),
    b"l": _above_mark(list),
    b"]": _push(list),
    b"o": _obj,
    b"p": _put,
    b"q": _binary_put(1),
    b"r": _binary_put(4),
    b"s": _setitem,
    b"t": _above_mark(tuple),
    b")": _push(tuple),
    b"u": _setitems,
    b"B": _bytes(4),
    b"C": _bytes(1),
    b"\x80": _skip(1),
    b"\x81": _newobj,
    b"\x85": _tuple_of(1),
    b"\x86": _tuple_of(2),
    b"\x87": _tuple_of(3),
    b"\x88": _push(lambda: True),
    b"\x89": _push(lambda: False),
    b"\x8a": _signed(1, counted=True),
    b"\x8b": _signed(4, counted=True),
    b"\x8c": _text(1),
    b"\x8d": _text(8),
    b"\x8e": _bytes(8),
    b"\x8f": _push(set),
    b"\x90": _additems,
    b"\x91": _frozenset,
    b"\x92": _newobj_ex,
    b"\x93": _stack_global,
    b"\x94": _memoize,
    b"\x95": _skip(8),
    b"\x96": lambda m: m.stack.append(bytearray(m.counted(8))),
}
OPERATIONS = {code[0]: operation for code, operation in _NAMED.items()}
