"""Who gets a connection: the worker that has the fewest.

Were all workers to accept from one socket, the first to wake would take most of the connections
that arrive together, keep them, and leave the cores of the others idle.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
import time

__all__ = ["GONE", "READY", "Reception"]

# what a worker says on its channel: it is ready; one of its connections has ended
READY, GONE = b"r", b"-"
# seconds until a worker takes what it is sent, before it counts as one that hangs
PATIENCE = 1.0
# seconds until there may be a free file descriptor again
PAUSE = 0.05
LONGEST_SAID = 4096
# the system takes no more file descriptors that are on their way, whoever sends them
FULL = (errno.ETOOMANYREFS, errno.ENOBUFS, errno.ENOMEM)


class Reception:
    """Accepts on ``listening`` from ``open`` to ``close``, in a thread of its own. While no worker
    is ready, connections wait in the socket's queue."""

    def __init__(self, listening: socket.socket) -> None:
        listening.setblocking(False)
        self._listening = listening
        self._selector = selectors.DefaultSelector()
        # those that are ready, by how many connections they have
        self._connections: dict[socket.socket, int] = {}
        self._end, self._waker = socket.socketpair()
        self._selector.register(self._end, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._receive, daemon=True)

    def open(self) -> None:
        self._thread.start()

    def expect(self) -> socket.socket:
        """The end of a new worker's channel, which is the caller's to close."""
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        self._selector.register(ours, selectors.EVENT_READ)
        return theirs

    def close(self) -> None:
        """Accept no more, and close the channels: what was accepted is in them before."""
        self._waker.close()
        if self._thread.is_alive():
            self._thread.join()
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            if key.fileobj is not self._listening:
                key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _receive(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._end:
                    return
                if key.fileobj is self._listening:
                    self._accept()
                else:
                    self._hear(key.fileobj)  # type: ignore[arg-type]

    def _hear(self, worker: socket.socket) -> None:
        try:
            said = worker.recv(LONGEST_SAID)
        except OSError:
            said = b""
        if not said:
            self._dismiss(worker)
            return
        if READY in said:
            self._connections[worker] = 0
            self._listen()
        if worker in self._connections:
            self._connections[worker] -= said.count(GONE)

    def _give_up(self, worker: socket.socket) -> None:
        """Its channel ends, which is heard like the end of any other: the end may be among what
        the selector has told already."""
        self._connections.pop(worker)
        with contextlib.suppress(OSError):
            worker.shutdown(socket.SHUT_RDWR)
        self._listen()

    def _dismiss(self, worker: socket.socket) -> None:
        """It takes no more connections."""
        self._selector.unregister(worker)
        self._connections.pop(worker, None)
        worker.close()
        self._listen()

    def _listen(self) -> None:
        """Accept where there is a worker to hand a connection to."""
        listens = self._listening in self._selector.get_map()
        if self._connections and not listens:
            self._selector.register(self._listening, selectors.EVENT_READ)
        elif listens and not self._connections:
            self._selector.unregister(self._listening)

    def _accept(self) -> None:
        if not self._connections:
            return
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return
        except OSError:  # no file descriptor is free, or the client has left
            time.sleep(PAUSE)
            return
        with connection:
            self._hand_over(connection)

    def _hand_over(self, connection: socket.socket) -> None:
        """To the worker with the fewest; one that does not take it gets no more. Where the system
        lacks room for it, the worker is not to blame: after a while its client is turned away."""
        until = time.monotonic() + PATIENCE
        while self._connections:
            worker = min(self._connections, key=self._connections.__getitem__)
            try:
                socket.send_fds(worker, [b"+"], [connection.fileno()])
            except OSError as error:
                if error.errno not in FULL:
                    self._give_up(worker)
                elif time.monotonic() > until:
                    return
                else:
                    time.sleep(PAUSE)
                continue
            self._connections[worker] += 1
            return
