"""Output files that exist whole or not at all.

On Linux a file has no name until it is complete (``O_TMPFILE``), so even a killed run leaves
nothing behind. Elsewhere it gets a temporary name in the same directory, which is removed.
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

# errors of a full disk, an exhausted quota, a file that is too large
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# room for the content of a framework's file beside its tensors: code, names, a directory
BESIDE_WEIGHTS = 1 << 20


def refuse_unwritable(path: Path, *, force: bool) -> None:
    """Raise ``OutputError`` if ``path`` cannot become an output, before any work is done."""
    with writing(path):
        if path.is_dir():
            raise OutputError("is a directory", where=str(path), hint="name a file")
        if path.exists() and not path.is_file():
            raise OutputError("is not a regular file", where=str(path), hint="name another")
        if (path.exists() or path.is_symlink()) and not force:
            raise OutputError("already exists", where=str(path), hint="give --force to replace it")
        if not path.parent.is_dir():
            raise OutputError("no such directory", where=str(path.parent), hint="create it first")
        # checking permissions is not enough: root ignores them, and a file system may be read-only
        temporary, stream = _nameless(path)
        _drop(temporary, stream)


def refuse_full(*paths: Path, size: int) -> None:
    """Raise ``OutputError`` if files of about ``size`` bytes do not fit at ``paths``.

    Frameworks write these files themselves, and torch aborts the process on a full disk.
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
    """Several files that appear together once all are written and synced.

    with AtomicOutputs(force=False) as outputs:
        outputs.open(path).write(data)
    """

    def __init__(self, *, force: bool) -> None:
        self._force = force
        self._pending: list[tuple[Path, Path | None, BinaryIO]] = []

    def __enter__(self) -> Self:
        return self

    def open(self, path: Path) -> BinaryIO:
        """Return a file that gets the name ``path`` if the block succeeds."""
        refuse_unwritable(path, force=self._force)
        temporary, stream = _nameless(path)
        self._pending.append((path, temporary, stream))
        return stream

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        last = self._pending[-1][0] if self._pending else Path()
        try:
            if error is None:
                with writing(last):
                    self._commit()
        finally:
            for _, temporary, stream in self._pending:
                _drop(temporary, stream)
        if isinstance(error, OSError):
            with writing(last):
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
    """Remove ``path`` if it is the file that was just published: outputs come all or none."""
    with contextlib.suppress(OSError):
        if os.path.samestat(path.lstat(), os.fstat(stream.fileno())):
            path.unlink()


def _publish(path: Path, temporary: Path | None, stream: BinaryIO, *, force: bool) -> None:
    if temporary is None:
        published = _beside(path) if force else path
        _name_open_file(stream.fileno(), published)
        if force:
            published.replace(path)
    elif force:
        temporary.replace(path)
    else:
        os.link(temporary, path)


def _name_open_file(handle: int, path: Path) -> None:
    """Name a file opened with O_TMPFILE: linkat with AT_SYMLINK_FOLLOW, according to open(2).

    ``os.link`` calls linkat only with a directory descriptor (bpo-37612).
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
    """Turn an OSError of writing into an ``OutputError`` that says what to do."""
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
