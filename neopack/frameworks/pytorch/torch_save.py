"""What ``torch.save`` writes (zip, the pickles before 1.6, the tar before 0.2) and safetensors.

None of these is a model that a compiler reads; they are read so that ``inspect`` can say what
they hold and the refusal can say what to do. See ``torch/serialization.py`` and
https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neopack.errors import LimitExceeded, Malformed
from neopack.formats import tar
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.formats.pickle import Global, Persistent, PickledCall, read_pickle
from neopack.formats.source import ByteSource, Cursor
from neopack.frameworks.pytorch import pickle_globals
from neopack.frameworks.pytorch.container import TorchZip
from neopack.frameworks.pytorch.facts import SafetensorsFacts, SavedFacts
from neopack.frameworks.pytorch.tensors import (
    BITS,
    OwnedTensor,
    StoredTensor,
    mapping,
    tensor_of,
    tensors,
    total,
)
from neopack.values.model import ModelInfo

__all__ = [
    "is_legacy",
    "is_legacy_tar",
    "is_safetensors",
    "read_legacy",
    "read_legacy_tar",
    "read_safetensors",
    "read_zip",
]

FRAMEWORK = "PYTORCH"
MAGIC = 0x1950A86A20F9469CFC6C
LARGEST_HEADER = 100_000_000  # safetensors refuses a longer one
# where training loops of the field put the weights inside a checkpoint
WEIGHT_KEYS = ("state_dict", "model_state_dict", "model", "module", "net", "ema_state_dict")
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
_LEGACY_MEMBERS = frozenset(["sys_info", "pickle", "storages", "tensors"])
_SAFETENSORS = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
    "C64": "complex64",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}


def read_zip(container: TorchZip) -> ModelInfo:
    """A zip that ``torch.save`` wrote (1.6 and later)."""
    pickle = container.pickle("data.pkl")
    return _info(pickle.value, pickle.globals, {"file_format": container.version()})


# --- before 1.6: pickles one after the other, then the storages -----------------------------


def is_legacy(source: ByteSource) -> bool:
    """Whether the file starts with a pickle of torch's magic number, in any protocol."""
    if source.read(0, 1)[:1] != b"\x80":
        return False
    head = Cursor(source, 0, min(source.size, 64))
    try:
        return bool(read_pickle(head).value == MAGIC)
    except (Malformed, LimitExceeded):
        return False


def read_legacy(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """Magic number, protocol, system, the object, the storages' keys; then the storages."""
    cursor = Cursor(source)
    read_pickle(cursor, limits)
    protocol = read_pickle(cursor, limits).value
    read_pickle(cursor, limits)
    saved = read_pickle(cursor, limits)
    keys = read_pickle(cursor, limits).value
    _skip_storages(cursor, saved.value, keys)
    versions = {"legacy_protocol": str(protocol)} if isinstance(protocol, int) else {}
    return _info(saved.value, saved.globals, versions)


def _skip_storages(cursor: Cursor, value: Any, keys: Any) -> None:
    """Find out whether all storages are there: each is a count of elements, then these."""
    bits = {h.tensor.storage: BITS.get(h.tensor.dtype, 0) for h in tensors(value)}
    for key in keys if isinstance(keys, list) else ():
        if not isinstance(key, str) or not bits.get(key):
            return
        elements = int.from_bytes(cursor.take(8), "little")
        cursor.skip(elements * bits[key] // 8)


# --- before 0.2: a tar of pickles -----------------------------------------------------------


def is_legacy_tar(source: ByteSource) -> bool:
    """Whether the first tar header names one of the four members of the oldest form."""
    block = source.read(0, tar.BLOCK)
    name = block[:100].rstrip(b"\0").decode("ascii", "replace").removeprefix("./")
    return len(block) == tar.BLOCK and block[257:262] == b"ustar" and name in _LEGACY_MEMBERS


def read_legacy_tar(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """The member ``pickle`` has the object; its tensors lie elsewhere and are not counted."""
    cursor = Cursor(source)
    for entry in tar.entries(cursor, limits):
        if entry.name.removeprefix("./") == "pickle":
            inside = Cursor(source, entry.offset, entry.offset + entry.size)
            saved = read_pickle(inside, limits)
            return _info(saved.value, saved.globals, {"legacy_protocol": "tar"}, counted=False)
    raise Malformed("no member named pickle", where=source.name)


# --- the object that was saved --------------------------------------------------------------


def _info(
    value: Any, names: Sequence[Global], versions: Mapping[str, str], *, counted: bool = True
) -> ModelInfo:
    kind = _kind(value)
    key, weights = _weights(value) if kind == "checkpoint" else ("", value)
    stored = list(tensors(weights))
    parameters = [h.tensor for h in stored if not _is_buffer(h)]
    everything = total(h.tensor for h in stored)
    return ModelInfo(
        framework=FRAMEWORK,
        format=kind,
        producer="pytorch",
        versions=versions,
        parameters=total(parameters).elements if counted else None,
        parameter_bytes=total(parameters).bytes if counted else None,
        dtypes=everything.dtypes,
        notes=_notes(kind, key),
        facts=SavedFacts(
            keys=_keys(value),
            weights_key=key,
            tensors=len(stored),
            devices=tuple(sorted(everything.devices - {"cpu"})),
            globals=tuple(pickle_globals.unexpected(names)),
            executing=tuple(pickle_globals.executing(names)),
        ),
    )


def _kind(value: Any) -> str:
    pairs = mapping(value)
    if pairs is None:
        is_object = isinstance(value, PickledCall) and tensor_of(value) is None
        return "pickled-module" if is_object else "checkpoint"
    plain = (str, int, float, bytes, type(None))
    values = [part for _, part in pairs if not isinstance(part, plain)]
    return "state_dict" if values and all(map(_is_tensor, values)) else "checkpoint"


def _is_tensor(value: Any) -> bool:
    return tensor_of(value) is not None or isinstance(value, Persistent)


def _weights(value: Any) -> tuple[str, Any]:
    """The part of a checkpoint that holds the model's weights, by the names of the field."""
    parts = {key: part for key, part in mapping(value) or () if isinstance(key, str)}
    for key in WEIGHT_KEYS:
        if next(tensors(parts.get(key)), None) is not None:
            return key, parts[key]
    return "", value


def _is_buffer(tensor: OwnedTensor) -> bool:
    return tensor.group == "_buffers" or tensor.name.endswith(_BUFFERS)


def _keys(value: Any) -> tuple[str, ...]:
    return tuple(key for key, _ in (mapping(value) or ())[:50] if isinstance(key, str))


def _notes(kind: str, key: str) -> tuple[str, ...]:
    if kind == "checkpoint" and key:
        return (f"counted are the tensors under {key!r}",)
    if kind == "checkpoint":
        return ("counted are all tensors, those of the optimizer too",)
    return ()


# --- safetensors ----------------------------------------------------------------------------


def is_safetensors(source: ByteSource) -> bool:
    """Whether the bytes start with a length and, after it, a JSON object."""
    head = source.read(0, 10)
    length = int.from_bytes(head[:8], "little")
    return head[8:] in (b'{"', b"{}") and 2 <= length <= min(LARGEST_HEADER, source.size)


def read_safetensors(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """The header says all; the data behind it must reach as far as the header says."""
    cursor = Cursor(source)
    length = int.from_bytes(cursor.take(8), "little")
    limits.hold("record_bytes", length, where=source.name)
    try:
        header = read_json(cursor.take(length), source.name, limits)
        rows = {name: row for name, row in header.items() if name != "__metadata__"}
        stored = [_safetensor(name, row) for name, row in rows.items()]
        ends = [int(row["data_offsets"][1]) for row in rows.values()]
    except (Malformed, ValueError, TypeError, LookupError, AttributeError):
        raise Malformed("the safetensors header is broken", offset=8, where=source.name) from None
    if max(ends, default=0) > cursor.left:
        raise Malformed("tensor data is missing", offset=source.size, where=source.name)
    parameters = total(t for t in stored if not t.storage.endswith(_BUFFERS))
    metadata = header.get("__metadata__")
    return ModelInfo(
        framework=FRAMEWORK,
        format="safetensors",
        producer="safetensors",
        parameters=parameters.elements,
        parameter_bytes=parameters.bytes,
        dtypes=total(stored).dtypes,
        facts=SafetensorsFacts(
            keys=tuple(rows)[:50], tensors=len(rows), metadata=_texts(metadata)
        ),
    )


def _safetensor(name: str, row: Any) -> StoredTensor:
    shape = tuple(row["shape"])
    if len(shape) > 64 or not all(isinstance(n, int) and 0 <= n < 1 << 63 for n in shape):
        raise ValueError("a shape")
    return StoredTensor(dtype=_SAFETENSORS.get(row["dtype"], "?"), shape=shape, storage=name)


def _texts(metadata: Any) -> dict[str, str]:
    pairs: Iterable[tuple[Any, Any]] = metadata.items() if isinstance(metadata, dict) else ()
    return {key: value[:200] for key, value in pairs if isinstance(value, str)}
