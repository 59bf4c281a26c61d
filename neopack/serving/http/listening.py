"""The socket that a server listens on."""

from __future__ import annotations

import socket

from neopack.errors import UsageError

__all__ = ["listening"]

BACKLOG = 2048


def listening(host: str, port: int) -> socket.socket:
    """Bound and listening. Raises ``UsageError`` where that is not possible."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--host {host}: {_why(error)}", hint="0.0.0.0 is all of IPv4") from None
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise UsageError(
            f"cannot listen on {host} port {port}: {_why(error)}", hint="--port 0 takes a free one"
        ) from None
    return bound


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
