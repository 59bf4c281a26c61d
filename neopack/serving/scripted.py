"""A container whose archive has a script: a child process runs the user's own code."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import threading
import time
from pathlib import Path
from typing import Any, Self

from neopack.errors import EngineFailed, NeopackError
from neopack.formats.codec import to_json
from neopack.outputs.staging import staging_directory
from neopack.processes.child import Child
from neopack.serving.bodies import DIED, Body, RequestRefused, TimedOut
from neopack.serving.container import ANSWERING, STARTING
from neopack.serving.growth import Growth
from neopack.serving.script import ServingScript
from neopack.values.log import Log, SilentLog

__all__ = ["ScriptedContainer"]

TASKS = "neopack.serving.script_task"


class ScriptedContainer:
    """Raises a ``NeopackError`` where the script does not start.

    A script that crashes or hangs is started again for the next request, as the model servers of
    the containers do; so is one that has more than ``max_memory`` MB after an answer (0: never).
    A compiled model that it loads computes with ``threads``; None: all cores.
    """

    def __init__(
        self,
        artifact: Path,
        script: ServingScript,
        *,
        answering: float = ANSWERING,
        threads: int | None = None,
        max_memory: int = 0,
        log: Log | None = None,
    ) -> None:
        self._script, self._answering, self._log = script, answering, log or SilentLog()
        self._threads = threads
        self._growth = Growth(script.program, bound=max_memory, log=self._log)
        self._lock, self._runs = threading.Lock(), itertools.count()
        self._stack = contextlib.ExitStack()
        self._running = contextlib.ExitStack()
        self._child: Child | None = None
        try:
            self._folder = self._stack.enter_context(staging_directory())
            self._artifact = self._folder / artifact.name
            shutil.copyfile(artifact, self._artifact)
            self._started()
        except BaseException:
            self.close()
            raise

    def answer(self, request: Body, accept: str) -> Body:
        """The script's answer. Raises ``RequestRefused`` with what it answers instead."""
        with self._lock:
            answer = self._invoked(request, accept)
            data = (self._folder / "answer").read_bytes()
        if answer["status"] != 200:
            raise RequestRefused(data.decode("utf-8", "replace"), answer["status"])
        return Body(kind=answer["kind"], data=data, headers=answer["headers"])

    def _invoked(self, request: Body, accept: str) -> Any:
        paths = {name: self._folder / name for name in ("request", "answer")}
        paths["request"].write_bytes(request.data)
        task: dict[str, Any] = {name: str(path) for name, path in paths.items()}
        task |= {"kind": request.kind, "accept": accept, "headers": dict(request.headers)}
        child, start = self._started(), time.monotonic()
        try:
            answer = child.call("invoke", task, timeout=self._answering)
        except NeopackError as error:
            self._stop()
            if time.monotonic() - start >= self._answering:
                raise TimedOut from None
            self._log.warn(f"{self._script.program}: {error.line()}")
            raise RequestRefused(DIED, 500, kind="InternalServerException") from None
        if self._growth.is_over():
            self._stop()
        return answer

    def _started(self) -> Child:
        if self._child is None:
            self._child = self._start()
        return self._child

    def _start(self) -> Child:
        folder = self._folder / f"run-{next(self._runs)}"
        model = folder / "model"
        model.mkdir(parents=True)
        child = Child(
            TASKS,
            failure=EngineFailed,
            subject=self._artifact.name,
            owns=folder,
            preload=(TASKS, "numpy"),
            heard=self._log.note,
        )
        task = {
            "artifact": str(self._artifact),
            "folder": str(model),
            "script": to_json(self._script),
            "threads": self._threads,
        }
        with contextlib.ExitStack() as stack:
            started = stack.enter_context(child)
            started.call("open", task, timeout=STARTING)
            self._growth.begin(started.pid)
            self._running = stack.pop_all()
        return started

    def _stop(self) -> None:
        self._child = None
        self._running.close()

    def close(self) -> None:
        self._stop()
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
