"""A cache at a URL, through fsspec: ``s3://bucket/prefix`` with s3fs, and what else it knows.

An object store names an object when it is whole, so writers need no care for each other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from neopack.build.store import StoredFile
from neopack.distributions import install_hint
from neopack.errors import Missing, UsageError, first_line

__all__ = ["RemoteStore"]


class RemoteStore:
    at_once = 32

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._files, self._root = _opened(self.url)

    def __str__(self) -> str:
        return self.url

    def read(self, name: str) -> bytes | None:
        with _as_os_error(self.url):
            try:
                data: bytes = self._files.cat_file(self._place(name))
            except FileNotFoundError:
                return None
        return data

    def write(self, name: str, data: bytes) -> None:
        with _as_os_error(self.url):
            self._files.pipe_file(self._place(name), data)

    def fetch(self, name: str, to: Path) -> bool:
        with _as_os_error(self.url):
            try:
                self._files.get_file(self._place(name), str(to))
            except FileNotFoundError:
                return False
        return True

    def put(self, name: str, path: Path) -> None:
        with _as_os_error(self.url):
            if self._size(name) != path.stat().st_size:
                self._files.put_file(str(path), self._place(name))

    def _size(self, name: str) -> int | None:
        self._files.invalidate_cache()  # of listings: others write and prune too
        try:
            return int(self._files.info(self._place(name))["size"])
        except FileNotFoundError:
            return None

    def names(self) -> Iterator[StoredFile]:
        with _as_os_error(self.url):
            self._files.invalidate_cache()
            found = self._files.find(self._root, detail=True)
        for place, detail in found.items():
            name = str(place).removeprefix(self._root).lstrip("/")
            size = int(detail.get("size") or 0)
            yield StoredFile(name=name, bytes=size, modified=_modified(detail))

    def remove(self, name: str) -> None:
        with _as_os_error(self.url), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._place(name))

    def _place(self, name: str) -> str:
        return f"{self._root}/{name}"


def _opened(url: str) -> tuple[Any, str]:
    protocol = url.partition("://")[0]
    try:
        import fsspec  # type: ignore[import-untyped]
    except ImportError:
        hint = install_hint("cache")
        raise Missing("a cache at a URL needs fsspec", where=url, hint=hint) from None
    try:
        files, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        # fsspec names the package of the scheme, which the extra does not bring
        raise Missing(
            first_line(error), where=url, hint="with pip, where neopack is installed"
        ) from None
    except ValueError:
        raise UsageError(f"fsspec knows no {protocol}://", where=url) from None
    return files, str(root).rstrip("/")


def _modified(detail: dict[str, Any]) -> float:
    for key in ("LastModified", "last_modified", "mtime", "created"):
        value = detail.get(key)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return 0.0


@contextlib.contextmanager
def _as_os_error(url: str) -> Iterator[None]:
    """Each backend has errors of its own, which do not name the place."""
    try:
        yield
    except Exception as error:
        raise OSError(f"{url}: {first_line(error)}") from error
