"""ModelDigests.ArtifactDigest: whether an artifact is the one that the job made.

Its form is not documented, and was said to be a BLAKE2 hash (2026-11). A digest that names its
algorithm is held to it. One that does not may be of any of that length, and decides nothing where
it is of none of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from neopack.errors import ServiceError
from neopack.values.log import Log

__all__ = ["refuse_replaced"]

_FORM = re.compile(r"(?:(\w+):)?([0-9a-fA-F]+)")
New: TypeAlias = Callable[[], Any]
_HALF = partial(hashlib.blake2b, digest_size=32)
# by name, and by the count of hexadecimal digits
NAMED: Mapping[str, Mapping[int, New]] = {
    "sha256": {64: hashlib.sha256},
    "blake2b": {128: hashlib.blake2b, 64: _HALF},
    "blake2s": {64: hashlib.blake2s},
    "blake2": {128: hashlib.blake2b},
}
NAMELESS: Mapping[int, tuple[New, ...]] = {
    128: (hashlib.blake2b,),
    64: (hashlib.sha256, hashlib.blake2s, _HALF),
}


def refuse_replaced(path: Path, stated: str, where: str, log: Log) -> None:
    """Raise ``ServiceError`` where the file at ``path`` has another digest than is ``stated``."""
    form = _FORM.fullmatch(stated)
    if form is None:
        return
    name, digits = (form[1] or "").lower(), form[2].lower()
    own = NAMED.get(name, {}).get(len(digits))
    if own is not None and _digest(path, own) != digits:
        raise ServiceError(
            f"is not what the job made: ArtifactDigest says {name} {digits[:12]}...",
            code="Integrity",
            where=where,
            hint="somebody replaced it since; --rerun compiles again",
        )
    nameless = () if name else NAMELESS.get(len(digits), ())
    if nameless and all(_digest(path, each) != digits for each in nameless):
        log.note(f"{where}: ArtifactDigest is of no form that is known, and not compared")


def _digest(path: Path, new: New) -> str:
    with path.open("rb") as stream:
        return str(hashlib.file_digest(stream, new).hexdigest())
