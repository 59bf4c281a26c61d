"""The digests of files. Those of files that did not change are remembered from run to run.

A file is the same as before where its size, times and inode are. One that was changed within the
last seconds may change again without another time: its digest is not remembered. The clock is that
of the file system, so that one which is set wrong does no harm.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from neopack.outputs.atomic import AtomicOutputs

__all__ = ["ABSENT", "Digests", "digest_of", "own_folder"]

ABSENT = "absent"
SCHEMA = 1
# FAT has the coarsest times, of two seconds
COARSE_NS = 2 * 10**9
PASSED_OVER = ("__pycache__",)
# a folder that has this file is a virtual environment
ENVIRONMENT = "pyvenv.cfg"

# size, time of the content, time of the inode, inode
Stamp = tuple[int, int, int, int]


def digest_of(*parts: object) -> str:
    """SHA-256, in hex, of values of JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def own_folder(folder: Path, root: Path) -> Path | None:
    """The folder of outputs, where it has nothing but them: not that of the project itself."""
    inside = os.path.relpath(folder, root)
    return folder if inside != "." and not inside.startswith("..") else None


class Digests:
    """Digests by path; ``memory`` is the file that keeps them, None for this run alone. The
    folder ``outputs``, which a build writes, is left out of the folders that it lies in."""

    def __init__(self, memory: Path | None = None, outputs: Path | None = None) -> None:
        self._memory = memory
        self._outputs = os.path.normpath(outputs) if outputs is not None else ""
        self._known = _remembered(memory) if memory is not None else {}
        self._kept: dict[str, tuple[Stamp, str]] = {}
        self._before = _clock(memory.parent if memory is not None else None) - COARSE_NS

    def file(self, path: str | os.PathLike[str]) -> str:
        """SHA-256, in hex; ``ABSENT`` where there is nothing to read."""
        name = os.fspath(path)
        try:
            stamp = _stamp(os.stat(name))  # noqa: PTH116 - many a thousand times
        except OSError:
            return ABSENT
        known = self._kept.get(name) or self._known.get(name)
        if known is not None and known[0] == stamp:
            self._kept[name] = known
            return known[1]
        digest = _hashed(name)
        if digest != ABSENT and max(stamp[1:3]) < self._before:
            self._kept[name] = (stamp, digest)
        return digest

    def tree(self, path: Path) -> str:
        """Of a file, or of all files in a directory by their names, without hidden ones."""
        if not path.is_dir():
            return self.file(path)
        files = self._files(path)
        named = [(str(each.relative_to(path)), self.file(each)) for each in files]
        return digest_of(named)

    def of(self, paths: Iterable[Path], root: Path) -> str:
        """Of several files, by their names below ``root``."""
        return digest_of([(os.path.relpath(path, root), self.tree(path)) for path in paths])

    def modules(self, folder: Path) -> str:
        """Of all ``.py`` files in a directory, without hidden ones and virtual environments."""
        files = list(self._files(folder))
        environments = {each.parent for each in files if each.name == ENVIRONMENT}
        modules = (each for each in files if each.suffix == ".py")
        return self.of((each for each in modules if environments.isdisjoint(each.parents)), folder)

    def listing(self, path: str | os.PathLike[str]) -> str:
        """Of the names in a directory; hidden ones are not told."""
        try:
            names = sorted(name for name in os.listdir(path) if self._is_told(path, name))  # noqa: PTH208
        except OSError:
            return ABSENT
        return digest_of(names)

    def save(self) -> None:
        """Remember what this run used. A folder that cannot be written does not matter."""
        if self._memory is None:
            return
        data = {"schema": SCHEMA, "files": {k: [*s, d] for k, (s, d) in self._kept.items()}}
        with suppress(Exception), AtomicOutputs(force=True) as outputs:
            outputs.open(self._memory).write(json.dumps(data).encode())

    def _files(self, folder: Path) -> Iterator[Path]:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                if not self._is_told(folder, entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from self._files(Path(entry.path))
                else:
                    yield Path(entry.path)

    def _is_told(self, folder: str | os.PathLike[str], name: str) -> bool:
        passed_over = name.startswith(".") or name in PASSED_OVER or name.endswith(".pyc")
        return not passed_over and os.path.normpath(f"{folder}/{name}") != self._outputs

    def are_outputs(self, path: Path) -> bool:
        """Whether ``path`` lies in the folder that the build writes."""
        return bool(self._outputs) and f"{os.path.normpath(path)}/".startswith(f"{self._outputs}/")


def _stamp(stat: os.stat_result) -> Stamp:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _hashed(name: str) -> str:
    try:
        with open(name, "rb") as stream:  # noqa: PTH123
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ABSENT


def _clock(folder: Path | None) -> int:
    """The time of the file system that has ``folder``: of a file that is written now."""
    place = str(folder) if folder is not None and folder.is_dir() else None
    try:
        with tempfile.TemporaryFile(dir=place) as stream:
            return os.fstat(stream.fileno()).st_mtime_ns
    except OSError:
        return 0  # nothing is remembered


def _remembered(memory: Path) -> dict[str, tuple[Stamp, str]]:
    try:
        data = json.loads(memory.read_bytes())
        rows = data["files"].items() if data["schema"] == SCHEMA else ()
        return {name: ((row[0], row[1], row[2], row[3]), row[4]) for name, row in rows}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
