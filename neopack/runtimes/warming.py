"""Processes of runtimes that start before they are needed.

Importing an old framework takes seconds, in which another process exports the model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from neopack.errors import NeopackError
from neopack.processes.worker import Worker

__all__ = ["drop", "take", "warm"]

_ready: dict[str, Worker] = {}
_lock = threading.Lock()


def warm(name: str, start: Callable[[], Worker]) -> None:
    """Have ``start`` start a process of the runtime ``name``, unless one waits, and the process
    import its framework. What is wrong with it shows when it is needed."""
    with _lock:
        if name in _ready:
            return
        worker = _ready[name] = start()
    threading.Thread(target=_import, args=(worker,), daemon=True).start()


def take(name: str, *, failure: type[NeopackError], subject: str) -> Worker | None:
    """The process that waits, which is the caller's now."""
    with _lock:
        worker = _ready.pop(name, None)
    if worker is not None:
        worker.serve(failure, subject)
    return worker


def drop() -> None:
    """End the processes that nobody took."""
    with _lock:
        workers = list(_ready.values())
        _ready.clear()
    for worker in workers:
        worker.close()


def _import(worker: Worker) -> None:
    with suppress(NeopackError):
        worker.call("versions")
