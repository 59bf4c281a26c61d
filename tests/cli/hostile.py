"""Archives that nobody should send, made with tarfile and by hand."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

__all__ = ["bomb", "entry", "pack"]


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def pack(path: Path, *entries: tarfile.TarInfo, model: bytes = b"") -> Path:
    """A .tar.gz of ``model`` as model.pth, with notes.txt beside it, and then ``entries``."""
    with tarfile.open(path, "w:gz") as tar:
        if model:
            first = entry("model.pth")
            first.size = len(model)
            tar.addfile(first, io.BytesIO(model))
            tar.addfile(entry("notes.txt"))
        for made in entries:
            tar.addfile(made, io.BytesIO(bytes(made.size)))
    return path


def bomb(path: Path, size: int) -> Path:
    """One member of ``size`` zeros: about a thousandth of it on disk."""
    block = bytes(1 << 20)
    head = entry("model.pth")
    head.size = size
    with gzip.open(path, "wb", 1) as stream:
        stream.write(head.tobuf())
        for _ in range(size // len(block)):
            stream.write(block)
        stream.write(bytes(1024))
    return path
