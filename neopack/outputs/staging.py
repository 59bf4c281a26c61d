"""Directories for work in progress, gone when the work ends."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = [
    "staging_directory",
]


@contextlib.contextmanager
def staging_directory() -> Iterator[Path]:
    """A directory that is gone when the block ends, whatever moment a signal ends it at: it is
    named before it is made, where ``tempfile`` would make it before anybody knows its name."""
    path = Path(tempfile.gettempdir()) / f"neopack-{secrets.token_hex(8)}"
    try:
        path.mkdir(0o700)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
