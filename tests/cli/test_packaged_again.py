"""``package`` of what was packaged already, and what a killed ``check --fix`` leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from desk import Call, Desk

from neopack.outputs.staging import YOUNG, staging_directory

SOURCE = "onnx/cnn-opset12.onnx"


def packaged(fixtures: Path, *more: str) -> tuple[str, ...]:
    return ("package", str(fixtures / SOURCE), "-o", "net.tar.gz", *more)


def test_the_same_again_is_done_already(neopack: Call, desk: Desk, fixtures: Path) -> None:
    assert neopack(*packaged(fixtures)).code == 0
    manifest = desk.path / "net.neopack.json"
    # the versions of what wrote it may be others
    document = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(document | {"versions": {"neopack": "0.0.1"}}))
    before = desk.seen()
    answer = neopack(*packaged(fixtures), "--format", "json")
    assert answer.code == 0, answer.err
    assert "is there already, with the same content" in answer.err
    assert answer.document["unchanged"]
    assert desk.seen() == before


@pytest.mark.parametrize("more", [("-t", "rasp3b"), ("--seed", "7"), ("--level", "9")])
def test_another_one_needs_force(
    neopack: Call, refused: Call, desk: Desk, fixtures: Path, more: tuple[str, ...]
) -> None:
    assert neopack(*packaged(fixtures)).code == 0
    words = ("net.tar.gz", "is another archive", "--force")
    answer = refused(2, words, *packaged(fixtures, *more))
    assert ("exporting" in answer.err) == ("--level" in more), "refused before any work"
    assert neopack(*packaged(fixtures, *more, "--force")).code == 0


@pytest.mark.parametrize("name", ["net.golden.npz", "net.tar.gz"])
def test_a_changed_file_is_another(
    neopack: Call, refused: Call, desk: Desk, fixtures: Path, name: str
) -> None:
    assert neopack(*packaged(fixtures)).code == 0
    data = bytearray((desk.path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (desk.path / name).write_bytes(data)
    refused(2, ("net.tar.gz", "is another archive"), *packaged(fixtures))


def test_a_killed_process_leaves_nothing_staged(tmp_path: Path) -> None:
    """At once where its watch lives; the next process removes what both left."""
    code = (
        "import os, signal\nfrom neopack.outputs.staging import staging_directory\n"
        "with staging_directory() as folder:\n"
        "    (folder / 'model').write_text('weights')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    end = time.monotonic() + 20
    while any(tmp_path.iterdir()) and time.monotonic() < end:
        time.sleep(0.02)
    assert not list(tmp_path.iterdir())


def test_what_a_dead_process_left_is_removed(desk: Desk) -> None:
    left, young = (desk.temporary / f"neopack-{digit * 16}" for digit in "ab")
    kept = desk.temporary / "neopack-notes"
    for folder in (left, young, kept):
        folder.mkdir()
        (folder / "model").touch()
    old = time.time() - 2 * YOUNG
    for folder in (left, kept):
        os.utime(folder, (old, old))
    with staging_directory() as living:
        os.utime(living, (old, old))
        with staging_directory():
            assert living.is_dir()
    assert sorted(desk.temporary.iterdir()) == sorted([young, kept])
