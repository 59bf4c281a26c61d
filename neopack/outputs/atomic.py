"""Output files that exist whole or not at all.

On Linux a file has no name until it is complete (``O_TMPFILE``), so even a killed run leaves
nothing behind. Elsewhere it gets a hidden name in the same directory, which is removed. Several
files change together (``outputs.journal``).
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
from neopack.outputs.hidden import alone_in, create, hidden, sweep
from neopack.outputs.journal import Complete, journal_of, settle, settle_alone, take_places

__all__ = ["FULL", "AtomicOutputs", "refuse_full", "refuse_unwritable", "settle", "writing"]

# errors of a full disk, an exhausted quota, a file that is too large
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# room for the content of a framework's file beside its tensors: code, names, a directory
BESIDE_WEIGHTS = 1 << 20


def refuse_unwritable(path: Path, *, force: bool) -> None:
    """Raise ``OutputError`` if ``path`` cannot become an output, before any work is done."""
    with writing(path):
        settle(path)
        if path.is_dir():
            raise OutputError("is a directory", where=str(path), hint="name a file")
        if path.exists() and not path.is_file():
            raise OutputError("is not a regular file", where=str(path), hint="name another")
        if (path.exists() or path.is_symlink()) and not force:
            raise OutputError("already exists", where=str(path), hint="give --force to replace it")
        folder = _nearest_folder(path)
        if not folder.is_dir():
            raise OutputError("is not a directory", where=str(folder), hint="name another place")
        # checking permissions is not enough: root ignores them, and a file system may be read-only
        _drop(*create(folder / path.name, secrets.token_hex(6)))


def _nearest_folder(path: Path) -> Path:
    """The folder of ``path``, or the nearest above it that exists: those between are created with
    the output."""
    return next(each for each in path.parents if os.path.lexists(each))


def refuse_full(*paths: Path, size: int) -> None:
    """Raise ``OutputError`` if files of about ``size`` bytes do not fit at ``paths``.

    Frameworks write these files themselves, and torch aborts the process on a full disk.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    tried = {hidden(path, secrets.token_hex(6)): path for path in paths}
    try:
        for temporary, path in tried.items():
            with writing(path), temporary.open("xb") as stream:
                os.posix_fallocate(stream.fileno(), 0, size + BESIDE_WEIGHTS)
    finally:
        for temporary in tried:
            temporary.unlink(missing_ok=True)


class AtomicOutputs:
    """Several files of one folder that appear together once all are written and synced.

    with AtomicOutputs(force=False) as outputs:
        outputs.open(path).write(data)

    ``main`` is the file that readers ``settle`` before they read the others; by default the first.
    """

    def __init__(self, *, force: bool, main: Path | None = None) -> None:
        self._force, self._main = force, main
        self._token = secrets.token_hex(6)
        self._pending: list[Complete] = []
        self._folders: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def open(self, path: Path) -> BinaryIO:
        """Return a file that gets the name ``path`` if the block succeeds."""
        refuse_unwritable(path, force=self._force)
        with writing(path):
            self._create_folders(path)
            temporary, stream = create(path, self._token)
        self._pending.append(Complete(path=path, temporary=temporary, stream=stream))
        return stream

    def _create_folders(self, path: Path) -> None:
        absent = [each for each in path.parents if not os.path.lexists(each)]
        for folder in reversed(absent):
            folder.mkdir(exist_ok=True)
            self._folders.append(folder)

    def discard(self) -> None:
        """Nothing is written, although the block succeeds."""
        for file in self._pending:
            _drop(file.temporary, file.stream)
        self._pending.clear()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        last = self._pending[-1].path if self._pending else Path()
        try:
            if error is None and self._pending:
                with writing(last):
                    self._commit()
        finally:
            for file in self._pending:
                _drop(file.temporary, file.stream)
            self._remove_empty_folders()
        if isinstance(error, OSError):
            with writing(last):
                raise error

    def _remove_empty_folders(self) -> None:
        for folder in reversed(self._folders):
            with contextlib.suppress(OSError):  # it holds the outputs
                folder.rmdir()

    def _commit(self) -> None:
        for file in self._pending:
            file.stream.flush()
            os.fsync(file.stream.fileno())
        main = self._main or self._pending[0].path
        with alone_in(main.parent):
            settle_alone(main)
            for path in (journal_of(main), *(file.path for file in self._pending)):
                sweep(path)
            take_places(self._pending, main, self._token, force=self._force)


def _drop(temporary: Path | None, stream: BinaryIO) -> None:
    with contextlib.suppress(OSError):
        stream.close()
    if temporary is not None:
        temporary.unlink(missing_ok=True)


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
