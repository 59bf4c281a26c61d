"""Output files that exist whole or not at all.

On Linux the file has no name until it is complete (``O_TMPFILE``), so that even a killed run
leaves nothing behind; elsewhere a temporary name in the same directory is used and removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from neopack.errors import OutputError

__all__ = ["FULL", "AtomicOutputs", "refuse_full", "refuse_unwritable", "writing"]

# what a system says when no more can be written: disk, quota, largest file
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# what a framework's file holds beside its tensors: code, names, a directory
BESIDE_WEIGHTS = 1 << 20


def refuse_unwritable(path: Path, *, force: bool) -> None:
    """Raise ``OutputError`` where ``path`` cannot become an output, before any work is done."""
    with writing(path):
        if path.is_dir():
            raise OutputError("is a directory", where=str(path), hint="name a file")
        if path.exists() and not path.is_file():
            raise OutputError("is no ordinary file", where=str(path), hint="name another")
        if (path.exists() or path.is_symlink()) and not force:
            raise OutputError("already exists", where=str(path), hint="give --force to replace it")
        if not path.parent.is_dir():
            raise OutputError("no such directory", where=str(path.parent), hint="make it first")
        # asking for permissions is not enough: they bind neither root nor a file system
        temporary, stream = _nameless(path)
        _drop(temporary, stream)


def refuse_full(*paths: Path, size: int) -> None:
    """Raise ``OutputError`` where files of about ``size`` bytes would not fit at ``paths``.
    Frameworks write by themselves, and torch ends its process on a full disk.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    tried = {_beside(path): path for path in paths}
    try:
        for temporary, path in tried.items():
            with writing(path), temporary.open("xb") as stream:
                os.posix_fallocate(stream.fileno(), 0, size + BESIDE_WEIGHTS)
    finally:
        for temporary in tried:
            temporary.unlink(missing_ok=True)


class AtomicOutputs:
    """Several files that appear together, once all are written and synced.

    with AtomicOutputs(force=False) as outputs:
        outputs.open(path).write(data)
    """

    def __init__(self, *, force: bool) -> None:
        self._force = force
        self._pending: list[tuple[Path, Path | None, BinaryIO]] = []

    def __enter__(self) -> Self:
        return self

    def open(self, path: Path) -> BinaryIO:
        """A file to write that gets the name ``path`` when the block ends well."""
        refuse_unwritable(path, force=self._force)
        temporary, stream = _nameless(path)
        self._pending.append((path, temporary, stream))
        return stream

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        written = self._pending[-1][0] if self._pending else Path()
        try:
            if error is None:
                with writing(written):
                    self._commit()
        finally:
            for _, temporary, stream in self._pending:
                _drop(temporary, stream)
        if isinstance(error, OSError):
            with writing(written):
                raise error

    def _commit(self) -> None:
        for _, _, stream in self._pending:
            stream.flush()
            os.fsync(stream.fileno())
        try:
            for path, temporary, stream in self._pending:
                _publish(path, temporary, stream, force=self._force)
        except BaseException:
            for path, _, stream in self._pending:
                _take_back(path, stream)
            raise


def _nameless(path: Path) -> tuple[Path | None, BinaryIO]:
    with writing(path):
        if hasattr(os, "O_TMPFILE"):
            with contextlib.suppress(OSError):
                handle = os.open(path.parent, os.O_TMPFILE | os.O_RDWR, 0o644)
                return None, os.fdopen(handle, "w+b")
        temporary = _beside(path)
        return temporary, temporary.open("x+b")


def _drop(temporary: Path | None, stream: BinaryIO) -> None:
    with contextlib.suppress(OSError):
        stream.close()
    if temporary is not None:
        temporary.unlink(missing_ok=True)


def _take_back(path: Path, stream: BinaryIO) -> None:
    """Outputs come all or none: remove ``path`` where it is the file that we just named."""
    with contextlib.suppress(OSError):
        if os.path.samestat(path.lstat(), os.fstat(stream.fileno())):
            path.unlink()


def _publish(path: Path, temporary: Path | None, stream: BinaryIO, *, force: bool) -> None:
    if temporary is None:
        named = _beside(path) if force else path
        _name_open_file(stream.fileno(), named)
        if force:
            named.replace(path)
    elif force:
        temporary.replace(path)
    else:
        os.link(temporary, path)


def _name_open_file(handle: int, path: Path) -> None:
    """Give a file made with O_TMPFILE its name: linkat with AT_SYMLINK_FOLLOW, as open(2) says.

    ``os.link`` reaches linkat only when it is given a directory handle (bpo-37612).
    """
    directory = os.open("/proc/self/fd", os.O_RDONLY)
    try:
        os.link(str(handle), path, src_dir_fd=directory, follow_symlinks=True)
    finally:
        os.close(directory)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """OSErrors of writing, as the ``OutputError`` a user can act on."""
    try:
        yield
    except FileExistsError:
        raise OutputError("already exists", where=str(path), hint="give --force") from None
    except OSError as error:
        hint = "name another place"
        if error.errno in FULL:
            temporary = path.is_relative_to(tempfile.gettempdir())
            hint = f"free some space or {'set TMPDIR to' if temporary else 'name'} another disk"
        reason = error.strerror or str(error)
        raise OutputError(f"cannot be written: {reason}", where=str(path), hint=hint) from error
