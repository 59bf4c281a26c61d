"""Requests and answers of an endpoint: JSON, .npy, .npz, CSV."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = [
    "CSV",
    "JSON",
    "LARGEST_BODY",
    "NPY",
    "NPZ",
    "Body",
    "RequestRefused",
    "parsed",
    "rendered",
]

# InvokeEndpoint's documentation: the body of a request (botocore 1.44.5, BodyBlob, 2026)
LARGEST_BODY = 6291456
JSON, CSV = "application/json", "text/csv"
NPY, NPZ = "application/x-npy", "application/x-npz"
ANYTHING = frozenset({"", "*/*", "application/*"})


class RequestRefused(Exception):
    """What the container answers instead of numbers, with its status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Bytes with their content type, ``kind``."""

    kind: str
    data: bytes

    @classmethod
    def of(cls, content: str | bytes, kind: str) -> Body:
        """What a script returns: a text in UTF-8, or bytes as they are."""
        return cls(
            kind=kind, data=content.encode() if isinstance(content, str) else bytes(content)
        )


def parsed(body: Body, signature: Signature) -> dict[str, Array]:
    """Arrays by the names of the signature. Raises ``RequestRefused``."""
    kind = _kind(body.kind) or JSON
    try:
        if kind == JSON:
            return _named(_json(body.data), signature)
        if kind in (NPY, NPZ):
            return _named(_numpy(body.data, kind), signature)
        if kind == CSV:
            return _named(_csv(body.data), signature)
    except (ValueError, TypeError, OSError, RecursionError) as error:
        raise RequestRefused(f"the request is not {kind}: {error}") from None
    raise RequestRefused(f"content type {kind} is not one of {JSON}, {NPY}, {NPZ}, {CSV}", 415)


def rendered(outputs: Mapping[str, Array], accept: str, asked: bytes) -> Body:
    """One output as it is, several by name; ``predictions`` where ``instances`` were sent."""
    kinds = {_kind(kind) for kind in accept.split(",")} if accept else {""}
    if NPY in kinds and len(outputs) == 1:
        return Body(kind=NPY, data=_saved(next(iter(outputs.values()))))
    if NPZ in kinds:
        return Body(kind=NPZ, data=_zipped(outputs))
    lists = {name: array.tolist() for name, array in outputs.items()}
    only = next(iter(lists.values())) if len(lists) == 1 else lists
    if CSV in kinds:
        return Body(kind=CSV, data=_rows(next(iter(outputs.values()))).encode())
    if not kinds & {JSON, *ANYTHING}:
        raise RequestRefused(f"accept {accept} is not one of {JSON}, {NPY}, {NPZ}, {CSV}", 406)
    wrapped = {"predictions": only} if asked.lstrip().startswith(b'{"instances"') else only
    return Body(kind=JSON, data=json.dumps(wrapped).encode())


def _kind(text: str) -> str:
    return text.split(";", maxsplit=1)[0].strip().lower()


def _json(data: bytes) -> Any:
    values = json.loads(data)
    for wrap in ("inputs", "instances"):
        if isinstance(values, dict) and set(values) == {wrap}:
            return values[wrap]
    return values


def _numpy(data: bytes, kind: str) -> Any:
    import numpy as np

    loaded = np.load(io.BytesIO(data), allow_pickle=False)
    return dict(loaded) if kind == NPZ else loaded


def _csv(data: bytes) -> list[list[float]]:
    lines = data.decode("utf-8").split()
    return [[float(cell) for cell in line.split(",")] for line in lines]


def _named(values: Any, signature: Signature) -> dict[str, Array]:
    import numpy as np

    dtypes = {spec.name: spec.dtype for spec in signature.inputs}
    if not isinstance(values, dict):
        if len(dtypes) != 1:
            raise RequestRefused(f"the model takes {', '.join(dtypes)}: name each")
        values = {next(iter(dtypes)): values}
    return {name: np.asarray(array, dtypes.get(name)) for name, array in values.items()}


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


def _rows(array: Array) -> str:
    rows = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    return "\n".join(",".join(str(value) for value in row.tolist()) for row in rows)
