"""The child's side: run the tasks of a module, one request after another."""

from __future__ import annotations

import importlib
import json
import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from neopack.distributions import absent_module
from neopack.errors import Missing, NeopackError, OutputError
from neopack.outputs.atomic import FULL
from neopack.processes.child import ANSWERS, OWNED
from neopack.values.json import Json
from neopack.values.log import SilentLog

__all__ = ["main"]

TRIES = 3


class _ChildLog(SilentLog):
    def __init__(self, send: Callable[[Json], None]) -> None:
        self._send = send

    def note(self, text: str) -> None:
        self._send({"log": "note", "text": text})

    def warn(self, text: str) -> None:
        self._send({"log": "warn", "text": text})


def main(module: str, answers: int, owned: str) -> None:
    """Serve the ``TASKS`` of ``module`` until standard input ends; then ``owned`` is removed."""
    requests = _requests(_taken_input(), owned)
    tasks = importlib.import_module(module).TASKS
    own = os.getpid()
    with os.fdopen(answers, "wb", buffering=0) as stream:

        def send(message: Json) -> None:
            stream.write(_line(message))

        log = _ChildLog(send)
        for request in requests:
            number = request["number"]
            try:
                answer = tasks[request["task"]](request["data"], log)
                line = _line({"number": number, "answer": answer})
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary of the process
                line = _line({"number": number, "error": _described(error)})
            if os.getpid() != own:
                os._exit(0)  # a copy that the task forked and did not end: the original answers
            stream.write(line)


def _line(message: Json) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _taken_input() -> BinaryIO:
    """Standard input, which is ours alone: a model that asks something gets the end of a file."""
    ours = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return os.fdopen(ours, "rb")


def _requests(stream: BinaryIO, owned: str) -> Iterator[dict[str, Any]]:
    requests: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read_requests, args=(stream, requests, owned), daemon=True).start()
    while True:
        yield json.loads(requests.get())


def _read_requests(stream: BinaryIO, requests: queue.Queue[bytes], owned: str) -> None:
    """At the end of input, which is also how a killed parent looks, leave at once."""
    for line in stream:
        requests.put(line)
    for _ in range(TRIES if owned else 0):  # a model at work may still write into it
        shutil.rmtree(owned, ignore_errors=True)
    # with whatever processes a model started; the child leads a group of its own
    os.killpg(os.getpid(), signal.SIGKILL)


def _described(error: BaseException) -> dict[str, str]:
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, OSError) and error.errno in FULL:
        error = _full(error)
    if (absent := absent_module(error)) is not None:
        error = Missing(absent[0], hint=absent[1])
    if isinstance(error, NeopackError):
        kind, where, hint = type(error).__name__, error.where, error.hint
        return {
            "kind": kind, "message": error.message, "where": where, "hint": hint, "trace": trace,
        }  # fmt: skip
    first = (str(error).strip().splitlines() or [""])[0]
    message = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return {"kind": "", "message": message, "where": "", "hint": "", "trace": trace}


def _full(error: OSError) -> OutputError:
    where = os.fsdecode(error.filename or tempfile.gettempdir())
    return OutputError(
        f"cannot be written: {error.strerror}", where=where, hint="set TMPDIR to another disk"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(os.environ.pop(ANSWERS)), os.environ.pop(OWNED))
