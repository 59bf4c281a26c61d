"""The files of a model by relative name: from one directory, or from anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from neopack.errors import LimitExceeded, SourceError
from neopack.formats.guard import Limits
from neopack.formats.source import ByteSource, FileSource

__all__ = ["Files", "FolderFiles", "PlacedFiles", "limits_for"]

# a SavedModel in a numbered directory, as TensorFlow Serving has it: 1/variables/variables.index
DEPTH = 3
MOST = 10_000


class Files(Protocol):
    """The files of a directory, an archive or an export, by relative name with slashes."""

    @property
    def name(self) -> str: ...
    def names(self) -> Sequence[str]: ...
    def open(self, name: str) -> AbstractContextManager[ByteSource]:
        """Open one of ``names()``. Raises ``SourceError`` if it cannot be read."""


class FolderFiles:
    """The files in a directory, down to ``DEPTH`` levels, without hidden files and links to
    directories. ``names`` raises ``LimitExceeded`` for more than ``MOST`` files."""

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self._root = root

    def names(self) -> Sequence[str]:
        names: list[str] = []
        for name in _below(self._root, "", DEPTH):
            names.append(name)
            if len(names) > MOST:
                raise LimitExceeded(
                    f"holds more than {MOST} files",
                    where=self.name,
                    hint="give the model file itself, or a directory that holds nothing else",
                )
        return sorted(names, key=lambda name: (name.count("/"), name))

    def open(self, name: str) -> FileSource:
        return _opened(self._root / name)


class PlacedFiles:
    """Files from anywhere, under the relative names that they will have."""

    def __init__(self, name: str, paths: Mapping[str, Path]) -> None:
        self.name = name
        self._paths = paths

    def names(self) -> Sequence[str]:
        return tuple(self._paths)

    def open(self, name: str) -> FileSource:
        return _opened(self._paths[name])


def limits_for(path: Path, limits: Limits) -> Limits:
    """``limits`` with one budget for all that is read at ``path``, by what lies there."""
    if not path.is_dir():
        return limits.for_file(path.stat().st_size if path.is_file() else 0)
    files = FolderFiles(path)
    return limits.for_file(sum((path / name).stat().st_size for name in files.names()))


def _below(directory: Path, prefix: str, depth: int) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=str(directory)) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth:
                yield from _below(directory / entry.name, f"{prefix}{entry.name}/", depth - 1)
        elif entry.is_file():
            yield f"{prefix}{entry.name}"


def _opened(path: Path) -> FileSource:
    try:
        return FileSource(path)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=str(path)) from error
