"""Rewrite a TorchScript file that we just saved so that it does not depend on where it was made.

torch writes debug records that hold source paths of this machine; loading needs none of them
(``caffe2/serialize`` looks for each and goes on without). Everything else is kept, in a fixed
order, small records first, so that a reader of the archive meets them early.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

__all__ = ["rewrite"]

# PyTorch maps tensors from the file, so their data begins at multiples of 64 bytes
ALIGNMENT = 64
LOCAL_HEADER = 30
PADDING_ID = b"FB"
CHUNK = 1 << 20


def rewrite(saved: Path, to: Path) -> None:
    """Copy the TorchScript file ``saved`` to ``to`` without debug records, under ``model/``."""
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(to, "w") as target:
        for entry in sorted(source.infolist(), key=_place):
            name = entry.filename.partition("/")[2]
            if not _is_local(name):
                _copy(source, entry, target, f"model/{name}")


def _is_local(name: str) -> bool:
    return name.endswith(".debug_pkl") or name == ".data/serialization_id"


def _place(entry: zipfile.ZipInfo) -> tuple[bool, int, str]:
    name = entry.filename.partition("/")[2]
    folder, _, leaf = name.rpartition("/")
    is_tensor = leaf.isdecimal()
    return is_tensor, int(leaf) if is_tensor else 0, folder + "/" + leaf


def _copy(
    source: zipfile.ZipFile, entry: zipfile.ZipInfo, target: zipfile.ZipFile, name: str
) -> None:
    fresh = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    fresh.file_size = entry.file_size
    assert target.fp is not None  # noqa: S101 - open for writing
    fresh.extra = _padding(target.fp.tell() + LOCAL_HEADER + len(name.encode()))
    with source.open(entry) as reading, target.open(fresh, "w") as writing:
        while chunk := reading.read(CHUNK):
            writing.write(chunk)


def _padding(start: int) -> bytes:
    """An extra field that moves the data behind it from ``start`` to the next boundary."""
    fill = -(start + 4) % ALIGNMENT
    return PADDING_ID + fill.to_bytes(2, "little") + b"Z" * fill
