"""Our side of a worker: requests out, answers in, and an error in one line for all that can
happen to a process between them."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self, TypeAlias, cast

from neopack.errors import NeopackError, SourceError
from neopack.processes.process import POLL, Process, Streams
from neopack.values.artifact import Array
from neopack.values.json import AnyJson, Json

__all__ = ["Worker"]

LENGTH = struct.Struct(">Q")
# JSON of an answer; arrays come after it and are bounded by the worker's memory
LONGEST = 1 << 30
# what would make another Python out of the runtime's own
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "LD_PRELOAD")

Answer: TypeAlias = tuple[AnyJson, dict[str, Array]]
# how the stream of answers ended
Ended: TypeAlias = Literal["left", "garbage"]


class Worker:
    """A process of ``python`` that serves the ``TASKS`` of a file, one request after another.

    ``server`` is the script that does so: it and the file of tasks are written for the oldest
    Python of any runtime, and import nothing of neopack.

    A worker that crashed, hung or answered with garbage is gone: each later call says so.
    """

    def __init__(
        self,
        name: str,
        tasks: Path,
        python: Path,
        server: Path,
        *,
        failure: type[NeopackError],
        subject: str = "",
        memory: int | None = None,
    ) -> None:
        self._name, self._failure, self._subject = name, failure, subject
        self._answers: queue.Queue[Answer | Ended] = queue.Queue()
        self._one_at_a_time = threading.Lock()
        limit = memory or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        process = subprocess.Popen(
            # isolated from the user's own packages and settings
            [python, "-I", "-u", server, tasks, str(limit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={key: value for key, value in os.environ.items() if key not in FOREIGN},
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends it
        )
        streams = process.stdin, process.stderr, process.stdout
        self._process = Process(process, *cast("Streams", streams), listen=self._listen)

    def call(
        self,
        task: str,
        data: Json = None,
        *,
        arrays: Mapping[str, Array] | None = None,
        timeout: float = 600,
    ) -> Answer:
        """The task's answer and its arrays; calls of other threads wait for it.

        Raises ``SourceError`` for what the task refuses, and the worker's ``failure`` for all
        else, also after ``timeout`` seconds.
        """
        with self._one_at_a_time:
            return self._call(task, data, arrays, timeout)

    def _call(
        self, task: str, data: Json, arrays: Mapping[str, Array] | None, timeout: float
    ) -> Answer:
        self._process.send(*_frame({"task": task, "data": data}, arrays or {}))
        deadline = time.monotonic() + timeout
        while True:
            gone = self._process.has_ended()
            try:
                answer = self._answers.get(timeout=POLL)
            except queue.Empty:
                if gone:
                    raise self._died(task) from None
                if time.monotonic() > deadline:
                    self._process.kill()
                    raise self._failed(f"{task} took longer than {timeout:g} s") from None
                continue
            if answer == "garbage":
                self._process.kill()
                raise self._failed(f"answered {task} with garbage")
            if answer == "left":
                raise self._died(task)
            header, made = answer
            if "error" in header:
                raise self._revived(header["error"])
            return header["answer"], made

    def serve(self, failure: type[NeopackError], subject: str) -> None:
        """Raise ``failure`` about ``subject`` from now on."""
        self._failure, self._subject = failure, subject

    def close(self) -> None:
        """End the worker, gently and then not."""
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._process.exit(failed=kind is not None)

    def _died(self, task: str) -> NeopackError:
        killed = self._process.exit_code() == -signal.SIGKILL
        hint = "it may have run out of memory" if killed else ""
        return self._failed(f"{self._process.ending()} while running {task}", hint)

    def _failed(self, what: str, hint: str = "") -> NeopackError:
        hint = hint or self._process.last_words()
        error = self._failure(f"{self._name} {what}", where=self._subject, hint=hint)
        error.add_note(self._process.transcript())
        return error

    def _revived(self, told: dict[str, str]) -> NeopackError:
        kind, message = told["kind"], told["message"]
        if kind == "Refusal":
            error: NeopackError = SourceError(message, where=self._subject, hint=told["hint"])
        elif kind == "MemoryError":
            error = self._failure(
                f"{self._name} needs more memory than it may have", where=self._subject
            )
        else:
            error = self._failure(f"{self._name}: {kind}: {message}", where=self._subject)
        error.add_note(told["trace"] + self._process.transcript())
        return error

    def _listen(self, stream: BinaryIO) -> None:
        last: Ended = "left"
        with stream:
            try:
                while True:
                    self._answers.put(_read(stream))
            except EOFError:
                pass
            except (ValueError, KeyError, TypeError, MemoryError):
                last = "garbage"
        self._answers.put(last)


def _frame(header: dict[str, Any], arrays: Mapping[str, Array]) -> Iterator[bytes | memoryview]:
    import numpy as np

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    header["arrays"] = [
        {"name": name, "dtype": str(array.dtype), "shape": list(arrays[name].shape)}
        for name, array in whole.items()
    ]
    text = json.dumps(header).encode()
    yield LENGTH.pack(len(text)) + text
    for array in whole.values():
        yield array.reshape(-1).view("uint8").data


def _read(stream: BinaryIO) -> Answer:
    """Read one frame. Raises ``EOFError`` at the end, ``ValueError`` for an invalid frame."""
    import numpy as np

    length = LENGTH.unpack(_exactly(stream, LENGTH.size))[0]
    if length > LONGEST:
        raise ValueError("no frame starts like this")
    header = json.loads(_exactly(stream, length))
    arrays = {}
    for described in header.pop("arrays"):
        dtype, shape = np.dtype(described["dtype"]), tuple(described["shape"])
        data = _exactly(stream, math.prod(shape) * dtype.itemsize)
        # over a bytearray, so that the array may be written to
        arrays[described["name"]] = np.frombuffer(bytearray(data), dtype).reshape(shape)
    return header, arrays


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data
