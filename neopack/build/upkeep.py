"""What is in a cache, whether it is whole, and what is taken away from it."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from neopack.build.cache import BLOBS, ENTRIES, READS, Cache, blob_name, unsealed
from neopack.build.store import StoredFile
from neopack.errors import Malformed, UsageError

__all__ = ["CacheContents", "Pruned", "contents", "prune"]

# a writer names its blobs before its entry: younger ones may be about to be used
YOUNG = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheContents:
    """``damaged`` are the files whose content is not what their names say; ``strange`` counts
    those of another version, or of nobody."""

    place: str
    entries: int
    blobs: int
    bytes: int
    damaged: tuple[str, ...] = ()
    strange: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """``freed`` and ``left`` are bytes."""

    place: str
    removed: int
    freed: int
    left: int


def contents(cache: Cache, *, verify: bool = False) -> CacheContents:
    """What is in it. With ``verify`` each file is read, and damaged ones are removed."""
    files = list(cache.store.names())
    kinds = Counter(_kind(file.name) for file in files)
    damaged = [file.name for file in files if verify and _is_damaged(cache, file)]
    for name in damaged:
        cache.store.remove(name)
    return CacheContents(
        place=str(cache.store),
        entries=kinds[ENTRIES],
        blobs=kinds[BLOBS],
        bytes=sum(file.bytes for file in files),
        damaged=tuple(damaged),
        strange=kinds[""],
    )


def prune(
    cache: Cache, *, older: float | None, most: int | None, now: float | None = None
) -> Pruned:
    """Remove what was not used for ``older`` seconds, and then the oldest until at most ``most``
    bytes are left; the files that no entry names go too. Raises ``UsageError`` without a bound."""
    if older is None and most is None:
        raise UsageError("prune what?", hint="--older-than 30d, --max-size 10GB, or both")
    files = sorted(cache.store.names(), key=lambda file: file.modified)
    pruning = _Pruning(cache, files)
    now = time.time() if now is None else now
    pruning.drop_nameless(now)
    for file in files:
        is_old = older is not None and now - file.modified > older
        is_much = most is not None and pruning.left > most
        if _kind(file.name) in (ENTRIES, READS) and (is_old or is_much):
            pruning.drop(file)
    return Pruned(
        place=str(cache.store), removed=pruning.removed, freed=pruning.freed, left=pruning.left
    )


class _Pruning:
    """Blobs, the entries that name them, and what was removed so far."""

    def __init__(self, cache: Cache, files: Sequence[StoredFile]) -> None:
        self._cache = cache
        self._blobs = {file.name: file for file in files if _kind(file.name) == BLOBS}
        entries = [file for file in files if _kind(file.name) == ENTRIES]
        self._named: Mapping[str, tuple[str, ...]] = {
            file.name: tuple(_named(cache, file)) for file in entries
        }
        self._users = Counter(blob for blobs in self._named.values() for blob in blobs)
        self.left = sum(file.bytes for file in files)
        self.removed = self.freed = 0

    def drop_nameless(self, now: float) -> None:
        for name, file in self._blobs.items():
            if not self._users[name] and now - file.modified > YOUNG:
                self._remove(file)

    def drop(self, file: StoredFile) -> None:
        """An entry, and the blobs that no other one names."""
        self._remove(file)
        for blob in self._named.get(file.name, ()):
            self._users[blob] -= 1
            if not self._users[blob] and blob in self._blobs:
                self._remove(self._blobs[blob])

    def _remove(self, file: StoredFile) -> None:
        self._cache.store.remove(file.name)
        self.removed += 1
        self.freed += file.bytes
        self.left -= file.bytes


def _named(cache: Cache, file: StoredFile) -> Iterator[str]:
    entry = cache.entry(file.name.rpartition("/")[2].removesuffix(".json"))
    if entry is not None:
        yield from {blob_name(each.sha256) for each in entry.files.values()}


def _is_damaged(cache: Cache, file: StoredFile) -> bool:
    data = cache.store.read(file.name) if _kind(file.name) else None
    if data is None:
        return False
    if _kind(file.name) == BLOBS:
        return hashlib.sha256(data).hexdigest() != file.name.rpartition("/")[2]
    try:
        value = json.loads(data)
        return _kind(file.name) == ENTRIES and not unsealed(value)
    except (ValueError, AttributeError, Malformed):
        return True


def _kind(name: str) -> str:
    return next((kind for kind in (ENTRIES, BLOBS, READS) if name.startswith(f"{kind}/")), "")
