"""A real server in a process of its own, and requests to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from resource import RLIMIT_NOFILE, setrlimit
from typing import Any, Self

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(repr=False)

    def json(self) -> Any:
        return json.loads(self.body)


class ServerProcess:
    """``neopack serve`` on a free port. ``log`` is what it said, at the end. ``open_files`` are
    the limits that it starts with."""

    def __init__(
        self,
        archive: Path,
        *options: str,
        open_files: tuple[int, int] | None = None,
        **environment: str,
    ) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "neopack", "serve", str(archive), "--port", "0",
                "--format", "json", *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            preexec_fn=open_files and partial(setrlimit, RLIMIT_NOFILE, open_files),
        )  # fmt: skip
        self.log = ""
        assert self.process.stdout is not None
        text = line = ""
        while line != "}\n":  # of the whole: what is inside is indented
            line = self.process.stdout.readline().decode()
            if not line:
                raise AssertionError(self._failure())
            text += line
        said = json.loads(text)
        if "url" not in said:
            raise AssertionError(self._failure())
        self.url, self.pid, self.workers = said["url"], said["pid"], said["workers"]
        self.subjects = said["subjects"]
        self.port = urllib.parse.urlsplit(self.url).port

    def ask(
        self,
        data: bytes | str | Iterable[bytes] = b"",
        kind: str = JSON,
        path: str = "/invocations",
        **more: str,
    ) -> Reply:
        """POST to /invocations, GET from another path; ``more`` are headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        method = "POST" if path == "/invocations" else "GET"
        try:
            connection.request(method, path, data, {"Content-Type": kind, **headers})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(status=answer.status, body=answer.read(), headers=named)
        finally:
            connection.close()

    def kill_worker(self) -> None:
        """And wait for the next."""
        os.kill(self.workers[0], signal.SIGKILL)
        waited = time.monotonic()
        while True:  # connections wait in the socket's queue until the next worker takes them
            try:
                assert self.ask(path="/ping").status == 200
                break
            except OSError:
                assert time.monotonic() - waited < 30
                time.sleep(0.1)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> str:
        """Stop it, and return its log."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        _, errors = self.process.communicate(timeout=60)
        self.log = self.log or errors.decode()
        return self.log

    def _failure(self) -> str:
        return self.process.communicate(timeout=60)[1].decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
