"""What is true of every process that neopack starts: it leads a session of its own, is overheard,
and is ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol, Self, TypeAlias

__all__ = ["POLL", "ChildSpec", "Handle", "Pipes", "Process", "Streams"]

LAST_LINES = 40
POLL = 0.5
# how long a process may take to end once it was asked to, or once it answers no more
ENDING = 5


# its standard input, what it prints, and its answers
Streams: TypeAlias = tuple[BinaryIO, BinaryIO, BinaryIO]


class Handle(Protocol):
    """What ``subprocess.Popen`` is in this room, and a process that a fork server started."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What a child is to run and where; ``owned`` is the directory that it removes, or ""."""

    tasks: str
    owned: str
    environment: Mapping[str, str]
    directory: str = ""

    def folders(self) -> tuple[str, ...]:
        """What comes first on the child's path, as ``python -m`` has it."""
        paths = self.environment.get("PYTHONPATH", "").split(os.pathsep)
        first = [] if self.environment.get("PYTHONSAFEPATH") else [self.directory]
        named = [os.path.join(self.directory, path) for path in paths if path]  # noqa: PTH118
        return tuple(dict.fromkeys(first + [os.path.abspath(path) for path in named]))  # noqa: PTH100


class Pipes:
    """Requests, output and answers: the ends that are ours, and the child's, which are closed when
    it has started."""

    def __enter__(self) -> Self:
        read, requests = os.pipe()
        output, write = os.pipe()
        answers, answer = os.pipe()
        self.theirs = (read, write, answer)
        self.ours: Streams = (
            os.fdopen(requests, "wb"),
            os.fdopen(output, "rb"),
            os.fdopen(answers, "rb"),
        )
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for end in self.theirs:
            os.close(end)
        for stream in self.ours if kind is not None else ():
            stream.close()


class Process:
    """A process, its standard input, and two streams that it writes.

    ``listen`` reads its answers, in a thread, until they end; what else it prints is overheard
    and remembered: its last lines explain its end. ``heard`` gets each line at once.
    """

    def __init__(
        self,
        handle: Handle,
        requests: BinaryIO,
        output: BinaryIO,
        answers: BinaryIO,
        *,
        listen: Callable[[BinaryIO], None],
        heard: Callable[[str], None] | None = None,
    ) -> None:
        self._heard = heard
        self.handle, self.requests = handle, requests
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self._listening = _reading(listen, answers)
        self._overhearing = _reading(self._overhear, output)
        self._listening.start()
        self._overhearing.start()

    @property
    def pid(self) -> int:
        return self.handle.pid

    def send(self, *parts: bytes | memoryview) -> None:
        """Write to its standard input. A closed one is not an error: its end says more."""
        with contextlib.suppress(BrokenPipeError, ValueError):  # closed there, or here
            for part in parts:
                self.requests.write(part)
            self.requests.flush()

    def has_ended(self) -> bool:
        return self.handle.poll() is not None

    def kill(self) -> None:
        """End it, and whatever processes it started, now."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.handle.wait()

    def close(self) -> None:
        """End it gently, by the end of its input, and then not."""
        with contextlib.suppress(OSError):
            self.requests.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.handle.wait(ENDING)
        self.kill()
        for thread in (self._listening, self._overhearing):
            thread.join(ENDING)

    def exit(self, failed: bool) -> None:
        """The end of a ``with`` block: after an exception, nobody waits for its work."""
        if failed:
            self.kill()
        self.close()

    def exit_code(self) -> int:
        """How it ended, once its answers did: one that closed them and lives on is ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.handle.wait(ENDING)
        self.kill()
        self._overhearing.join(2)
        return self.handle.wait()

    def ending(self) -> str:
        """``exit_code`` in words: "was ended by SIGSEGV"."""
        code = self.exit_code()
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"

    def last_words(self) -> str:
        words = [line for line in self._lines if line.strip()]
        return f"its last words: {words[-1]}" if words else "it left no message"

    def transcript(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self._lines)

    def _overhear(self, output: BinaryIO) -> None:
        with output:
            for line in output:
                text = line.decode("utf-8", "replace").rstrip()
                self._lines.append(text)
                if self._heard is not None:
                    self._heard(text)


def _reading(read: Callable[[BinaryIO], None], stream: BinaryIO) -> threading.Thread:
    """A thread that reads a stream to its end; an interrupt while the process starts closes the
    stream before that."""

    def target() -> None:
        with contextlib.suppress(ValueError):  # on a closed file
            read(stream)

    return threading.Thread(target=target, daemon=True)
