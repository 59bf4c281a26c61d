"""How the code of a TorchScript file is written, and since which PyTorch it can be read so.

Each was tried in PyTorch 1.4.0, 1.5.1, 1.6.0, 1.7.1, 1.8.1 and 1.9.1 themselves (2026-11): an
older one refuses the file, or crashes on it.
"""

from __future__ import annotations

import re

__all__ = ["readable_since"]

_SPELLINGS = (
    ("1.6", "classes list their buffers", re.compile(r"^  __buffers__ = ", re.MULTILINE)),
    (
        "1.12",
        "exceptions are raised with their class",
        re.compile(r"^ *ops\.prim\.RaiseException\(.*, \"[\w.]+\"\)$", re.MULTILINE),
    ),
    (
        "1.9",
        "the type of None is spelled NoneType",
        re.compile(r"^[^\"'\n]*\bNoneType\b", re.MULTILINE),
    ),
)


def readable_since(text: str) -> dict[str, str]:
    """{version: what of it an older PyTorch does not read} for the code in one record."""
    return {version: what for version, what, pattern in _SPELLINGS if pattern.search(text)}
