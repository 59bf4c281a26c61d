"""Locks that end with the process that holds them: how a living process keeps its files."""

from __future__ import annotations

import fcntl
import os

__all__ = ["is_unlocked", "lock"]


def lock(handle: int) -> bool:
    """Lock an open file or directory without waiting; False where that cannot be done."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_unlocked(handle: int) -> bool:
    """Whether no process holds a lock on it; ``handle`` is closed."""
    try:
        return lock(handle)
    finally:
        os.close(handle)
