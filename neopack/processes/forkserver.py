"""Children that start with their framework imported: each is a fork of a process that did so.

Importing TensorFlow or PyTorch takes seconds, and every export runs in a child of its own. A
process that exports twice gets a fork server from the second time on: one that has imported the
framework and nothing of the user's. A command that exports once starts none and pays nothing.

A forked child is what a fresh one would be, or there is none: ``fork`` returns None where forking
would lose threads, and where a folder on the child's path has a module that the server imported
from elsewhere. A server that started in another environment, with other limits or with other
packages installed is replaced. It ends with its parent, and after some minutes without work.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.machinery
import json
import os
import resource
import select
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeAlias

from neopack.processes.process import Handle, Order, Pipes

__all__ = ["NUMBER", "fork", "warm"]

# a forked child's process id, and later its exit code
NUMBER = struct.Struct("<q")
LOST = -9
STARTING = 120.0
# variables that may differ from child to child: no framework reads them when it is imported
FREE = {
    "COLUMNS", "LINES", "OLDPWD", "PWD", "PYTEST_CURRENT_TEST", "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH", "TEMP", "TMP", "TMPDIR", "_",
}  # fmt: skip
FREE_PREFIXES = ("AWS_", "NEOPACK_")
LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
SUFFIXES = tuple(importlib.machinery.all_suffixes())

Preload: TypeAlias = tuple[str, ...]


def fork(order: Order, preload: Sequence[str], pipes: Pipes) -> Handle | None:
    """A child with ``preload`` imported, on these pipes; None where it must be a fresh one."""
    key = tuple(preload)
    if not key or sys.platform != "linux":
        return None
    with _lock:
        _children[key] += 1
        if _children[key] == 1:
            return None
        try:
            order = replace(order, directory=os.getcwd())  # noqa: PTH109
            return _server(key, order).fork(order, pipes)
        except OSError:
            return None


def warm(preload: Sequence[str]) -> None:
    """Have even the first child with ``preload`` forked."""
    _children[tuple(preload)] += 1


class _Forked:
    """A forked child, as ``subprocess.Popen`` is a fresh one. It tells its process id, and who
    started it its exit code, through a pipe."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._code: int | None = None
        if not _readable(status, STARTING):
            raise TimeoutError
        self.pid = self._number(0)
        if not self.pid:
            raise ConnectionError

    def poll(self) -> int | None:
        if self._code is None and _readable(self._status, 0):
            self._code = self._number(LOST)
            os.close(self._status)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None and not _readable(self._status, timeout):
            raise subprocess.TimeoutExpired("a forked child", timeout or 0)
        code = self.poll()
        return LOST if code is None else code

    def _number(self, default: int) -> int:
        data = os.read(self._status, NUMBER.size)
        return int(NUMBER.unpack(data)[0]) if data else default


class _Server:
    """A process that has imported ``preload``, for children that start as things are now."""

    def __init__(self, preload: Preload, order: Order) -> None:
        self._circumstances = _circumstances(order)
        # what only one child's path has is imported by no other
        environment = {k: v for k, v in order.environment.items() if k != "PYTHONPATH"}
        self._socket, theirs = socket.socketpair()
        ready, write = os.pipe()
        ends = (theirs.fileno(), write)
        self._process = subprocess.Popen(
            # -P: no framework comes from the directory that this happens to be in
            [sys.executable, "-P", "-m", "neopack.processes.forkserver_main",
             *map(str, ends), *preload],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=ends,
            env=environment,
            start_new_session=True,
        )  # fmt: skip
        theirs.close()
        os.close(write)
        # where its modules are from; empty where it cannot fork, or not even start
        self._modules: dict[str, str] = _announced(ready)
        self._folders = _dated(set(self._modules.values()))

    def is_current(self, order: Order) -> bool:
        if not self._modules:
            return self._circumstances == _circumstances(order)
        return (
            self._process.poll() is None
            and self._circumstances == _circumstances(order)
            and self._folders == _dated(self._folders)
        )

    def fork(self, order: Order, pipes: Pipes) -> _Forked | None:
        """Raises ``OSError`` where the server is gone."""
        if not self._modules or any(self._shadowed(folder) for folder in order.folders()):
            return None
        status, write = os.pipe()
        paper = os.memfd_create("order")
        try:
            os.write(paper, json.dumps(asdict(order)).encode())
            socket.send_fds(self._socket, [b"\n"], [*pipes.theirs, write, paper])
        finally:
            os.close(write)
            os.close(paper)
        return _Forked(status)

    def close(self) -> None:
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._process.kill()
        self._process.wait()

    def _shadowed(self, folder: str) -> bool:
        """Whether a child with this folder on its path would have a module from it that the
        server has from elsewhere."""
        if folder in self._folders:
            return False
        return any(self._modules.get(name, folder) != folder for name in _modules(folder))


def _server(preload: Preload, order: Order) -> _Server:
    server = _servers.get(preload)
    if server and not server.is_current(order):
        server.close()
        server = None
    if not server:
        server = _servers[preload] = _Server(preload, order)
    return server


def _circumstances(order: Order) -> tuple[object, ...]:
    """All that a process inherits here and that a fork of the server would have from then."""
    environment = {
        name: value
        for name, value in order.environment.items()
        if name not in FREE and not name.startswith(FREE_PREFIXES)
    }
    umask = next(line for line in _status() if line.startswith("Umask"))
    limits = [resource.getrlimit(limit) for limit in LIMITS]
    return environment, umask, limits, os.sched_getaffinity(0)


def _status() -> list[str]:
    return Path("/proc/self/status").read_text("utf-8").splitlines()


def _announced(ready: int) -> dict[str, str]:
    with os.fdopen(ready, "rb") as stream, contextlib.suppress(ValueError):
        if _readable(ready, STARTING):
            modules: dict[str, str] = json.load(stream)
            return modules
    return {}


def _dated(folders: Iterable[str]) -> dict[str, int]:
    """When something was last installed into each."""
    return {folder: os.stat(folder).st_mtime_ns for folder in folders}  # noqa: PTH116


def _modules(folder: str) -> Iterator[str]:
    """The names of what can be imported from a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(SUFFIXES) or Path(entry, "__init__.py").exists():
                yield entry.name.partition(".")[0]


def _readable(end: int, timeout: float | None) -> bool:
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


def _forget() -> None:
    """In a fork of this very process: the servers are its parent's."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _servers.clear()


def _close() -> None:
    for server in _servers.values():
        server.close()


_lock = threading.Lock()
_children: Counter[Preload] = Counter()
_servers: dict[Preload, _Server] = {}
os.register_at_fork(after_in_child=_forget)
atexit.register(_close)
