"""The connections that the reception hands to a worker."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from neopack.serving.http.reception import GONE, READY

__all__ = ["HandedConnections"]

# seconds for the reception to hand over what is on its way
LEAVING = 1.0
# what a script starts does not hold a connection; Linux alone can say so on arrival
CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class HandedConnections:
    """Each is one of ``protocol`` from ``begin`` to ``end``. ``dismissed`` is called where the
    reception hands over no more: it closes, or this worker did not take what it was sent."""

    def __init__(
        self,
        channel: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        dismissed: Callable[[], None],
    ) -> None:
        channel.setblocking(False)
        self._channel, self._protocol, self._dismissed = channel, protocol, dismissed
        self._all_here = asyncio.Event()
        self._arriving = set[asyncio.Task[object]]()

    def begin(self) -> None:
        asyncio.get_running_loop().add_reader(self._channel, self._take)
        self._channel.send(READY)

    def lost(self) -> None:
        """One has ended."""
        with contextlib.suppress(OSError):
            self._channel.send(GONE)

    async def end(self) -> None:
        """Take no more than those that are on their way."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING):
                await self._all_here.wait()
        while self._arriving:
            await asyncio.wait(self._arriving)

    def _take(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            said, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1, CLOSE_ON_EXEC)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            loop.remove_reader(self._channel)
            self._all_here.set()
            self._dismissed()
            return
        if not descriptors:  # no file descriptor was free for it here: the system has closed it
            self.lost()
        for descriptor in descriptors:
            connection = socket.socket(fileno=descriptor)
            connection.setblocking(False)
            arrives = loop.connect_accepted_socket(self._protocol, connection)
            task: asyncio.Task[object] = loop.create_task(arrives)
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)
