"""Where a cache keeps its files: a folder that many processes write at once, or, through fsspec,
any place that has a URL."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from neopack.errors import UsageError
from neopack.outputs.hidden import create, name_file

__all__ = ["FolderStore", "Store", "StoredFile", "open_store"]

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """``modified`` is in seconds since 1970: when it was written, or used last where that can be
    told."""

    name: str
    bytes: int
    modified: float


class Store(Protocol):
    """Files by name, with slashes. Each appears whole or not at all, and all writers give a name
    the same content. All but ``read`` and ``fetch``, which return None and False for what is not
    there, raise ``OSError``. ``at_once`` is how many files it pays to look for at a time."""

    at_once: int

    def read(self, name: str) -> bytes | None: ...
    def write(self, name: str, data: bytes) -> None: ...
    def fetch(self, name: str, to: Path) -> bool: ...
    def put(self, name: str, path: Path) -> None: ...
    def names(self) -> Iterator[StoredFile]: ...
    def remove(self, name: str) -> None: ...


def open_store(place: str) -> Store:
    """The store at a path or URL. Raises ``Missing`` where fsspec is needed and absent, and
    ``UsageError`` where a file has the place of the folder."""
    if "://" in place and not place.startswith("file://"):
        from neopack.build.remote import RemoteStore

        return RemoteStore(place)
    folder = Path(place.removeprefix("file://")).expanduser()
    if folder.exists() and not folder.is_dir():
        raise UsageError("is not a folder", where=place, hint="a cache is a folder or a URL")
    return FolderStore(folder)


class FolderStore:
    """A folder. A file is written without a name and then named in one step, so that neither a
    writer that dies nor two at once leave half a file."""

    at_once = 1

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def read(self, name: str) -> bytes | None:
        try:
            data = self._place(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        self._used(name)
        return data

    def write(self, name: str, data: bytes) -> None:
        with self._new(name) as stream:
            stream.write(data)

    def fetch(self, name: str, to: Path) -> bool:
        try:
            shutil.copyfile(self._place(name), to)
        except FileNotFoundError:
            return False
        self._used(name)
        return True

    def put(self, name: str, path: Path) -> None:
        there = self._place(name)
        with contextlib.suppress(FileNotFoundError):
            if there.stat().st_size == path.stat().st_size:
                self._used(name)
                return
            there.unlink(missing_ok=True)  # damaged
        with path.open("rb") as source, self._new(name) as stream:
            shutil.copyfileobj(source, stream, 1 << 20)

    def names(self) -> Iterator[StoredFile]:
        for path in self.folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # another process removed it
                if path.is_file() and not path.name.startswith("."):
                    stat = path.stat()
                    name = path.relative_to(self.folder).as_posix()
                    yield StoredFile(name=name, bytes=stat.st_size, modified=stat.st_mtime)

    def remove(self, name: str) -> None:
        self._place(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        """Raises ``OSError`` for a name that leads elsewhere: some come out of the files here."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise OSError(errno.EINVAL, "leads out of the cache", name)
        return self.folder / path

    @contextlib.contextmanager
    def _new(self, name: str) -> Iterator[BinaryIO]:
        path = self._place(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, stream = create(path, secrets.token_hex(6))
        try:
            with stream:
                yield stream
                stream.flush()
                with contextlib.suppress(FileExistsError):  # another wrote the same
                    name_file(stream, temporary, path)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)

    def _used(self, name: str) -> None:
        """What was used lately is pruned last. Once a day is enough."""
        path = self._place(name)
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > DAY:
                os.utime(path)
