"""The index of a checkpoint: which variables there are, and how large; never their values.

Format: tensorflow/core/util/tensor_bundle and tensor_bundle.proto (v2.21.0): a sorted table whose
first entry, of an empty key, is the header.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.protobuf import Walker
from neopack.formats.source import ByteSource, BytesSource, Cursor
from neopack.formats.sstable import read_table
from neopack.frameworks.tensorflow.dtypes import dtype_of
from neopack.frameworks.tensorflow.graph import tensor_shape
from neopack.values.signature import Shape

__all__ = ["Bundle", "read_bundle"]

# what the checkpoint keeps for itself or for training goes on: no weights of the model
_BOOKKEEPING = ("_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter/", "keras_api/metrics/")
_SLOTS = (".OPTIMIZER_SLOT/", "optimizer/", "_optimizer/")


@dataclass(slots=True)
class Bundle:
    """``elements`` and ``bytes`` are of the model's variables; ``slots`` counts an optimizer's."""

    shards: int = 1
    names: list[str] = field(default_factory=list)
    dtypes: Counter[str] = field(default_factory=Counter)
    elements: int = 0
    bytes: int = 0
    slots: int = 0
    ends: Counter[int] = field(default_factory=Counter)
    """Of each data file how many bytes the index describes."""

    def shard_names(self) -> list[str]:
        return [f"variables.data-{place:05d}-of-{self.shards:05d}" for place in range(self.shards)]


def read_bundle(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> Bundle:
    bundle = Bundle()
    for key, value in read_table(source, limits):
        name = key.decode("utf-8", "replace")
        walker = Walker(Cursor(BytesSource(f"{source.name}, {name or 'header'}", value)), limits)
        if not key:
            bundle.shards = _shards(walker, limits)
            continue
        entry = _entry(walker)
        bundle.ends[entry.shard] = max(bundle.ends[entry.shard], entry.end)
        if any(part in name for part in _SLOTS):
            bundle.slots += 1
        elif not name.startswith(_BOOKKEEPING):
            _add(bundle, name, entry, walker)
    return bundle


def _shards(walker: Walker, limits: Limits) -> int:
    for part in walker.top():
        if part.number == 1:
            limits.hold("members", part.value, where=walker.cursor.name)
            return max(1, part.value)
    return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """BundleEntryProto: a variable, and where its values lie."""

    dtype: int
    shape: Shape | None
    shard: int
    end: int


def _entry(walker: Walker) -> _Entry:
    numbers = {1: 0, 3: 0, 4: 0, 5: 0}
    shape: Shape | None = ()
    for part in walker.top():
        if part.number in numbers:
            numbers[part.number] = walker.integer(part)
        elif part.number == 2:
            shape = tensor_shape(walker, part)
    code, shard, offset, size = numbers.values()
    if size < 0 or offset < 0:
        raise Malformed("a variable of an impossible size", offset=0, where=walker.cursor.name)
    return _Entry(dtype=code, shape=shape, shard=shard, end=offset + size)


def _add(bundle: Bundle, name: str, entry: _Entry, walker: Walker) -> None:
    word, bits = dtype_of(entry.dtype)
    if not bits or entry.shape is None:
        return  # texts, and slices of a variable whose whole has an entry of its own
    elements = math.prod(dim or 0 for dim in entry.shape)
    if not 0 <= elements < 1 << 62:
        raise Malformed("a variable of an impossible size", offset=0, where=walker.cursor.name)
    bundle.names.append(name)
    bundle.dtypes[word] += 1
    bundle.elements += elements
    bundle.bytes += (elements * bits + 7) // 8
