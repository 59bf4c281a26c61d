"""What a command was given, named by its digest."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A file. ``path`` is as it was given, ``sha256`` of its bytes."""

    path: str
    bytes: int
    sha256: str
