"""Tensors as PyTorch's pickles describe them: shape, dtype, device and storage, never data.

A pickled tensor is a call of one of ``torch._utils._rebuild_*`` on a storage, which is a
persistent id ``("storage", torch.FloatStorage, key, device, elements)``; see torch's
``_utils.py`` and ``serialization.py``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from neopack.errors import Malformed
from neopack.formats.pickle import Global, Persistent, PickledCall

__all__ = [
    "BITS",
    "HeldTensors",
    "OwnedTensor",
    "StoredTensor",
    "Totals",
    "mapping",
    "sizes",
    "tensor_of",
    "tensors",
    "total",
]

BITS = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "complex128": 128,
    "complex64": 64,
    "complex32": 32,
    "int64": 64,
    "int32": 32,
    "int16": 16,
    "int8": 8,
    "uint64": 64,
    "uint32": 32,
    "uint16": 16,
    "uint8": 8,
    "bool": 8,
    "qint32": 32,
    "qint8": 8,
    "quint8": 8,
    "quint4x2": 4,
    "quint2x4": 2,
}
_STORAGES = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "ComplexDouble": "complex128",
    "ComplexFloat": "complex64",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "QInt32": "qint32",
    "QInt8": "qint8",
    "QUInt8": "quint8",
    "QUInt4x2": "quint4x2",
    "QUInt2x4": "quint2x4",
}
_ON_STORAGE = frozenset(
    ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_qtensor"]
)
_PARAMETERS = frozenset(["_rebuild_parameter", "_rebuild_parameter_with_state", "Parameter"])
DEEPEST_WRAPPING = 8
LARGEST_SIZE = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTensor:
    """One tensor. ``storage`` is its storage's key, "" where it has none (meta tensors)."""

    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] = ()
    offset: int = 0
    storage: str = ""
    storage_bytes: int = 0
    device: str = "cpu"
    is_parameter: bool = False

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        return (self.elements * BITS.get(self.dtype, 8) + 7) // 8


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedTensor:
    """A tensor with what holds it: the class of the object, and the attribute's or key's name.

    ``group`` is the dict's own name where it lies in a dict of an object (``_parameters``).
    """

    tensor: StoredTensor
    owner: str
    name: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Elements and bytes, what is shared counted once; ``dtypes`` counts tensors."""

    elements: int
    bytes: int
    dtypes: dict[str, int]
    devices: frozenset[str]


def total(tensors: Iterable[StoredTensor]) -> Totals:
    """Sum up tensors. Equal views count once, and views never to more bytes than their storage."""
    elements, dtypes = 0, Counter[str]()
    size: dict[str, int] = {}
    devices, counted = set[str](), set[StoredTensor]()
    for tensor in tensors:
        dtypes[tensor.dtype] += 1
        devices.add(tensor.device)
        if tensor.storage and tensor in counted:
            continue
        counted.add(tensor)
        elements += tensor.elements
        key = tensor.storage or f"none {len(size)}"
        size[key] = min(size.get(key, 0) + tensor.bytes, tensor.storage_bytes or tensor.bytes)
    return Totals(
        elements=elements,
        bytes=sum(size.values()),
        dtypes=dict(sorted(dtypes.items())),
        devices=frozenset(devices),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTensors:
    """The tensors of a file, by what holds them. The weights of a frozen one are constants."""

    parameters: list[StoredTensor]
    buffers: list[StoredTensor]
    others: list[StoredTensor] = field(default_factory=list)
    constants: list[StoredTensor] = field(default_factory=list)

    @property
    def frozen(self) -> bool:
        return not self.parameters and any(map(_is_weight, self.constants))

    @property
    def weights(self) -> Totals:
        return total(self.constants if self.frozen else self.parameters)

    @property
    def counted(self) -> Totals:
        """All but the numbers that tracing left behind."""
        constants = [each for each in self.constants if each.shape] if self.frozen else []
        return total([*self.parameters, *self.buffers, *self.others, *constants])

    @property
    def everything(self) -> Totals:
        return total([*self.parameters, *self.buffers, *self.others, *self.constants])


def _is_weight(constant: StoredTensor) -> bool:
    """Not a number that tracing left behind, such as the 2 of ``x * 2``."""
    return bool(constant.shape) and constant.dtype.startswith(("float", "bfloat", "q"))


def tensors(root: Any) -> Iterator[OwnedTensor]:
    """Every tensor that ``root`` holds, each pickled object once; cycles are handled."""
    waiting: list[tuple[Any, str, str, str]] = [(root, "", "", "")]
    visited: set[int] = set()
    while waiting:
        value, owner, group, name = waiting.pop()
        if (
            not isinstance(value, (PickledCall, dict, list, tuple, set, frozenset))
            or id(value) in visited
        ):
            continue
        visited.add(id(value))
        tensor = tensor_of(value)
        if tensor is not None:
            yield OwnedTensor(tensor=tensor, owner=owner, name=name, group=group)
        else:
            waiting += reversed(list(_parts(value, owner, name)))


def _parts(value: Any, owner: str, name: str) -> Iterator[tuple[Any, str, str, str]]:
    pairs = mapping(value)
    if pairs is not None:
        for key, part in pairs:
            yield part, owner, name, str(key) if isinstance(key, (str, int)) else ""
    elif isinstance(value, PickledCall):
        builder = str(value.function) if isinstance(value.function, Global) else ""
        yield value.state, builder, "", ""
        for part in (value.arguments, *value.appended, *(item[1] for item in value.items)):
            yield part, owner, "", name
    else:
        for part in value:
            yield part, owner, "", name


def mapping(value: Any) -> Sequence[tuple[Any, Any]] | None:
    """The pairs of a dict, or of an OrderedDict, a defaultdict or another class of dicts, as a
    pickle spells it."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, PickledCall) and isinstance(value.function, Global):
        if value.function.module == "collections" and value.function.name.endswith("dict"):
            return value.items
        if value.function == Global("collections", "OrderedDict"):
            return value.items or _given_pairs(value.arguments)
        return value.items or None
    return None


def _given_pairs(arguments: Any) -> list[tuple[Any, Any]]:
    """Python 2 wrote ``OrderedDict([[key, value], ...])``."""
    if not (isinstance(arguments, tuple) and arguments and isinstance(arguments[0], list)):
        return []
    pairs = [pair for pair in arguments[0] if isinstance(pair, (list, tuple)) and len(pair) == 2]
    return [(pair[0], pair[1]) for pair in pairs]


def tensor_of(value: Any, depth: int = 0) -> StoredTensor | None:
    """The tensor that a call would rebuild, or None; ``Malformed`` where it is ill described."""
    if not (isinstance(value, PickledCall) and isinstance(value.function, Global)):
        return None
    function, arguments = value.function, value.arguments
    if not isinstance(arguments, tuple) or not function.module.startswith("torch"):
        return None
    if function.module == "torch._utils" and function.name in _ON_STORAGE:
        return _on_storage(function.name, arguments)
    if function.name == "_rebuild_meta_tensor_no_storage" and len(arguments) >= 2:
        return StoredTensor(dtype=_dtype(arguments[0]), shape=sizes(arguments[1]), device="meta")
    inside = _wrapped(function, arguments) if depth < DEEPEST_WRAPPING else None
    tensor = tensor_of(inside, depth + 1)
    if tensor is not None and function.name in _PARAMETERS:
        return replace(tensor, is_parameter=True)
    return tensor


def _wrapped(function: Global, arguments: tuple[Any, ...]) -> Any:
    """What a parameter or a tensor subclass is made of."""
    if function.name == "_rebuild_from_type_v2" and len(arguments) >= 3:
        return PickledCall(arguments[0], arguments[2])
    return arguments[0] if function.name in _PARAMETERS and arguments else None


def _on_storage(name: str, arguments: tuple[Any, ...]) -> StoredTensor:
    if len(arguments) < 4 or not isinstance(arguments[0], Persistent):
        raise Malformed("a tensor without a storage")
    storage = arguments[0].id
    if not isinstance(storage, tuple) or len(storage) < 5 or storage[0] != "storage":
        raise Malformed("a tensor's storage is described wrongly")
    dtype = stored_as = _storage_dtype(storage[1])
    if name == "_rebuild_tensor_v3" and len(arguments) >= 7:
        dtype = _dtype(arguments[6])
    return StoredTensor(
        dtype=dtype,
        shape=sizes(arguments[2]),
        strides=sizes(arguments[3]),
        offset=arguments[1] if isinstance(arguments[1], int) else 0,
        storage=str(storage[2]) if isinstance(storage[2], (str, int)) else "?",
        storage_bytes=sizes((storage[4],))[0] * BITS.get(stored_as, 8) // 8,
        device=storage[3] if isinstance(storage[3], str) else "cpu",
    )


def sizes(value: Any) -> tuple[int, ...]:
    """A shape, or strides; ``Malformed`` for what can be neither."""
    if isinstance(value, PickledCall) and isinstance(value.arguments, tuple) and value.arguments:
        value = value.arguments[0]  # torch.Size((2, 3))
    if not isinstance(value, (tuple, list)) or len(value) > 64:
        raise Malformed("a tensor's shape is described wrongly")
    if not all(isinstance(n, int) and 0 <= n < LARGEST_SIZE for n in value):
        raise Malformed("a tensor's shape holds something that is not a size")
    if math.prod(value) >= LARGEST_SIZE:
        raise Malformed("a tensor's shape is larger than memory can be")
    return tuple(value)


def _storage_dtype(kind: Any) -> str:
    name = kind.name if isinstance(kind, Global) else ""
    return _STORAGES.get(name.removesuffix("Storage"), "uint8" if "Untyped" in name else "?")


def _dtype(kind: Any) -> str:
    name = kind.name if isinstance(kind, Global) else "?"
    aliases = {"float": "float32", "double": "float64", "half": "float16", "long": "int64"}
    return {**aliases, "int": "int32"}.get(name, name)
