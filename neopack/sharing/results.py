"""What ``push`` and ``pull`` answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Pulled", "Pushed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """``digest`` names the whole for ever; ``sent`` are the bytes that were not there."""

    url: str
    digest: str
    files: tuple[str, ...]
    bytes: int
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """``path`` is the archive or artifact; ``received`` are the bytes that were not here."""

    url: str
    digest: str
    path: Path
    files: tuple[Path, ...]
    bytes: int
    received: int
