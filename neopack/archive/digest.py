"""SHA-256 on a second thread, so that three digests cost no extra time beside compression."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

__all__ = ["ARCHIVE", "CONTENT", "BackgroundDigests"]

BACKLOG = 8
# the name of a tar member cannot contain a NUL
ARCHIVE, CONTENT = "\0archive", "\0content"


class BackgroundDigests:
    """Digests by name, each fed in order. At most eight chunks wait, which bounds memory."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sha256")
        self._waiting: deque[Future[None]] = deque()
        self._digests: dict[str, hashlib._Hash] = {}

    def update(self, names: tuple[str, ...], data: bytes) -> None:
        """Feed ``data`` to the digests of these names; a new name starts a new digest."""
        digests = tuple(self._digests.setdefault(name, hashlib.sha256()) for name in names)
        self._waiting.append(self._pool.submit(_feed, digests, data))
        if len(self._waiting) > BACKLOG:
            self._waiting.popleft().result()

    def hexdigest(self, name: str) -> str:
        """Return the digest of all data fed to ``name``; wait for it if necessary."""
        while self._waiting:
            self._waiting.popleft().result()
        return self._digests.setdefault(name, hashlib.sha256()).hexdigest()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _feed(digests: tuple[hashlib._Hash, ...], data: bytes) -> None:
    for digest in digests:
        digest.update(data)
