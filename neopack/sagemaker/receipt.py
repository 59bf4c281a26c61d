"""The receipt of a job: written before the job is created, so that no job is ever lost.

It lies beside the archive as ``<archive>.<target>.job.json``; ``neopack jobs attach`` goes on
from it. No time and no path of this machine is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neopack.archive.manifest import stem
from neopack.errors import Malformed, SourceError
from neopack.formats.codec import from_json, to_json
from neopack.formats.file_names import require_file_name
from neopack.formats.json_text import read_json
from neopack.outputs.atomic import AtomicOutputs
from neopack.values.json import AnyJson
from neopack.values.target import Target

__all__ = ["SUFFIX", "Receipt", "checked", "read", "receipt_path", "write"]

SCHEMA = 1
SUFFIX = ".job.json"
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """``request`` is what the API got; ``archive`` and ``artifact`` are names of files beside."""

    schema: int = SCHEMA
    job: str
    region: str
    endpoint: str = ""
    target: str
    archive: str
    content_sha256: str
    artifact: str
    framework: str
    framework_version: str = ""
    request: Mapping[str, AnyJson]

    def dumps(self) -> bytes:
        return json.dumps(to_json(self), indent=2, ensure_ascii=False).encode() + b"\n"


def receipt_path(archive: Path, target: Target) -> Path:
    name = target.name.replace("/", "-")
    return archive.with_name(f"{stem(archive)}.{name}{SUFFIX}")


def write(receipt: Receipt, path: Path) -> None:
    """In the place of the last one: it is of the newest attempt."""
    with AtomicOutputs(force=True) as outputs:
        outputs.open(path).write(receipt.dumps())


def read(path: Path) -> Receipt:
    """Raises ``SourceError`` where it cannot be read, ``Malformed`` where it is not a receipt,
    ``Unsafe`` where it names files that do not lie beside it."""
    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST)
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            hint="neopack jobs list says which jobs there are",
        ) from None
    data = read_json(text, str(path))
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or "job" not in data:
        raise Malformed("is not a receipt of a job", where=str(path))
    return checked(from_json(Receipt, data, where=str(path)), str(path))


def checked(receipt: Receipt, where: str) -> Receipt:
    """The receipt, if it names files beside it only. Raises ``Unsafe``."""
    for name in (receipt.archive, receipt.artifact):
        require_file_name(name, where)
    return receipt
