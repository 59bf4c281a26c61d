"""Files that have no name yet, hidden second names, and one process at a time in a folder.

A hidden name is ``.NAME.TOKEN.tmp``. The process that writes such a file holds a lock on it,
which ends with the process: a file without one was left by a process that died.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from neopack.outputs.locks import is_unlocked, lock

__all__ = ["JOURNAL", "alone_in", "create", "hidden", "name_file", "second_name", "sweep"]

SUFFIX, JOURNAL = ".tmp", ".journal"


def hidden(path: Path, token: str) -> Path:
    return path.with_name(f".{path.name}.{token}{SUFFIX}")


def create(path: Path, token: str) -> tuple[Path | None, BinaryIO]:
    """A file to write, in the folder of ``path``: without a name on Linux, else a hidden one."""
    if hasattr(os, "O_TMPFILE"):
        with contextlib.suppress(OSError):
            handle = os.open(path.parent, os.O_TMPFILE | os.O_RDWR, 0o644)
            return None, _locked(os.fdopen(handle, "w+b"))
    temporary = hidden(path, token)
    return temporary, _locked(temporary.open("x+b"))


def name_file(stream: BinaryIO, temporary: Path | None, to: Path) -> None:
    """Give an open file the name ``to``, which nothing has. A file that was opened with O_TMPFILE:
    linkat with AT_SYMLINK_FOLLOW, according to open(2).

    ``os.link`` calls linkat only with a directory descriptor (bpo-37612).
    """
    if temporary is not None:
        os.link(temporary, to)
        return
    directory = os.open("/proc/self/fd", os.O_RDONLY)
    try:
        os.link(str(stream.fileno()), to, src_dir_fd=directory, follow_symlinks=True)
    finally:
        os.close(directory)


def second_name(path: Path, to: Path) -> None:
    """Keep what is at ``path`` under another name too; a copy where a file system has no links."""
    try:
        os.link(path, to, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, to, follow_symlinks=False)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other neopack changes names in ``folder``. Where a file system has no locks,
    nobody waits."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def sweep(path: Path) -> None:
    """Remove hidden files for ``path`` whose process died. The folder must be locked."""
    start, end = f".{path.name}.", SUFFIX
    names = [entry.name for entry in path.parent.iterdir()]
    if any(name.startswith(".") and name.endswith(JOURNAL) for name in names):
        return  # of another set, which may need them
    for name in names:
        if not (name.startswith(start) and name.endswith(end)):
            continue
        if len(name) == len(start) + len(end) + 12 and _is_left(path.with_name(name)):
            path.with_name(name).unlink(missing_ok=True)


def _is_left(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return path.is_symlink()
    return is_unlocked(handle)


def _locked(stream: BinaryIO) -> BinaryIO:
    lock(stream.fileno())
    return stream
