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
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self

from neopack import errors
from neopack.errors import NeopackError
from neopack.processes import forkserver
from neopack.processes.process import POLL, ChildSpec, Handle, Pipes, Process
from neopack.values.json import AnyJson, Json
from neopack.values.log import Log, SilentLog

__all__ = ["ANSWERS", "OWNED", "Child"]

ANSWERS = "NEOPACK_CHILD_ANSWERS"
OWNED = "NEOPACK_CHILD_OWNS"


class Child:
    """A child process that runs the ``TASKS`` of the module ``tasks``.

    ``failure`` is the error class for a crash, a hang or a bug in it; ``subject`` is what such an
    error is about. ``preload`` names what such a child imports before anything else: where this
    process starts a second one, that is imported once for all of them (``forkserver``). ``heard``
    gets each line that the child prints.

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
        preload: Sequence[str] = (),
        heard: Callable[[str], None] | None = None,
    ) -> None:
        self._failure, self._subject, self._log = failure, subject, log or SilentLog()
        self._number = 0  # of the last request
        self._answers: queue.Queue[AnyJson] = queue.Queue()
        # what a model or an engine leaves among temporary files goes with the staging directory
        temporary = {"TMPDIR": str(owns)} if owns else {}
        inherited = {**os.environ, **(environment or {}), **temporary, "PYTHONUNBUFFERED": "1"}
        spec = ChildSpec(tasks=tasks, owned=str(owns or ""), environment=inherited)
        with Pipes() as pipes:
            handle = forkserver.fork(spec, preload, pipes) or _fresh(spec, pipes)
            self._process = Process(handle, *pipes.ours, listen=self._listen, heard=heard)

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, task: str, data: Json, *, timeout: float = 3600) -> AnyJson:
        """The task's answer. Raises the task's own NeopackError, or ``failure`` for the rest."""
        self._number += 1
        request = {"number": self._number, "task": task, "data": data}
        self._process.send(json.dumps(request).encode() + b"\n")
        return self._wait(task, time.monotonic() + timeout)

    def kill(self) -> None:
        """End the child, and whatever processes it started, now."""
        self._process.kill()

    def close(self) -> None:
        """End the child, gently and then not, and whatever processes it started."""
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._process.exit(failed=kind is not None)

    def _wait(self, task: str, deadline: float) -> AnyJson:
        while True:
            gone = self._process.has_ended()
            try:
                answer = self._answers.get(timeout=POLL)
            except queue.Empty:
                # a process that a dead child started can hold the pipe open for ever
                answer = None if gone else {}
            if answer is None:
                raise self._died(task)
            if "log" in answer:
                _relay(self._log, answer)
            elif answer and answer.get("number") != self._number:
                raise self._confused(task)
            elif "error" in answer:
                raise self._revived(answer["error"])
            elif "answer" in answer:
                return answer["answer"]
            if time.monotonic() > deadline:
                self._process.kill()
                raise self._failure(f"{task} took too long and was ended", where=self._subject)

    def _died(self, task: str) -> NeopackError:
        killed = self._process.exit_code() == -signal.SIGKILL
        hint = "it may have run out of memory" if killed else self._process.last_words()
        message = f"the process running {task} {self._process.ending()}"
        return self._failure(message, where=self._subject, hint=hint)

    def _confused(self, task: str) -> NeopackError:
        """What it answers from now on may be another request's answer, so it is ended."""
        self._process.kill()
        return self._failure(
            f"the process running {task} answered another request and was ended",
            where=self._subject,
        )

    def _revived(self, data: dict[str, str]) -> NeopackError:
        kind = getattr(errors, data["kind"], None) or self._failure
        where = data["where"] or self._subject
        error: NeopackError = kind(data["message"], where=where, hint=data["hint"])
        error.add_note(data["trace"] + self._process.transcript())
        return error

    def _listen(self, stream: BinaryIO) -> None:
        with stream:
            for line in stream:
                with contextlib.suppress(ValueError):  # cut short by a crash, or a stranger's
                    answer = json.loads(line)
                    if isinstance(answer, dict):
                        self._answers.put(answer)
        self._answers.put(None)


def _fresh(spec: ChildSpec, pipes: Pipes) -> Handle:
    requests, output, answers = pipes.theirs
    return subprocess.Popen(
        [sys.executable, "-m", "neopack.processes.child_main", spec.tasks],
        stdin=requests,
        stdout=output,
        stderr=output,
        pass_fds=(answers,),
        env={**spec.environment, ANSWERS: str(answers), OWNED: spec.owned},
        start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends the child
    )


def _relay(log: Log, message: dict[str, Any]) -> None:
    (log.warn if message["log"] == "warn" else log.note)(message["text"])
