"""The fork server's side: import what children will need, then fork for each.

Each child has a supervisor, a small process that started it and reports how it ended. The server
itself only waits for the next request, and a child outlives it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from neopack.processes import child_main
from neopack.processes.forkserver import NUMBER
from neopack.processes.process import ChildSpec

__all__ = ["main"]

IDLE_SECONDS = 600.0


def main(requests: int, ready: int, preload: Sequence[str]) -> None:
    """Fork for each request on the socket, until its other end is closed."""
    for name in preload:
        _load(name)
    with os.fdopen(ready, "w") as stream:
        json.dump(_modules() if _can_fork() else {}, stream)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the supervisors
    connection = socket.socket(fileno=requests)
    connection.settimeout(IDLE_SECONDS)
    while ends := _received(connection):
        if os.fork() == 0:
            connection.close()
            _supervise(*ends)
            return
        for end in ends:
            os.close(end)


def _received(connection: socket.socket) -> list[int]:
    """The pipe ends of the next child; empty when the parent is gone or idle for long."""
    try:
        return socket.recv_fds(connection, 1, 5)[1]
    except TimeoutError:
        return []


def _load(name: str) -> None:
    """``module``, or ``module:function`` where the function knows how to import it."""
    module, _, function = name.partition(":")
    loaded = importlib.import_module(module)
    if function:
        getattr(loaded, function)()


def _can_fork() -> bool:
    """Whether a fork lacks no thread. OpenBLAS ends its threads before a fork and starts them
    again on demand; a thread that is still there after a fork would be missing in the child."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _modules() -> dict[str, str]:
    """The top-level modules that were imported, and the folder of each."""
    modules = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if "." not in name and file and name != "__main__":
            path = Path(file).absolute()
            modules[name] = str(path.parents[1] if path.stem == "__init__" else path.parent)
    return modules


def _supervise(requests: int, output: int, answers: int, status: int, spec_file: int) -> None:
    """Start the child and report how it ended. Only the child returns from here."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        _become_child(requests, output, answers, status, spec_file)
        return
    for end in (requests, output, answers, spec_file):
        os.close(end)
    _, ended = os.waitpid(child, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(status, NUMBER.pack(os.waitstatus_to_exitcode(ended)))
    os._exit(0)


def _become_child(requests: int, output: int, answers: int, status: int, spec_file: int) -> None:
    """Be what ``python -m neopack.processes.child_main`` would be."""
    os.setsid()
    os.write(status, NUMBER.pack(os.getpid()))
    os.close(status)
    for end, standard in ((requests, 0), (output, 1), (output, 2)):
        os.dup2(end, standard)
    os.close(requests)
    os.close(output)
    os.lseek(spec_file, 0, os.SEEK_SET)
    with os.fdopen(spec_file, "rb") as stream:
        spec = ChildSpec(**json.load(stream))
    _settle(spec)
    child_main.main(spec.tasks, answers, spec.owned)


def _settle(spec: ChildSpec) -> None:
    """Environment, directory and path of a process that starts now."""
    os.environ.clear()
    os.environ.update(spec.environment)
    os.chdir(spec.directory)
    sys.argv[:] = [str(child_main.__file__), spec.tasks]
    sys.path[:] = dict.fromkeys([*spec.folders(), *sys.path])
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    tempfile.tempdir = None
    importlib.invalidate_caches()
    if "numpy" in sys.modules:  # the standard library's random reseeds itself
        sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
