"""Children that start with their framework imported: forks of a process that imported it once.

Importing TensorFlow or PyTorch takes seconds, and every export runs in a child of its own. A
process that starts a second such child gets a fork server, which has imported the framework and
nothing of the user's. A command that starts one child pays nothing.

A forked child is what a fresh one would be. ``fork`` returns None, and the child is a fresh one,
where forking would lose threads or where a folder on the child's path has a module that the server
imported from elsewhere. A server is replaced when the environment, the limits or the installed
packages have changed. It ends with its parent, and after ten minutes without work.
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

from neopack.processes.process import ChildSpec, Handle, Pipes

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


def fork(spec: ChildSpec, preload: Sequence[str], pipes: Pipes) -> Handle | None:
    """A child with ``preload`` imported, on these pipes; None where it must be a fresh one."""
    key = tuple(preload)
    if not key or sys.platform != "linux":
        return None
    with _lock:
        _children[key] += 1
        if _children[key] == 1:
            return None
        try:
            spec = replace(spec, directory=os.getcwd())  # noqa: PTH109
            return _server(key, spec).fork(spec, pipes)
        except OSError:
            return None


def warm(preload: Sequence[str]) -> None:
    """Have even the first child with ``preload`` forked."""
    _children[tuple(preload)] += 1


class _Forked:
    """A forked child, as ``subprocess.Popen`` is a fresh one. Its process id, and later its exit
    code, come through a pipe."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._code: int | None = None
        self.pid = self._number(0) if _readable(status, STARTING) else 0
        if not self.pid:
            os.close(status)
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
    """A process that has imported ``preload``, and what it inherited here when it started."""

    def __init__(self, preload: Preload, spec: ChildSpec) -> None:
        self._inherited = _inherited(spec)
        # a folder on one child's path is not on every child's
        environment = {k: v for k, v in spec.environment.items() if k != "PYTHONPATH"}
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
        # the folder of each of its modules; empty where it cannot fork or did not start
        self._modules: dict[str, str] = _announced(ready)
        self._folders = _modified(set(self._modules.values()))

    def is_current(self, spec: ChildSpec) -> bool:
        if not self._modules:
            return self._inherited == _inherited(spec)
        return (
            self._process.poll() is None
            and self._inherited == _inherited(spec)
            and self._folders == _modified(self._folders)
        )

    def fork(self, spec: ChildSpec, pipes: Pipes) -> _Forked | None:
        """Raises ``OSError`` where the server is gone."""
        if not self._modules or any(self._shadowed(folder) for folder in spec.folders()):
            return None
        status, write = os.pipe()
        spec_file = os.memfd_create("spec")
        try:
            os.write(spec_file, json.dumps(asdict(spec)).encode())
            socket.send_fds(self._socket, [b"\n"], [*pipes.theirs, write, spec_file])
        finally:
            os.close(write)
            os.close(spec_file)
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


def _server(preload: Preload, spec: ChildSpec) -> _Server:
    server = _servers.get(preload)
    if server and not server.is_current(spec):
        server.close()
        server = None
    if not server:
        server = _servers[preload] = _Server(preload, spec)
    return server


def _inherited(spec: ChildSpec) -> tuple[object, ...]:
    """What a process that starts now inherits, and a fork inherits from the server instead."""
    environment = {
        name: value
        for name, value in spec.environment.items()
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


def _modified(folders: Iterable[str]) -> dict[str, int]:
    """When something was last installed into each folder."""
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
