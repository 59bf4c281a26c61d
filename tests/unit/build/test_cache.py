"""The cache of a build: whole, damaged, read-only, of another version, and at a URL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from neopack.build.cache import BLOBS, ENTRIES, Cache, CachedFile, Entry, KnownReads, cached_file
from neopack.build.digests import digest_of
from neopack.build.store import FolderStore, Store, open_store
from neopack.build.upkeep import contents, prune
from neopack.errors import Missing, UsageError
from neopack.values.log import LineLog
from neopack.values.reads import Reads

KEY = "ab" * 32


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    place = tmp_path / "cache" if request.param == "folder" else f"memory://{uuid.uuid4()}"
    return open_store(str(place))


def kept(cache: Cache, tmp_path: Path, text: str = "content", key: str = KEY) -> CachedFile:
    path = tmp_path / "file"
    path.write_text(text)
    file = cached_file(path)
    cache.keep(key, Entry(step="package", value={"a": 1}, files={"file": file}), {"file": path})
    return file


def test_what_is_kept_comes_back(store: Store, tmp_path: Path) -> None:
    cache = Cache(store)
    assert cache.entry(KEY) is None
    file = kept(cache, tmp_path)
    entry = Cache(store).entry(KEY)
    assert entry is not None
    assert (entry.value, entry.files) == ({"a": 1}, {"file": file})
    assert cache.fetch(file, tmp_path / "to" / "file")
    assert (tmp_path / "to" / "file").read_text() == "content"
    assert contents(cache, verify=True).damaged == ()
    assert (contents(cache).entries, contents(cache).blobs) == (1, 1)


def test_reads_of_two_branches_stay(store: Store) -> None:
    cache = Cache(store)
    first, second = (KnownReads(reads=Reads(files=(name,))) for name in ("a.py", "b.py"))
    for each in (first, second, first):
        cache.keep_reads(KEY, each)
    assert cache.known_reads(KEY) == (first, second)


def test_a_damaged_file_is_absent_and_can_be_kept_again(store: Store, tmp_path: Path) -> None:
    said: list[str] = []
    cache = Cache(store, LineLog(said.append))
    file = kept(cache, tmp_path)
    (blob,) = [each.name for each in store.names() if file.sha256 in each.name]
    store.remove(blob)
    store.write(blob, b"damaged")
    assert not cache.fetch(file, tmp_path / "to")
    assert not (tmp_path / "to").exists()
    assert "damaged" in said[0]
    kept(cache, tmp_path)
    assert cache.fetch(file, tmp_path / "to")


def test_a_file_that_was_cut_short_is_kept_anew(store: Store, tmp_path: Path) -> None:
    """Nobody fetched it yet, so nobody knows that it is damaged."""
    cache = Cache(store)
    file = kept(cache, tmp_path)
    (blob,) = [each.name for each in store.names() if file.sha256 in each.name]
    store.remove(blob)
    store.write(blob, b"cont")
    kept(cache, tmp_path)
    assert cache.fetch(file, tmp_path / "to")


WITHOUT_SEAL = b'{"schema": 1, "step": "package", "value": {}, "files": {}, "seconds": 0.0}'
DAMAGED = [b"", b"{", b"[]", b'{"schema": 1}', b'{"schema": 99}', b"\xff", WITHOUT_SEAL]


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_entry_is_absent(store: Store, tmp_path: Path, data: bytes) -> None:
    cache = Cache(store)
    kept(cache, tmp_path)
    (name,) = [each.name for each in store.names() if "entries" in each.name]
    store.remove(name)
    store.write(name, data)
    assert cache.entry(KEY) is None
    assert contents(cache, verify=True).damaged in ((), (name,))


def test_an_entry_that_was_edited_is_absent(store: Store, tmp_path: Path) -> None:
    cache = Cache(store)
    kept(cache, tmp_path)
    (name,) = [each.name for each in store.names() if "entries" in each.name]
    data = store.read(name)
    assert data is not None
    store.remove(name)
    store.write(name, data.replace(b'"a":1', b'"a":2'))
    assert contents(cache, verify=True).damaged == (name,)
    store.write(name, data.replace(b'"a":1', b'"a":2'))
    assert cache.entry(KEY) is None
    assert name not in {each.name for each in store.names()}


@pytest.mark.parametrize(
    ("use", "digest"),
    [
        ("file", "../" * 9 + "{outside}"),
        ("file", "{outside}"),
        ("file", "../../../../outside.json"),
        ("../" * 9 + "{outside}", "0" * 64),
        ("../outside", "0" * 64),
    ],
)
def test_an_entry_names_no_place_outside(tmp_path: Path, use: str, digest: str) -> None:
    """A seal is no signature: who can write the cache can write a seal."""
    outside = tmp_path / "outside.json"
    outside.write_text("somebody's")
    cache = Cache(FolderStore(tmp_path / "cache"))
    file = {"sha256": digest.format(outside=outside), "bytes": 10}
    entry = {
        "step": "package", "value": {}, "files": {use.format(outside=outside): file},
        "seconds": 0.0, "schema": 1,
    }  # fmt: skip
    name = f"{ENTRIES}/{KEY[:2]}/{KEY}.json"
    cache.store.write(name, json.dumps({**entry, "seal": digest_of(entry)}).encode())
    assert cache.entry(KEY) is None
    with pytest.raises(OSError, match="leads out of the cache"):
        cache.store.remove(f"{BLOBS}/../../../outside.json")
    assert outside.read_text() == "somebody's"


def test_another_version_is_not_in_the_way(tmp_path: Path) -> None:
    cache = Cache(FolderStore(tmp_path / "cache"))
    other = tmp_path / "cache" / "v99" / "entries" / "ab" / f"{KEY}.json"
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    assert cache.entry(KEY) is None
    kept(cache, tmp_path)
    assert (contents(cache).entries, contents(cache).strange) == (1, 1)
    prune(cache, older=0, most=None, now=1e12)
    assert other.is_file()


def test_one_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    """Root may write into any folder: a file in the place of one is the same for everybody."""
    (tmp_path / "cache").write_text("not a folder")
    said: list[str] = []
    cache = Cache(FolderStore(tmp_path / "cache"), LineLog(said.append))
    assert cache.entry(KEY) is None
    kept(cache, tmp_path)
    kept(cache, tmp_path, key="cd" * 32)
    assert len(said) == 1
    assert "the cache cannot be written" in said[0]


def test_a_writer_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    code = """if 1:
        import os, signal, sys
        from pathlib import Path
        from neopack.build.store import FolderStore
        with FolderStore(Path(sys.argv[1]))._new("v1/blobs/ab/abc") as stream:
            stream.write(b"half")
            stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_pruning_takes_the_oldest_and_what_only_they_name(tmp_path: Path) -> None:
    cache = Cache(FolderStore(tmp_path / "cache"))
    old = kept(cache, tmp_path, "old " * 100, "00" * 32)
    shared = kept(cache, tmp_path, "shared", "11" * 32)
    kept(cache, tmp_path, "shared", "22" * 32)
    for name in ("00" * 32, "11" * 32):
        os.utime(tmp_path / "cache" / f"v1/entries/{name[:2]}/{name}.json", (0, 0))
    pruned = prune(cache, older=3600, most=None)
    assert pruned.removed == 3
    assert cache.entry("22" * 32) is not None
    assert not cache.fetch(old, tmp_path / "to")
    assert cache.fetch(shared, tmp_path / "to")
    assert prune(cache, older=None, most=0).left == 0
    with pytest.raises(UsageError, match="prune what"):
        prune(cache, older=None, most=None)


def test_a_place_that_nothing_opens() -> None:
    with pytest.raises(UsageError, match="knows no nowhere://"):
        open_store("nowhere://bucket")
    with pytest.raises(Missing):
        open_store("dropbox://folder")


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(UsageError, match="is not a folder"):
        open_store(str(path))
