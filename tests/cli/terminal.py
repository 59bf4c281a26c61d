"""A terminal that a test looks at: what was shown on it until its other side was closed."""

from __future__ import annotations

import os

__all__ = ["shown_on"]


def shown_on(terminal: int) -> str:
    shown = b""
    while part := _some(terminal):
        shown += part
    os.close(terminal)
    return shown.decode()


def _some(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other side is closed
        return b""
