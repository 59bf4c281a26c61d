"""Files as reports name them: by path and digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from neopack.values.subject import Subject

__all__ = ["subject"]


def subject(path: Path) -> Subject:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Subject(path=str(path), bytes=path.stat().st_size, sha256=sha256)
