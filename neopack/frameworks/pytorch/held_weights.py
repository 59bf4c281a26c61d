"""The tensors of a checkpoint that has other objects beside them (argparse.Namespace, NumPy's
numbers, OmegaConf, classes of the user's): read by ``formats.pickle``, which runs nothing, where
``torch.load(weights_only=True)`` refuses the whole file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neopack.errors import Malformed, Unsupported
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.pickle import Global, read_pickle
from neopack.formats.source import ByteSource, Cursor, FileSource
from neopack.frameworks.pytorch import pickle_globals
from neopack.frameworks.pytorch.container import open_container
from neopack.frameworks.pytorch.tensors import BITS, StoredTensor, mapping, tensor_of, tensors
from neopack.frameworks.pytorch.torch_save import is_legacy

__all__ = ["HeldWeights", "read_weights"]

# how deep training loops of the field nest their dicts
DEPTH = 4
LEGACY_HEAD = 3
COUNT = 8
READ_WHOLE = replace(DEFAULT_LIMITS, record_bytes=DEFAULT_LIMITS.document_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldWeights:
    """``held`` has dicts and tensors alone; ``passed`` are the names that were not loaded."""

    held: Mapping[str, Any]
    passed: tuple[str, ...]


def read_weights(path: Path) -> HeldWeights:
    """Of a zip or a legacy file of ``torch.save``. Raises ``Malformed`` where there is none."""
    with FileSource(path) as source:
        read = _legacy if is_legacy(source) else _zipped
        value, names, storage = read(source, READ_WHOLE)
        built = _Built(storage)
        return HeldWeights(
            held=built.mapping(value, DEPTH), passed=tuple(pickle_globals.unexpected(names))
        )


# storages by their keys
_Storages = Callable[[str], bytes]
_Saved = tuple[Any, Iterable[Global], _Storages]


def _zipped(source: ByteSource, limits: Limits) -> _Saved:
    container = open_container(source, limits)
    if container.text("byteorder") == "big":
        raise Unsupported("its numbers are big-endian", where=source.name)
    pickle = container.pickle("data.pkl")
    return pickle.value, pickle.globals, lambda key: container.read(f"data/{key}")


def _legacy(source: ByteSource, limits: Limits) -> _Saved:
    """Three pickles, the object, the keys of the storages; then, of each, a count and elements."""
    cursor = Cursor(source)
    for _ in range(LEGACY_HEAD):
        read_pickle(cursor, limits)
    saved = read_pickle(cursor, limits)
    keys = read_pickle(cursor, limits).value
    bits = {held.tensor.storage: BITS.get(held.tensor.dtype, 0) for held in tensors(saved.value)}
    places: dict[str, tuple[int, int]] = {}
    for key in keys if isinstance(keys, list) else ():
        size = int.from_bytes(cursor.take(COUNT), "little") * bits.get(key, 0) // 8
        places[str(key)] = (cursor.position, size)
        cursor.skip(size)
    return saved.value, saved.globals, lambda key: source.read(*places[key])


class _Built:
    """Tensors over storages, each of which is read once."""

    def __init__(self, storage: _Storages) -> None:
        self._storage = storage
        self._flat: dict[tuple[str, str], Any] = {}

    def mapping(self, value: Any, depth: int) -> dict[str, Any]:
        pairs = mapping(value) or ()
        parts = ((name, self._part(part, depth)) for name, part in pairs if isinstance(name, str))
        return {name: part for name, part in parts if part is not None}

    def _part(self, value: Any, depth: int) -> Any:
        """A tensor, or a dict of them; None for all else."""
        stored = tensor_of(value)
        if stored is not None:
            return self._tensor(stored)
        return self.mapping(value, depth - 1) or None if depth and mapping(value) else None

    def _tensor(self, stored: StoredTensor) -> Any:
        import torch

        if stored.device == "meta" or stored.dtype.startswith("q"):
            return None
        flat = self._of_storage(stored)
        try:
            return torch.as_strided(flat, stored.shape, stored.strides, stored.offset)
        except RuntimeError:
            raise Malformed(f"a tensor of {list(stored.shape)} lies outside its storage") from None

    def _of_storage(self, stored: StoredTensor) -> Any:
        import torch

        key = (stored.storage, stored.dtype)
        if key not in self._flat:
            dtype = getattr(torch, stored.dtype, None)
            if not isinstance(dtype, torch.dtype):
                raise Malformed(f"a tensor of dtype {stored.dtype!r:.20}")
            data = bytearray(self._bytes(stored.storage))
            self._flat[key] = (
                torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
            )
        return self._flat[key]

    def _bytes(self, key: str) -> bytes:
        try:
            return self._storage(key)
        except KeyError:
            raise Malformed(f"there is no storage {key!r:.20}") from None
