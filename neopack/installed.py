"""Which frameworks and engines are installed, told from file names alone: importing them, or
even ``importlib.metadata``, costs more than all of ``neopack --version`` may.
"""

from __future__ import annotations

import os
import sys

__all__ = ["version"]

DIST_INFO = ".dist-info"


def version(distribution: str) -> str | None:
    """The version of a distribution on ``sys.path``, or None where it is not installed."""
    return versions((distribution,)).get(distribution)


def versions(distributions: tuple[str, ...]) -> dict[str, str]:
    """The versions of those of ``distributions`` that are installed; the path's first wins."""
    wanted = {name.replace("-", "_").lower(): name for name in distributions}
    found: dict[str, str] = {}
    for folder in sys.path:
        for entry in _listed(folder):
            name, _, release = entry.removesuffix(DIST_INFO).partition("-")
            known = wanted.get(name.replace(".", "_").lower())
            if entry.endswith(DIST_INFO) and known:
                found.setdefault(known, release)
    return found


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")  # noqa: PTH208 - pathlib is an import
    except OSError:
        return []
