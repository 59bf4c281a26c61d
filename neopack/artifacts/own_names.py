"""The names of neopack's own members in an artifact: the manifest, and the mark of the emulator.

They end in .json, but not beside a library that DLR loads: it refuses a second .json
(neo-ai/neo-ai-dlr@457aabf, src/dlr_common.cc).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

__all__ = ["MANIFEST", "MARK", "is_own", "own_member", "own_name"]

Stem: TypeAlias = Literal["neopack", "neopack-emulated"]
MANIFEST: Stem = "neopack"
MARK: Stem = "neopack-emulated"
SUFFIXES = (".json", ".manifest")
LIBRARY = ".so"


def own_name(stem: Stem, beside: Iterable[str]) -> str:
    """The name of that member in an artifact that has the members ``beside`` too."""
    plain, other = SUFFIXES
    return stem + (other if any(name.endswith(LIBRARY) for name in beside) else plain)


def own_member(stem: Stem, names: Iterable[str]) -> str:
    """The name of that member among ``names``, or "" if there is none."""
    own = {stem + suffix for suffix in SUFFIXES}
    return next((name for name in names if name in own), "")


def is_own(name: str) -> bool:
    return bool(own_member(MANIFEST, [name]) or own_member(MARK, [name]))
