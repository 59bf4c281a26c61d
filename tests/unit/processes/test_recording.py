"""What a process read, recorded from outside: each case is a process of its own, since a hook
cannot be taken away."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RECORD = """
import json, os, subprocess, sys
from pathlib import Path
from neopack.processes.recording import Recorder

def other(text):
    subprocess.run([sys.executable, "-c", text], check=True)

recorder = Recorder(Path("own"))
exec(sys.argv[1])
reads = recorder.reads()
print(json.dumps([reads.files, reads.changed]))
"""
OTHER_WRITES = 'other(\'open("a.txt", "w").write("22")\');'
OTHER_REMOVES = "other('import os; os.remove(\"a.txt\")');"


def recorded(folder: Path, code: str) -> list[list[str]]:
    (folder / "a.txt").write_text("1")
    command = [sys.executable, "-c", RECORD, code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    return [[Path(name).name for name in names if name.startswith(str(folder))] for names in told]


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("open('a.txt');" + OTHER_WRITES, ["a.txt"]),
        ("open('a.txt');" + OTHER_WRITES + "open('a.txt')", ["a.txt"]),
        ("open('a.txt');" + OTHER_REMOVES, ["a.txt"]),
        (OTHER_WRITES + "open('a.txt')", []),
        # what it writes itself it knows
        ("open('a.txt'); open('a.txt', 'w').write('22')", []),
        ("open('a.txt'); open('b.txt', 'w').write('2'); os.replace('b.txt', 'a.txt')", []),
    ],
)
def test_what_others_changed_meanwhile(tmp_path: Path, code: str, changed: list[str]) -> None:
    files, others = recorded(tmp_path, code)
    assert (files, others) == (["a.txt"], changed)
