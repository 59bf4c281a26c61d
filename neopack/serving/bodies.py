"""Requests and answers of an endpoint: JSON, JSON lines, .npy, .npz, CSV, libsvm, raw bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from neopack.serving.tables import cell_rows, csv_rows, libsvm_rows
from neopack.serving.tensor_bytes import npy_array, npz_arrays
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = [
    "ANYTHING",
    "CSV",
    "DIED",
    "JSON",
    "LARGEST_BODY",
    "NPY",
    "NPZ",
    "Body",
    "RequestRefused",
    "TimedOut",
    "parsed",
    "rendered",
]

# InvokeEndpoint's documentation: the body of a request (botocore 1.44.5, BodyBlob, 2026)
LARGEST_BODY = 6291456
JSON, CSV = "application/json", "text/csv"
JSON_LINES = "application/jsonlines"
NPY, NPZ = "application/x-npy", "application/x-npz"
OCTETS = "application/octet-stream"
ANYTHING = frozenset({"", "*/*", "application/*"})
DIED = "Worker died."
ANSWERS = f"{JSON}, {JSON_LINES}, {NPY}, {NPZ}, {CSV}"


class RequestRefused(Exception):
    """What the container answers instead of numbers, with its status.

    ``kind`` is the exception of the model server that answers in the place of a handler.
    """

    def __init__(self, message: str, status: int = 400, *, kind: str = "") -> None:
        super().__init__(message)
        self.message, self.status, self.kind = message, status, kind


class TimedOut(RequestRefused):
    """The model did not answer in time, and was ended, as the model server does it."""

    def __init__(self) -> None:
        super().__init__(DIED, 500, kind="InternalServerException")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Bytes with their content type, ``kind``. ``headers`` are all of a request by their names in
    small letters, and those that a script adds to an answer."""

    kind: str
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: str | bytes, kind: str) -> Body:
        """What a script returns: a text in UTF-8, or bytes as they are."""
        return cls(
            kind=kind, data=content.encode() if isinstance(content, str) else bytes(content)
        )


def parsed(body: Body, signature: Signature) -> dict[str, Array]:
    """Arrays by the names of the signature, in the dtypes of the request: ``predict`` refuses what
    the signature's do not hold. Raises ``RequestRefused``."""
    kind = _kind(body.kind) or JSON
    read = READERS.get(kind)
    if read is None:
        what = "a script in code/ can take it" if kind.startswith("image/") else "send another"
        raise RequestRefused(
            f"content type {kind} is not one of {', '.join(READERS)}: {what}", 415
        )
    try:
        return _named(read(body.data, signature), signature)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
        raise RequestRefused(f"the request is not {kind}: {error}") from None


def rendered(outputs: Mapping[str, Array], accept: str, asked: bytes) -> Body:
    """One output as it is, several by name; in ``predictions`` where ``instances`` were sent, as
    TensorFlow Serving's REST API has it."""
    kinds = {_kind(kind) for kind in accept.split(",")} if accept else {""}
    first = next(iter(outputs.values()))
    if NPY in kinds and len(outputs) == 1:
        return Body(kind=NPY, data=_saved(first))
    if NPZ in kinds:
        return Body(kind=NPZ, data=_zipped(outputs))
    if CSV in kinds:
        return Body(kind=CSV, data=csv_rows(first).encode())
    lists = {name: array.tolist() for name, array in outputs.items()}
    only = next(iter(lists.values())) if len(lists) == 1 else lists
    if JSON_LINES in kinds and isinstance(only, list):
        lines = "".join(f"{json.dumps(row)}\n" for row in only)
        return Body(kind=JSON_LINES, data=lines.encode())
    if not kinds & {JSON, *ANYTHING}:
        raise RequestRefused(f"accept {accept} is not one of {ANSWERS}", 406)
    wrapped = {"predictions": only} if asked.lstrip().startswith(b'{"instances"') else only
    return Body(kind=JSON, data=json.dumps(wrapped).encode())


def _kind(text: str) -> str:
    return text.split(";", maxsplit=1)[0].strip().lower()


def _json(data: bytes, _: Signature) -> Any:
    values = json.loads(data)
    for wrap in ("inputs", "instances"):
        if isinstance(values, dict) and set(values) == {wrap}:
            return values[wrap]
    return values


def _json_lines(data: bytes, _: Signature) -> Any:
    """One row a line: an array, or an object of the inputs by name."""
    rows = [json.loads(line) for line in data.splitlines() if line.strip()]
    if not rows:
        raise ValueError("it has no line")
    if isinstance(rows[0], dict):
        return {name: [row[name] for row in rows] for name in rows[0]}
    return rows


def _octets(data: bytes, signature: Signature) -> Any:
    """The bytes of the only input, in its dtype and C order."""
    import numpy as np

    if len(signature.inputs) != 1:
        raise ValueError(f"the model has {len(signature.inputs)} inputs")
    only = signature.inputs[0]
    shape = [-1 if dim is None else dim for dim in only.shape]
    return np.frombuffer(data, only.dtype).reshape(shape)


READERS: Mapping[str, Callable[[bytes, Signature], Any]] = MappingProxyType(
    {
        JSON: _json,
        JSON_LINES: _json_lines,
        NPY: lambda data, _: npy_array(data),
        NPZ: lambda data, _: npz_arrays(data),
        CSV: cell_rows,
        "text/libsvm": libsvm_rows,
        "text/x-libsvm": libsvm_rows,
        OCTETS: _octets,
    }
)


def _named(values: Any, signature: Signature) -> dict[str, Array]:
    import numpy as np

    names = [spec.name for spec in signature.inputs]
    if not isinstance(values, dict):
        if len(names) != 1:
            raise RequestRefused(f"the model takes {', '.join(names)}: name each")
        values = {names[0]: values}
    return {name: np.asarray(array) for name, array in values.items()}


def _saved(array: Array) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _zipped(arrays: Mapping[str, Array]) -> bytes:
    from neopack.goldens.arrays import save_arrays

    stream = io.BytesIO()
    save_arrays(stream, arrays)
    return stream.getvalue()
