"""What code/requirements.txt asks for, which containers install at their start, and nothing here
does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

__all__ = ["REQUIREMENTS", "absent"]

REQUIREMENTS = "code/requirements.txt"
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?(?=\s*(?:[\[<>=!~@;,\s]|$))")


def absent(text: str) -> tuple[str, ...]:
    """The distributions that a requirements.txt names and this Python lacks.

    Versions are not compared. Options, files and bare addresses name no distribution.
    """
    return tuple(name for name in dict.fromkeys(_names(text)) if not _is_installed(name))


def _names(text: str) -> Iterator[str]:
    for line in text.splitlines():
        name = _NAME.match(line.strip())
        if name is not None:
            yield name[0]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except (PackageNotFoundError, ValueError):
        return False
    return True
