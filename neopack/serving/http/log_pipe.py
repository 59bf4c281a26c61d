"""The log of a server, which never waits for its reader: lines that find no room are dropped.

Workers and scripts write to a pipe, which is emptied here. Standard error itself may be a pipe
whose reader has stalled, or a terminal that is paused: a worker would stop there amid a request.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import threading
import time
from collections.abc import Callable, Iterator

__all__ = ["LogPipe"]

STANDARD_ERROR = 2
# a pipe that has room takes so many bytes at once
LONGEST = select.PIPE_BUF
# bytes in the pipe, and seconds between two looks at it: to wake up for each line would take the
# core from a worker that answers (p99 of a request was 4 ms instead of 0.5)
SIZE, COLLECTING = 1 << 20, 0.05
# seconds for standard error to take what was collected; none where it took nothing before
PATIENCE = 1.0
# seconds for what is left at the end
ENDING = 2.0


class LogPipe:
    """``end`` is the standard error of workers, until ``close``."""

    def __init__(self) -> None:
        source, self.end = os.pipe()
        with contextlib.suppress(AttributeError, OSError):  # not Linux, or the limit is lower
            fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, SIZE)
        self._dropped, self._writing = 0, threading.Lock()
        self._error = select.poll()
        self._error.register(STANDARD_ERROR, select.POLLOUT)
        self._thread = threading.Thread(target=self._empty, args=(source,), daemon=True)
        self._thread.start()

    def tell(self, say: Callable[[], object]) -> None:
        """Call ``say``, which writes a line to standard error, if that has room."""
        with self._writing:
            if self._has_room(0):
                say()
            else:
                self._dropped += 1

    def close(self) -> None:
        """Once the workers have ended."""
        os.close(self.end)
        self._thread.join(ENDING)

    def _empty(self, source: int) -> None:
        rest = b""
        with os.fdopen(source, "rb", buffering=0) as stream:
            while data := stream.read(SIZE):
                lines = rest + data
                whole = len(lines) if len(lines) > SIZE else lines.rfind(b"\n") + 1
                self._pass_on(lines[:whole])
                rest = lines[whole:]
                time.sleep(COLLECTING)
        self._pass_on(rest + b"\n" if rest else b"")
        self._tell_dropped(PATIENCE)

    def _pass_on(self, lines: bytes) -> None:
        until = time.monotonic() + (0 if self._dropped else PATIENCE)
        for piece in _pieces(lines):
            patience = max(0, until - time.monotonic())
            with self._writing:
                self._tell_dropped(patience)
                if self._dropped or not self._write(piece, patience):
                    self._dropped += piece.count(b"\n")

    def _tell_dropped(self, patience: float) -> None:
        notice = f"warning: {self._dropped} lines of the log are missing here: nobody read them"
        if self._dropped and self._write(notice.encode() + b"\n", patience):
            self._dropped = 0

    def _write(self, piece: bytes, patience: float) -> bool:
        """Whether there was room for it."""
        if not self._has_room(patience):
            return False
        with contextlib.suppress(OSError):  # nobody will ever read it
            os.write(STANDARD_ERROR, piece)
        return True

    def _has_room(self, patience: float) -> bool:
        return bool(self._error.poll(1000 * patience))


def _pieces(lines: bytes) -> Iterator[bytes]:
    """Of whole lines, where they are short enough."""
    start = 0
    while start < len(lines):
        end = lines.rfind(b"\n", start, start + LONGEST) + 1 or start + LONGEST
        yield lines[start:end]
        start = end
