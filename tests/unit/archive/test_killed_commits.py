"""A set of files is replaced by a process that dies at any moment: nobody takes a mixed set for
a whole one, the old set is never lost, and the next run finds and leaves nothing hidden."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neopack.errors import NeopackError, OutputError
from neopack.outputs import journal
from neopack.outputs.atomic import AtomicOutputs, settle
from neopack.outputs.hidden import hidden

DRIVER = Path(__file__).with_name("killed_commits.py")
# the calls of the kernel that change what is on disk
CALLS = "linkat,link,rename,renameat,renameat2,unlink,unlinkat,write,fsync"
HIDDEN = "0123456789a"
ONCE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from killed_commits import Path, write
os.write(2, b"now")
write(Path(sys.argv[2]), "new")
"""


@pytest.fixture
def quick() -> Iterator[Path]:
    """A folder in memory where there is such a place: each commit syncs its files."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def rows(place: Path, scenario: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(DRIVER), str(place), scenario]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("scenario", ["fresh", "replace", "named", "failing"])
def test_killed_at_each_call(quick: Path, scenario: str) -> None:
    old = "" if scenario == "fresh" else "old"
    found = rows(quick, scenario)
    assert {"os.link", "os.remove", "open"} <= {row["event"] for row in found}
    for row in found:
        settled, left = row["settled"][:3], row["left"][:3]
        assert settled in ([old] * 3, ["new"] * 3), row
        assert row["told"] or left == settled, row
        assert row["after"] == ["newer"] * 3, row
    assert {row["settled"][0] for row in found} == {old, "new"}
    assert found[-1]["settled"] == ([old] * 3 if scenario == "failing" else ["new"] * 3)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_killed_at_each_system_call(quick: Path) -> None:
    """As above, by the kernel: each call that strace counts from the start of the commit on."""
    sys.path.insert(0, str(DRIVER.parent))
    from killed_commits import NAMES, held, write

    command = [sys.executable, "-c", ONCE, str(DRIVER.parent)]
    (quick / "counted").mkdir()
    write(quick / "counted", "old")
    for name, numbers in counted(command, quick / "counted").items():
        for number in numbers:
            folder = quick / f"{name}{number}"
            folder.mkdir()
            write(folder, "old")
            inject = f"inject={name}:signal=KILL:when={number}"
            assert traced(command, folder, "-e", f"trace={name}", "-e", inject).returncode
            settle(folder / NAMES[0])
            assert held(folder)[:3] in (["old"] * 3, ["new"] * 3), (name, number)
            write(folder, "newer")
            assert held(folder) == ["newer"] * 3, (name, number)


def counted(command: list[str], folder: Path) -> dict[str, range]:
    """The numbers that the calls of the commit have, by their names."""
    shown = traced(command, folder, "-e", f"trace={','.join(f'?{n}' for n in CALLS.split(','))}")
    before, _, after = shown.stderr.partition('"now"')
    found = {}
    for name in CALLS.split(","):
        first, rest = (
            len(re.findall(rf"^{name}\(", text, re.MULTILINE)) for text in (before, after)
        )
        found[name] = range(first + 1, first + rest + 1)
    assert sum(map(len, found.values())) > 20
    return found


def traced(command: list[str], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [str(shutil.which("strace")), *options, *command, str(folder)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


def interrupted(folder: Path) -> Path:
    """A set of which one file has its place, and the journal is there."""
    main = folder / "net.tar.gz"
    for name in ("net.tar.gz", "net.golden.npz"):
        (folder / name).write_text("old")
    changes = []
    for name in ("net.tar.gz", "net.golden.npz"):
        new = hidden(folder / name, f"{HIDDEN}n")
        new.write_text("new")
        changes.append(journal.Change(name=name, inode=new.stat().st_ino, fresh=False))
    journal._write(main, journal.Journal(token=f"{HIDDEN}b", changes=tuple(changes)))
    hidden(main, f"{HIDDEN}n").replace(main)
    return main


def test_a_reader_finishes_what_was_begun(tmp_path: Path) -> None:
    settle(interrupted(tmp_path))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "net.tar.gz": "new", "net.golden.npz": "new",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "[", "{}", '{"token": "../../../x", "changes": []}', "[" * 100_000]
)
def test_a_journal_of_somebody_else_is_refused(tmp_path: Path, text: str) -> None:
    main = tmp_path / "net.tar.gz"
    journal.journal_of(main).write_text(text)
    with pytest.raises(NeopackError, match=r"net\.tar\.gz\.journal"):
        settle(main)


def test_a_journal_names_files_beside_it_only(tmp_path: Path) -> None:
    main, change = tmp_path / "net.tar.gz", {"name": "../x", "inode": 1, "fresh": False}
    journal.journal_of(main).write_text(json.dumps({"token": "0" * 12, "changes": [change]}))
    with pytest.raises(NeopackError, match="not a file beside it"):
        settle(main)


def test_what_lies_beside_under_a_hidden_name_stays(tmp_path: Path) -> None:
    """Only names of the form that neopack gives are swept."""
    kept = [".net.tar.gz.tmp", ".net.tar.gz.notes.tmp", ".other.0123456789ab.tmp"]
    for name in (*kept, ".net.tar.gz.0123456789ab.tmp"):
        (tmp_path / name).touch()
    with AtomicOutputs(force=False) as outputs:
        outputs.open(tmp_path / "net.tar.gz").write(b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "net.tar.gz"])


def test_the_second_file_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from killed_commits import fail_second_rename, held, write

    write(tmp_path, "old")
    monkeypatch.setattr(Path, "replace", Path.replace)
    fail_second_rename()
    with pytest.raises(OutputError, match="Operation not permitted"):
        write(tmp_path, "new")
    assert held(tmp_path) == ["old"] * 3
