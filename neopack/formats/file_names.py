"""Names of files inside files that may come from a stranger: they never lead anywhere else."""

from __future__ import annotations

import os

from neopack.errors import Unsafe

__all__ = ["require_file_name", "require_inner_name"]


def require_file_name(name: str, where: str) -> str:
    """Return ``name`` if it is the name of a file in the same folder, without any path.

    Raises ``Unsafe`` for anything else. ``where`` is the file that has the name.
    """
    marked = any(mark in name for mark in "/\\\0")
    if not name or name in (".", "..") or marked or not _is_encodable(name):
        raise Unsafe(
            f"names {name!r:.80}, which is not a file beside it",
            where=where,
            hint="do not trust where it came from",
        )
    return name


def _is_encodable(name: str) -> bool:
    """JSON may have half of a character that no file system takes."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def require_inner_name(name: str, where: str) -> str:
    """Return ``name`` if it is that of a file in a folder or in folders of that folder."""
    for part in name.split("/"):
        require_file_name(part, where)
    return name
