"""Files as reports name them: by path and digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from neopack.values.subject import Subject

__all__ = ["subjects"]


def subjects(paths: Sequence[Path]) -> tuple[Subject, ...]:
    """Those of ``paths`` that are files, with their digests: a report names what it is about."""
    return tuple(_subject(path) for path in paths if path.is_file())


def _subject(path: Path) -> Subject:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Subject(path=str(path), bytes=path.stat().st_size, sha256=sha256)
