"""Where requests go, and what reports show of it: no credentials."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from neopack.errors import UsageError

__all__ = ["Destination", "Sign", "destination_of", "is_url", "masked"]

INVOCATIONS = "/invocations"
# in place of what only its owner may see
HIDDEN = "***"
USER = re.compile(r"(?<=://)[^/?#]*@")
SECRETS = re.compile(
    r"(?i)(?<=[?&])([^=&#]*(?:token|key|secret|password|passwd|signature|sig|credential|auth)"
    r"[^=&#]*)=[^&#]*"
)


class Sign(Protocol):
    """The headers of a request, with those that prove who sends it."""

    def __call__(self, data: bytes, headers: Mapping[str, str]) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """``url`` takes POSTs; ``shown`` is how messages and reports name it. ``count`` instances
    serve it, where an endpoint tells; ``memory`` is the most that a server here had, in bytes."""

    url: str
    shown: str
    sign: Sign | None = None
    instance: str = ""
    count: int = 1
    memory: Callable[[], int] = lambda: 0


def is_url(target: str) -> bool:
    return "://" in target


def destination_of(target: str) -> Destination:
    """An address without a path is that of a container. Raises ``UsageError``."""
    try:
        parts = urlsplit(target)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number, brackets that do not close
        known = False
    if not known:
        raise UsageError(f"{masked(target)} is not an address", hint="write http://127.0.0.1:8080")
    bare = not parts.path.strip("/")
    url = parts._replace(path=INVOCATIONS).geturl() if bare else target
    return Destination(url=url, shown=masked(url))


def masked(url: str) -> str:
    """The address without user, password, and values of the query that look like secrets."""
    return SECRETS.sub(rf"\1={HIDDEN}", USER.sub(f"{HIDDEN}@", url))
