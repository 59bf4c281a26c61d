"""Temporary directories for work in progress, which do not outlive their process."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from neopack.outputs.locks import is_unlocked, lock

__all__ = [
    "staging_directory",
]

_NAME = re.compile(r"neopack-[0-9a-f]{16}")
# reads until its input ends, which is when nobody holds the other end any more
_WATCH = 'cat > /dev/null; rm -rf -- "$1"'
YOUNG = 60  # seconds in which a directory may not be locked yet


@contextlib.contextmanager
def staging_directory() -> Iterator[Path]:
    """Yield a directory that is removed at the end of the block, even if a signal ends it.

    The name is chosen before the directory is created. ``tempfile`` creates it before its name is
    known, so a signal in between would leave it behind. A process of its own removes the directory
    where this one is killed; what both left, the next one that works here removes.
    """
    place = Path(tempfile.gettempdir())
    _remove_left(place)
    path = place / f"neopack-{secrets.token_hex(8)}"
    try:
        path.mkdir(0o700)
        with _locked(path), _watched(path):
            yield path
            shutil.rmtree(path, ignore_errors=True)
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _watched(path: Path) -> Iterator[None]:
    """A session of its own does not get the signals of the terminal."""
    try:
        watch = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH, "neopack", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:  # no shell, or no more processes
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            watch.communicate()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDONLY)
    try:
        lock(handle)
        yield
    finally:
        os.close(handle)


def _remove_left(place: Path) -> None:
    """Remove the directories of this user's processes that died."""
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name) and _is_left(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left(entry: os.DirEntry[str]) -> bool:
    try:
        stat = entry.stat(follow_symlinks=False)
        if stat.st_uid != os.getuid() or time.time() - stat.st_mtime < YOUNG:
            return False
        handle = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    return is_unlocked(handle)
