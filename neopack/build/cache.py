"""The cache of a build: what came of each step, by the digest of all that the step read.

Three kinds of files, below the version of this form, so that another version is not in the way:

    v1/entries/KEY.json     what came of a step: values, and the digests of its files
    v1/blobs/SHA256         those files, by their content
    v1/reads/KEY/X.json     which files a step read, before which its key is not known

Blobs are written before the entry that names them. An entry has its own digest, ``seal``. What is
damaged is the same as absent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from neopack.build.digests import digest_of
from neopack.build.store import Store
from neopack.errors import Malformed
from neopack.formats.codec import from_json, to_json
from neopack.values.json import AnyJson
from neopack.values.log import Log, SilentLog
from neopack.values.reads import Reads

__all__ = [
    "BLOBS",
    "ENTRIES",
    "READS",
    "Cache",
    "CachedFile",
    "Entry",
    "KnownReads",
    "blob_name",
    "cached_file",
    "unsealed",
]

SCHEMA = 1
FORM = f"v{SCHEMA}"
ENTRIES, BLOBS, READS = f"{FORM}/entries", f"{FORM}/blobs", f"{FORM}/reads"
INDEX = "index.json"
MOST_READS = 20
DIGEST = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedFile:
    """Raises ``Malformed`` for what is not a digest: it names a file of the cache."""

    sha256: str
    bytes: int

    def __post_init__(self) -> None:
        if not DIGEST.fullmatch(self.sha256):
            raise Malformed("is not a SHA-256 digest", where=self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What came of a step. ``seconds`` is what it took. Raises ``Malformed`` for a use that is not
    a word: it names a file."""

    step: str
    value: Mapping[str, AnyJson] = field(default_factory=dict)
    files: Mapping[str, CachedFile] = field(default_factory=dict)
    seconds: float = 0.0
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        for use in self.files:
            if not use.isidentifier():
                raise Malformed("is not the use of a file", where=use)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReads:
    """What a step read, and the distributions that its ``packages`` are of."""

    reads: Reads
    distributions: tuple[str, ...] = ()
    schema: int = SCHEMA


class Cache:
    """A store that answers even where it is damaged, and forgets where it cannot be written; that
    is told once to ``log``."""

    def __init__(self, store: Store, log: Log | None = None) -> None:
        self.store = store
        self._log = log or SilentLog()
        self._writes = self._reads_well = True
        # by its digest, which is its name: many models read the same
        self._known: dict[str, KnownReads] = {}

    def for_each(self, items: Collection[_T], use: Callable[[_T], None]) -> None:
        """Call ``use``, which looks things up or keeps them, with each of ``items``. At a URL each
        look takes a while, so many are on their way at once."""
        at_once = min(self.store.at_once, len(items))
        if at_once <= 1:
            for item in items:
                use(item)
            return
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(use, items))

    def entry(self, key: str) -> Entry | None:
        data = self._json(_entry(key))
        if data is None or data.get("schema") != SCHEMA:
            return None
        try:
            return unsealed(data)
        except Malformed:
            self._drop(_entry(key))
            return None

    def fetch(self, file: CachedFile, to: Path) -> bool:
        """Copy a blob; False where it is absent or not what its name says."""
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            if not self.store.fetch(blob_name(file.sha256), to):
                return False
        except OSError as error:
            self._unreadable(error)
            return False
        if _digest(to) == file.sha256:
            return True
        self._log.warn(f"the cache is damaged: {file.sha256[:12]} is made again")
        to.unlink()
        self._drop(blob_name(file.sha256))
        return False

    def keep(self, key: str, entry: Entry, files: Mapping[str, Path]) -> None:
        """Write the files, and then the entry that names them."""
        if not self._writes:
            return
        try:
            for name, path in files.items():
                self.store.put(blob_name(entry.files[name].sha256), path)
            self.store.write(_entry(key), _dumped(_sealed(entry)))
        except OSError as error:
            self._unwritable(error)

    def known_reads(self, key: str) -> tuple[KnownReads, ...]:
        """What steps of this key read so far, the latest first."""
        index = self._json(f"{READS}/{key[:2]}/{key}/{INDEX}") or {}
        names = index.get("names", [])
        found = [
            self._reads(key, name)
            for name in names
            if isinstance(name, str) and DIGEST.fullmatch(name)
        ]
        return tuple(each for each in found if each is not None)

    def keep_reads(self, key: str, known: KnownReads) -> None:
        """Two writers at once may lose one of the two: that step is then done again."""
        if not self._writes:
            return
        name, place = digest_of(to_json(known)), f"{READS}/{key[:2]}/{key}"
        index = self._json(f"{place}/{INDEX}") or {}
        names = [name, *(each for each in index.get("names", []) if each != name)]
        try:
            self.store.write(f"{place}/{name}.json", _dumped(known))
            if names != index.get("names"):
                if index:
                    self.store.remove(f"{place}/{INDEX}")
                listed = {"schema": SCHEMA, "names": names[:MOST_READS]}
                self.store.write(f"{place}/{INDEX}", json.dumps(listed).encode())
        except OSError as error:
            self._unwritable(error)

    def _reads(self, key: str, name: str) -> KnownReads | None:
        if name in self._known:
            return self._known[name]
        data = self._json(f"{READS}/{key[:2]}/{key}/{name}.json")
        try:
            known = from_json(KnownReads, data) if data is not None else None
        except Malformed:
            return None
        if known is not None and digest_of(to_json(known)) == name:
            self._known[name] = known
        return known

    def _json(self, name: str) -> dict[str, AnyJson] | None:
        try:
            data = self.store.read(name)
            value = json.loads(data) if data is not None else None
        except OSError as error:
            self._unreadable(error)
            return None
        except ValueError:
            self._drop(name)
            return None
        return value if isinstance(value, dict) else None

    def _drop(self, name: str) -> None:
        try:
            self.store.remove(name)
        except OSError as error:
            self._unwritable(error)

    def _unreadable(self, error: OSError) -> None:
        if self._reads_well:
            self._log.warn(f"the cache cannot be read: {error}")
        self._reads_well = False

    def _unwritable(self, error: OSError) -> None:
        if self._writes:
            self._log.warn(f"the cache cannot be written: {error}; nothing more is kept in it")
        self._writes = False


def cached_file(path: Path, sha256: str = "") -> CachedFile:
    return CachedFile(sha256=sha256 or _digest(path), bytes=path.stat().st_size)


def _sealed(entry: Entry) -> dict[str, AnyJson]:
    data: dict[str, AnyJson] = to_json(entry)
    return {**data, "seal": digest_of(data)}


def unsealed(data: Mapping[str, AnyJson]) -> Entry:
    """Raises ``Malformed`` where the entry is not what was written."""
    own = {name: value for name, value in data.items() if name != "seal"}
    if data.get("seal") != digest_of(own):
        raise Malformed("is damaged")
    return from_json(Entry, own)


def _entry(key: str) -> str:
    return f"{ENTRIES}/{key[:2]}/{key}.json"


def blob_name(sha256: str) -> str:
    return f"{BLOBS}/{sha256[:2]}/{sha256}"


def _dumped(value: object) -> bytes:
    return json.dumps(to_json(value), sort_keys=True, separators=(",", ":")).encode()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
