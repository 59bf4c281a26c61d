"""The parent of the workers: it binds the socket, starts them, hands them the connections,
replaces one that ends, and stops them all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from neopack import distributions, errors
from neopack.distributions import install_hint
from neopack.errors import EngineFailed, Missing, NeopackError
from neopack.formats.codec import to_json
from neopack.serving.http.listening import listening
from neopack.serving.http.log_pipe import LogPipe
from neopack.serving.http.memory import peak_memory
from neopack.serving.http.open_files import raise_limit
from neopack.serving.http.reception import Reception
from neopack.serving.http.worker_spec import STOPPING, WorkerSpec
from neopack.serving.options import ServeOptions
from neopack.values.log import Log, SilentLog

__all__ = ["ServerAddress", "Supervisor"]

NEEDS = ("uvicorn", "httptools", "uvloop", "prometheus_client")
METRICS = "PROMETHEUS_MULTIPROC_DIR"
HEARTBEAT = 0.1
# glibc gives what is freed back to the system, page by page; to get it again for each request took
# two thirds of the time of a request of 600 KB. What a worker keeps is bounded by these
KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(128 << 20)}
# seconds before a worker that ended is replaced: doubled each time, up to the longest; from the
# beginning again after one that lived for long
FIRST_PAUSE, LONGEST_PAUSE, LONG_LIFE = 0.5, 30.0, 60.0
# what is killed may take its time to die
DYING = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Where a server answers; ``pid`` is its supervisor's, which SIGTERM stops."""

    url: str
    pid: int
    model: str
    workers: tuple[int, ...]

    def text(self) -> str:
        return f"serving {self.model} on {self.url} (pid {self.pid}); Ctrl-C stops it"


class _Seat:
    """The place of a worker, and what became of those who had it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.since, self.due, self.pause = 0.0, 0.0, FIRST_PAUSE


class Supervisor:
    """Binds on creation; serves from ``start`` to ``close``. ``environment`` is the container's,
    by default what of SageMaker's is in that of this process; ``framework`` is its image's."""

    def __init__(
        self,
        artifact: Path,
        options: ServeOptions,
        *,
        environment: Mapping[str, str] | None = None,
        framework: str = "",
        quiet: bool = False,
        log: Log | None = None,
    ) -> None:
        _refuse_missing()
        self._artifact, self._options, self._quiet = artifact, options, quiet
        own = {k: v for k, v in os.environ.items() if k.startswith("SAGEMAKER_")}
        self._environment = own if environment is None else dict(environment)
        self._framework = framework
        self._log = log or SilentLog()
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        self._seats = [_Seat() for _ in range(options.workers)]
        self._socket = listening(options.host, options.port)
        self._reception = Reception(self._socket)
        self._lines = LogPipe()
        self._metrics = tempfile.TemporaryDirectory(
            prefix="neopack-serve-", ignore_cleanup_errors=True
        )

    def start(self) -> ServerAddress:
        """Start the workers, and wait until they have loaded the model. Raises the error of the
        first that could not."""
        if warning := raise_limit():
            self._warn(warning)
        self._reception.open()
        for seat in self._seats:
            self._fill(seat)
        workers = [_ready(seat.process, self._artifact) for seat in self._seats if seat.process]
        host, port = self._socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return ServerAddress(
            url=f"http://{shown}:{port}",
            pid=os.getpid(),
            model=self._artifact.name,
            workers=tuple(workers),
        )

    def wait(self) -> None:
        """Replace workers that end, until the end or a signal that is raised as an exception."""
        while not self._closing.wait(HEARTBEAT):
            for seat in self._seats:
                self._see_to(seat)

    def watch(self) -> None:
        """``wait`` in a thread of its own."""
        self._watcher = threading.Thread(target=self.wait, daemon=True)
        self._watcher.start()

    def note(self, text: str) -> None:
        """Tell the log, without waiting for who reads it."""
        self._lines.tell(partial(self._log.note, text))

    def peak_memory(self) -> int:
        """The most that the workers had so far, in bytes, with the processes of scripts."""
        return peak_memory(seat.process.pid for seat in self._seats if seat.process is not None)

    def close(self) -> None:
        """Stop: no new connections; requests in flight have ``STOPPING`` seconds."""
        self._closing.set()
        if self._watcher is not None:
            self._watcher.join()
        self._reception.close()
        self._socket.close()
        processes = [seat.process for seat in self._seats if seat.process is not None]
        for process in processes:
            assert process.stdin is not None  # noqa: S101 - a pipe
            with contextlib.suppress(OSError):
                process.stdin.close()
        deadline = time.monotonic() + STOPPING + DYING
        for process in processes:
            _ended(process, deadline)
        self._lines.close()
        self._metrics.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _warn(self, text: str) -> None:
        self._lines.tell(partial(self._log.warn, text))

    def _see_to(self, seat: _Seat) -> None:
        now = time.monotonic()
        if seat.process is not None and seat.process.poll() is not None:
            lived = now - seat.since
            seat.pause = FIRST_PAUSE if lived > LONG_LIFE else min(LONGEST_PAUSE, seat.pause * 2)
            seat.due = now + seat.pause
            _forget(seat.process)
            ending = _ending(seat.process.returncode)
            self._warn(f"worker {seat.process.pid} {ending}; another starts in {seat.pause:g} s")
            self._count_dead(seat.process.pid)
            seat.process = None
        elif seat.process is None and now >= seat.due:
            self._fill(seat)

    def _fill(self, seat: _Seat) -> None:
        with self._reception.expect() as channel:
            spec = self._spec(channel.fileno())
            process = self._worker(channel.fileno())
        assert process.stdin is not None  # noqa: S101 - a pipe
        with contextlib.suppress(OSError):  # it has ended already, which is seen to
            process.stdin.write(json.dumps(to_json(spec)).encode() + b"\n")
            process.stdin.flush()
        seat.process, seat.since = process, time.monotonic()

    def _spec(self, channel: int) -> WorkerSpec:
        return WorkerSpec(
            artifact=str(self._artifact.resolve()),
            options=self._options,
            channel=channel,
            log=not self._quiet,
            environment=self._environment,
            framework=self._framework,
        )

    def _worker(self, channel: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "neopack.serving.http.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._lines.end,
            pass_fds=(channel,),
            env={
                **KEEPS_MEMORY,
                **os.environ,
                METRICS: self._metrics.name,
                "PYTHONUNBUFFERED": "1",
            },
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them
        )

    def _count_dead(self, pid: int) -> None:
        """Leave what a dead worker had in flight out of the metrics."""
        for name in Path(self._metrics.name).glob(f"gauge_live*_{pid}.db"):
            name.unlink(missing_ok=True)


def _refuse_missing() -> None:
    lacking = [name for name in NEEDS if distributions.version(name) is None]
    if lacking:
        raise Missing(f"serving needs {lacking[0]}", hint=install_hint("serve"))


def _ready(process: subprocess.Popen[bytes], artifact: Path) -> int:
    assert process.stdout is not None  # noqa: S101 - a pipe
    line = process.stdout.readline()
    said: dict[str, Any] = json.loads(line) if line else {}
    if "ready" in said:
        return int(said["ready"])
    if "error" in said:
        raise _revived(*said["error"])
    process.wait(DYING)
    raise EngineFailed(
        f"the worker {_ending(process.returncode)} before it was ready", where=artifact.name
    )


def _revived(kind: str, message: str, where: str, hint: str) -> NeopackError:
    error: NeopackError = getattr(errors, kind, NeopackError)(message, where=where, hint=hint)
    return error


def _ending(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "was ended by SIGKILL, as the system does where memory runs out"
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _ended(process: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _forget(process)


def _forget(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
