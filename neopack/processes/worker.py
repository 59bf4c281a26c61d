"""Our side of a worker: requests out, answers in, and an error in one line for all that can
happen to a process between them."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import signal
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self, TypeAlias

from neopack.errors import NeopackError, SourceError
from neopack.values.artifact import Array
from neopack.values.json import Json

__all__ = ["Worker"]

LENGTH = struct.Struct(">Q")
LAST_LINES = 40
POLL = 0.5
# JSON of an answer; arrays come after it and are bounded by the worker's memory
LONGEST = 1 << 30
# what would make another Python out of the runtime's own
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "LD_PRELOAD")

Answer: TypeAlias = tuple[Json, dict[str, Array]]
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
        self._said: deque[str] = deque(maxlen=LAST_LINES)
        limit = memory or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        self._process = subprocess.Popen(
            # isolated from the user's own packages and settings
            [python, "-I", "-u", server, tasks, str(limit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={key: value for key, value in os.environ.items() if key not in FOREIGN},
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends it
        )
        self._answers: queue.Queue[Answer | Ended] = queue.Queue()
        assert self._process.stdout and self._process.stderr  # noqa: S101, PT018 - asked for
        self._threads = [
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._overhear, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def call(
        self,
        task: str,
        data: Json = None,
        *,
        arrays: Mapping[str, Array] | None = None,
        timeout: float = 600,
    ) -> Answer:
        """The task's answer and its arrays. Raises ``SourceError`` for what the task refuses,
        and the worker's ``failure`` for all else, also after ``timeout`` seconds."""
        with contextlib.suppress(BrokenPipeError):  # its last words say more
            self._send({"task": task, "data": data}, arrays or {})
        deadline = time.monotonic() + timeout
        while True:
            gone = self._process.poll() is not None
            try:
                answer = self._answers.get(timeout=POLL)
            except queue.Empty:
                if gone:
                    raise self._died(task) from None
                if time.monotonic() > deadline:
                    self._kill()
                    raise self._failed(f"{task} took longer than {timeout:g} s") from None
                continue
            if answer == "garbage":
                self._kill()
                raise self._failed(f"answered {task} with garbage")
            if answer == "left":
                raise self._died(task)
            header, made = answer
            if "error" in header:
                raise self._revived(header["error"])
            return header["answer"], made

    def close(self) -> None:
        """End the worker, gently and then not."""
        assert self._process.stdin is not None  # noqa: S101 - asked for
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._kill()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._kill()
        self.close()

    def _send(self, header: dict[str, Any], arrays: Mapping[str, Array]) -> None:
        import numpy as np

        whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        header["arrays"] = [
            {"name": name, "dtype": str(array.dtype), "shape": list(arrays[name].shape)}
            for name, array in whole.items()
        ]
        text = json.dumps(header).encode()
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 - asked for
        stream.write(LENGTH.pack(len(text)) + text)
        for array in whole.values():
            stream.write(array.reshape(-1).view("uint8").data)
        stream.flush()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _died(self, task: str) -> NeopackError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self._kill()  # one that closed its output answers no more
        self._threads[1].join(2)
        code = self._process.returncode
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
        return self._failed(f"{how} while running {task}")

    def _failed(self, what: str) -> NeopackError:
        words = [line for line in self._said if line.strip()]
        hint = f"its last words: {words[-1]}" if words else "it left no message"
        error = self._failure(f"{self._name} {what}", where=self._subject, hint=hint)
        error.add_note("\n".join(self._said))
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
        error.add_note(told["trace"] + "\n".join(self._said))
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

    def _overhear(self, stream: BinaryIO) -> None:
        with stream:
            for line in stream:
                self._said.append(line.decode("utf-8", "replace").rstrip())


def _read(stream: BinaryIO) -> Answer:
    """One frame. Raises ``EOFError`` at the end, ``ValueError`` for what is no frame."""
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
