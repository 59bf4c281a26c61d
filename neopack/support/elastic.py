"""Elastic Inference: the accelerator types, and the smallest one that could hold a model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neopack.archive.read import scan
from neopack.errors import SourceError, Unsupported
from neopack.facts.elastic import (
    AcceleratorRow,
    ElasticImage,
    ElasticTable,
    elastic_images,
    elastic_table,
)
from neopack.formats.files import FolderFiles

__all__ = ["Accelerator", "ElasticAnswer", "ElasticImage", "ei"]

GB = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """TFLOPS in 32-bit and 16-bit floating point, and memory in GB. ``from_neo`` says whether Neo
    compiles for it; ``holds`` is None if no model was named."""

    type: str
    tflops_f32: int
    tflops_f16: int
    memory_gb: int
    from_neo: bool
    holds: bool | None
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticAnswer:
    """``smallest`` is the smallest type for a model of ``model_bytes``, or "" without a model."""

    status: tuple[str, ...]
    replacement: str
    accelerators: tuple[Accelerator, ...]
    model_bytes: int | None
    smallest: str
    frameworks: Mapping[str, str]
    algorithms: tuple[str, ...]
    rules: tuple[str, ...]
    permissions: tuple[str, ...]
    environment: Mapping[str, str]
    images: tuple[ElasticImage, ...]
    as_of: str
    source: str


def ei(
    *, model: str | os.PathLike[str] | None = None, model_bytes: int | None = None
) -> ElasticAnswer:
    """Return the page of Elastic Inference. ``smallest`` is the smallest type that Neo compiles
    for and whose memory holds the model; a GB is 10^9 bytes.

    ``model`` is a file, a directory or an archive, whose members count unpacked. Raises
    ``Unsupported`` if no type can hold the model.
    """
    table = elastic_table()
    if model is not None:
        model_bytes = _size(Path(model))
        if not model_bytes:
            raise SourceError("is empty", where=str(model))
    types = tuple(_accelerator(row, table, model_bytes) for row in table.accelerators)
    return ElasticAnswer(
        status=table.status,
        replacement=table.replacement,
        accelerators=types,
        model_bytes=model_bytes,
        smallest="" if model_bytes is None else _smallest(types, model_bytes),
        frameworks=table.frameworks,
        algorithms=table.algorithms,
        rules=table.rules,
        permissions=table.permissions,
        environment=table.environment,
        images=elastic_images(),
        as_of=table.as_of,
        source=table.source,
    )


def _size(path: Path) -> int:
    if path.is_dir():
        files = FolderFiles(path)
        return sum((path / name).stat().st_size for name in files.names())
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    if path.name.endswith((".tar.gz", ".tgz")):
        return sum(entry.size for entry in scan(path).entries)
    return path.stat().st_size


def _accelerator(row: AcceleratorRow, table: ElasticTable, model_bytes: int | None) -> Accelerator:
    return Accelerator(
        type=row.type,
        tflops_f32=row.tflops_f32,
        tflops_f16=row.tflops_f16,
        memory_gb=row.memory_gb,
        from_neo=row.type.startswith("ml.eia2."),
        holds=None if model_bytes is None else model_bytes <= row.memory_gb * GB,
        as_of=table.as_of,
        source=table.source,
    )


def _smallest(types: tuple[Accelerator, ...], model_bytes: int) -> str:
    fitting = [type_ for type_ in types if type_.from_neo and type_.holds]
    if not fitting:
        most = max(types, key=lambda type_: type_.memory_gb)
        message = f"a model of {model_bytes / GB:.1f} GB fits no accelerator"
        raise Unsupported(message, hint=f"the largest is {most.type} with {most.memory_gb} GB")
    return min(fitting, key=lambda type_: type_.memory_gb).type
