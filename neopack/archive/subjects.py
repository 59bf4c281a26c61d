"""Files and folders as reports name them: by path and digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from neopack.formats.files import FolderFiles
from neopack.values.subject import Subject

__all__ = ["subject"]


def subject(path: Path) -> Subject:
    """Of a folder, the digest is that of the lines which ``sha256sum`` prints of its files, sorted
    as bytes by name; hidden files are left out."""
    if not path.is_dir():
        return Subject(path=str(path), bytes=path.stat().st_size, sha256=_sha256(path))
    names = sorted(FolderFiles(path).names(), key=os.fsencode)
    lines = "".join(f"{_sha256(path / name)}  {name}\n" for name in names)
    return Subject(
        path=str(path),
        bytes=sum((path / name).stat().st_size for name in names),
        sha256=hashlib.sha256(os.fsencode(lines)).hexdigest(),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
