"""Which models are meant by the names of a call: paths, patterns, and folders of archives."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path

from neopack.errors import UsageError

__all__ = ["matching"]

ARCHIVES = (".tar.gz", ".tgz")


def matching(names: Iterable[str | os.PathLike[str]]) -> tuple[Path, ...]:
    """The models that ``names`` mean, each once. A pattern means the files that match it, and a
    folder the archives in it, at any depth; without any, it is a model itself.

    Raises ``UsageError`` for a pattern that nothing matches.
    """
    paths = [path for name in names for path in _meant(os.fspath(name))]
    return tuple(dict.fromkeys(paths))


def _meant(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return sorted(_archives(path)) or [path]
    if not has_magic(name) or path.exists():
        return [path]
    # Path.glob takes no absolute pattern
    matches = sorted(map(Path, glob(name, recursive=True)))  # noqa: PTH207
    if not matches:
        raise UsageError("nothing matches this pattern", where=name, hint="is the folder right?")
    return [each for match in matches for each in _meant(str(match))]


def _archives(folder: Path) -> Iterator[Path]:
    """Hidden folders are left out: a build keeps its own in one."""
    for place, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".")]
        yield from (Path(place, name) for name in names if name.endswith(ARCHIVES))
