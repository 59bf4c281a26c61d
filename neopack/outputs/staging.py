"""Temporary directories for work in progress."""

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
    """Yield a directory that is removed at the end of the block, even if a signal ends it.

    The name is chosen before the directory is created. ``tempfile`` creates it before its name is
    known, so a signal in between would leave it behind.
    """
    path = Path(tempfile.gettempdir()) / f"neopack-{secrets.token_hex(8)}"
    try:
        path.mkdir(0o700)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
