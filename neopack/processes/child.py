"""Run what can crash, hang or be somebody else's code in a process of its own.

The parent names a module of tasks and sends requests for them as JSON lines on the child's
standard input. Answers and log lines come back on a separate pipe, so that what a model prints
does no harm. A child ends when its parent does, and removes the staging directory that it owns.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any, BinaryIO, Self

from neopack import errors
from neopack.errors import NeopackError
from neopack.values.json import Json
from neopack.values.log import Log, SilentLog

__all__ = ["ANSWERS", "OWNED", "Child"]

ANSWERS = "NEOPACK_CHILD_ANSWERS"
OWNED = "NEOPACK_CHILD_OWNS"
LAST_LINES = 40
POLL = 0.5


class Child:
    """A child process that runs the ``TASKS`` of the module ``tasks``.

    ``failure`` is the error class for a crash, a hang or a bug in it; ``subject`` is what such an
    error is about.

    with Child("neopack.packaging.export_task", failure=ExportFailed, owns=staging) as child:
        answer = child.call("export", {...}, timeout=600)
    """

    def __init__(
        self,
        tasks: str,
        *,
        failure: type[NeopackError],
        subject: str = "",
        owns: Path | None = None,
        log: Log | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._failure, self._subject, self._log = failure, subject, log or SilentLog()
        self._said: deque[str] = deque(maxlen=LAST_LINES)
        read_end, write_end = os.pipe()
        # what a model or an engine leaves among temporary files goes with the staging directory
        temporary = {"TMPDIR": str(owns)} if owns else {}
        own = {ANSWERS: str(write_end), OWNED: str(owns or ""), "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "neopack.processes.child_main", tasks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(write_end,),
            env={**os.environ, **(environment or {}), **temporary, **own},
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends the child
        )
        os.close(write_end)
        self._answers: queue.Queue[Json] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._listen, args=(os.fdopen(read_end, "rb"),), daemon=True),
            threading.Thread(target=self._overhear, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def call(self, task: str, data: Json, *, timeout: float = 3600) -> Json:
        """The task's answer. Raises the task's own NeopackError, or ``failure`` for the rest."""
        assert self._process.stdin is not None  # noqa: S101 - it was asked for as a pipe
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"task": task, "data": data}).encode() + b"\n")
            self._process.stdin.flush()
        return self._wait(task, time.monotonic() + timeout)

    def close(self) -> None:
        """End the child, gently and then not, and whatever processes it started."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._kill()
        for thread in self._threads:
            thread.join(5)
        if self._process.stdout is not None and not self._threads[1].is_alive():
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._kill()
        self.close()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait(self, task: str, deadline: float) -> Json:
        while True:
            gone = self._process.poll() is not None
            try:
                answer = self._answers.get(timeout=POLL)
            except queue.Empty:
                # a process that a dead child started can hold the pipe open for ever
                answer = None if gone else {}
            if answer is None:
                raise self._died(task)
            if "log" in answer:
                _relay(self._log, answer)
            elif "error" in answer:
                raise self._revived(answer["error"])
            elif "answer" in answer:
                return answer["answer"]
            if time.monotonic() > deadline:
                self._kill()
                raise self._failure(f"{task} took too long and was ended", where=self._subject)

    def _died(self, task: str) -> NeopackError:
        code = self._process.wait()
        self._threads[1].join(2)
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
        hint = "it may have run out of memory" if code == -signal.SIGKILL else self._last_words()
        return self._failure(f"the process running {task} {how}", where=self._subject, hint=hint)

    def _revived(self, data: dict[str, str]) -> NeopackError:
        kind = getattr(errors, data["kind"], None) or self._failure
        where = data["where"] or self._subject
        error: NeopackError = kind(data["message"], where=where, hint=data["hint"])
        error.add_note(data["trace"] + "\n".join(self._said))
        return error

    def _last_words(self) -> str:
        words = [line for line in self._said if line.strip()]
        return f"its last words: {words[-1]}" if words else "it left no message"

    def _listen(self, stream: BinaryIO) -> None:
        with stream:
            for line in stream:
                with contextlib.suppress(ValueError):  # cut short by a crash, or a stranger's
                    self._answers.put(json.loads(line))
        self._answers.put(None)

    def _overhear(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for as a pipe
        for line in self._process.stdout:
            self._said.append(line.decode("utf-8", "replace").rstrip())


def _relay(log: Log, message: dict[str, Any]) -> None:
    (log.warn if message["log"] == "warn" else log.note)(message["text"])
