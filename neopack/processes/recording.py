"""Record what the user's code reads in this process: imports, opened files, listed folders.

Python reports each ``open`` and each listing to an audit hook (PEP 578). A library that opens
files in C reports nothing: ``native_readers`` has those that are used for models, and files of
others must be named otherwise.
"""

from __future__ import annotations

import importlib.util
import os
import pkgutil
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import neopack
from neopack.processes.native_readers import tell_of_reads
from neopack.values.reads import Reads

__all__ = ["Recorder"]

OF_THE_SYSTEM = ("/proc", "/sys", "/dev", "/run", "/etc", "/usr/share", "/usr/lib")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
LISTINGS = ("os.listdir", "os.scandir")
RENAMING = "os.rename"  # os.replace too
# these list every folder on the path, whatever is in it
IMPORTING = ("<frozen importlib", str(Path(importlib.__file__).parent), str(pkgutil.__file__))

# size, time of the content, inode; None where there is no file
Stamp: TypeAlias = tuple[int, int, int] | None


class Recorder:
    """Listens from now on until the process ends: a hook cannot be taken away.

    ``own`` is the folder where this process works, which is not part of what it reads.
    """

    def __init__(self, own: Path) -> None:
        self._files: dict[str, Stamp] = {}
        self._written: set[str] = set()
        self._folders: dict[str, None] = {}
        ours = Path(neopack.__file__).parent
        self._installed = tuple(_inside(path) for path in _installed())
        others = (*OF_THE_SYSTEM, str(own), os.path.realpath(own), str(ours))
        self._passed_over = (*self._installed, *(_inside(path) for path in others))
        self._home_of_neopack = str(ours.parent)
        sys.addaudithook(self._hear)
        tell_of_reads(self._read)

    def reads(self) -> Reads:
        names = {name.partition(".")[0] for name in list(sys.modules)}
        files = {*self._files, *self._own_modules()}
        return Reads(
            files=tuple(sorted(files)),
            folders=tuple(sorted(self._folders)),
            packages=tuple(sorted(self._packages())),
            names=tuple(sorted(names - {"__main__", "__mp_main__"})),
            roots=tuple(sorted(self._roots())),
            changed=tuple(sorted(self._changed())),
        )

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._opened(*arguments[:3])
        elif event == RENAMING:
            self._written.add(_path(arguments[1]))
        elif event in LISTINGS and not _imports(sys._getframe(1)):  # noqa: SLF001
            path = _path(arguments[0] if arguments[0] is not None else ".")
            if path and self._is_own(path):
                self._folders[path] = None

    def _opened(self, name: object, mode: object, flags: object) -> None:
        path = _path(name)
        if isinstance(flags, int) and flags & WRITING:
            self._written.add(path)
        else:
            self._read(path)

    def _read(self, name: str) -> None:
        path = _path(name) if name else ""
        if path and self._is_own(path):
            source = _source(path)
            if source not in self._files:  # a later read may be of another file
                self._files[source] = _stamp(source)

    def _changed(self) -> Iterator[str]:
        """What this process wrote itself is as it knows it."""
        for path, stamp in self._files.items():
            if path not in self._written and _stamp(path) != stamp:
                yield path

    def _is_own(self, path: str) -> bool:
        return not (path.startswith(self._passed_over) or _inside(path) in self._passed_over)

    def _own_modules(self) -> Iterator[str]:
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            # torch.ops says that its file is _ops.py
            if isinstance(file, str) and file.startswith("/") and self._is_own(file):
                yield _source(file)

    def _packages(self) -> set[str]:
        found = set()
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.startswith(self._installed):
                found.add(name.partition(".")[0])
        return found - {"neopack"}

    def _roots(self) -> set[str]:
        paths = (_path(entry or ".") for entry in sys.path)
        own = {path for path in paths if path and self._is_own(path) and Path(path).is_dir()}
        return own - {self._home_of_neopack}


def _installed() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    zipped = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    named = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    named += [sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix})]
    named += [str(Path(stdlib).with_name(zipped)) for stdlib in named]
    return tuple(dict.fromkeys([*named, *site.getsitepackages(), site.getusersitepackages()]))


def _stamp(path: str) -> Stamp:
    try:
        stat = os.stat(path)  # noqa: PTH116 - of every file that is opened
    except (OSError, ValueError):
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _inside(path: str) -> str:
    return path.rstrip("/") + "/"


def _path(name: object) -> str:
    """Absolute, "" for an open file."""
    if not isinstance(name, str | bytes | os.PathLike):
        return ""
    return os.path.abspath(os.fsdecode(name))  # noqa: PTH100 - links stay as they are


def _source(path: str) -> str:
    """The source that bytecode in ``__pycache__`` was compiled from."""
    if not path.endswith(".pyc"):
        return path
    try:
        return importlib.util.source_from_cache(path)
    except ValueError:
        return path


def _imports(frame: FrameType) -> bool:
    return any(
        each is not None and each.f_code.co_filename.startswith(IMPORTING)
        for each in (frame, frame.f_back)
    )
