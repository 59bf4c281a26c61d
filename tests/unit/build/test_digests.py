"""Digests are remembered for files that did not change, whatever the clock says."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from neopack.build.digests import ABSENT, Digests

LATER = 10**10


def remembered(memory: Path) -> dict[str, object]:
    files: dict[str, object] = json.loads(memory.read_bytes())["files"]
    return files


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    return tmp_path / "own" / "files.json"


def test_a_change_is_seen_even_where_its_time_is_not(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "a"
    path.write_text("aaaa")
    first = Digests(memory)
    digest, stat = first.file(path), path.stat()
    first.save()
    path.write_text("bbbb")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert Digests(memory).file(path) != digest


def test_what_is_new_or_of_the_future_is_not_remembered(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "a"
    path.write_text("aaaa")
    digests = Digests(memory)
    digests.file(path)
    digests.save()
    assert remembered(memory) == {}
    digests._before = time.time_ns() + LATER  # as if it were ten seconds later
    digests.file(path)
    digests.save()
    assert list(remembered(memory)) == [str(path)]
    os.utime(path, ns=(0, time.time_ns() + 2 * LATER))
    digests = Digests(memory)
    digests._before = time.time_ns() + LATER
    digests.file(path)
    digests.save()
    assert remembered(memory) == {}


def test_what_is_remembered_is_not_read_again(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "a"
    path.write_text("aaaa")
    stat = path.stat()
    row = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, "told"]
    memory.write_text(json.dumps({"schema": 1, "files": {str(path): row}}))
    assert Digests(memory).file(path) == "told"
    memory.write_text("{}")
    assert Digests(memory).file(path) != "told"


def test_trees_and_listings(tmp_path: Path) -> None:
    digests = Digests()
    assert digests.file(tmp_path / "no") == digests.tree(tmp_path / "no") == ABSENT
    folder = tmp_path / "f"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a").write_text("a")
    tree, listing = digests.tree(folder), digests.listing(folder)
    (folder / ".hidden").write_text("x")
    (folder / "__pycache__").mkdir()
    assert (digests.tree(folder), digests.listing(folder)) == (tree, listing)
    (folder / "sub" / "a").rename(folder / "sub" / "b")
    assert digests.tree(folder) != tree
    assert digests.listing(folder) == listing


def test_modules_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("")
    before = Digests().modules(tmp_path)
    for name in ("venv/lib/torch.py", ".venv/lib/torch.py", "build/old.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    assert Digests(outputs=tmp_path / "build").modules(tmp_path) == before
    (tmp_path / "venv.py").write_text("")
    assert Digests(outputs=tmp_path / "build").modules(tmp_path) != before
