"""List calls: filters, order, and pages with a NextToken."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.emulator.replies import AwsError

__all__ = ["PageRequest", "page"]

DEFAULT_PAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A collection to list, and the parameters of the list call."""

    item: Any
    name: str
    status: str
    created: float
    modified: float


def page(
    asks: Sequence[PageRequest],
    request: Mapping[str, Any],
    *,
    keys: Mapping[str, str],
    order: str,
) -> tuple[list[PageRequest], str]:
    """Return the requested page and the token of the next one. ``keys`` maps SortBy to a field;
    ``order`` is the call's default."""
    chosen = [ask for ask in asks if _fits(ask, request)]
    key = keys.get(request.get("SortBy", ""), "created")
    chosen.sort(key=lambda ask: (getattr(ask, key), ask.name))
    if request.get("SortOrder", order) == "Descending":
        chosen.reverse()
    start, most = _start(request.get("NextToken", "")), request.get("MaxResults", DEFAULT_PAGE)
    rest = start + most
    token = base64.urlsafe_b64encode(f"from {rest}".encode()).decode()
    return chosen[start:rest], token if rest < len(chosen) else ""


def _fits(ask: PageRequest, request: Mapping[str, Any]) -> bool:
    get = request.get
    return (
        get("NameContains", "") in ask.name
        and get("StatusEquals", ask.status) == ask.status
        and get("CreationTimeAfter", float("-inf")) <= ask.created
        and ask.created <= get("CreationTimeBefore", float("inf"))
        and get("LastModifiedTimeAfter", float("-inf")) <= ask.modified
        and ask.modified <= get("LastModifiedTimeBefore", float("inf"))
    )


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from "))
    except ValueError:
        raise AwsError("ValidationException", "Invalid NextToken") from None
