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


WRITE = """
import h5py, numpy, torch, xgboost
from safetensors.numpy import save_file
save_file({"w": numpy.ones(2, "float32")}, "w.safetensors")
save_file({"w": numpy.ones(2, "float32")}, "v.safetensors")
h5py.File("w.h5", "w").create_dataset("w", data=[1.0])
torch.jit.script(torch.nn.ReLU()).save("relu.pt")
rows = numpy.ones((4, 1)), numpy.ones(4)
xgboost.train({}, xgboost.DMatrix(*rows), 1).save_model("trees.json")
"""
READ = """
import h5py, torch, xgboost
from safetensors import safe_open
from safetensors.torch import load_file
load_file("w.safetensors")
with safe_open("v.safetensors", framework="np") as file: file.keys()
with h5py.File("w.h5") as file: file["w"][0]
torch.jit.load("relu.pt")
xgboost.Booster().load_model("trees.json")
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    subprocess.run([sys.executable, "-c", WRITE], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("before", ["", "import h5py, torch, xgboost, safetensors.torch\n"])
def test_libraries_that_open_files_in_c(written: Path, before: str) -> None:
    """Imported after the recorder, or, as in a forked child, before it."""
    command = [sys.executable, "-c", before + RECORD, READ]
    done = subprocess.run(command, cwd=written, capture_output=True, text=True, check=True)
    files = {Path(name).name for name in json.loads(done.stdout)[0] if str(written) in name}
    assert files == {"w.safetensors", "v.safetensors", "w.h5", "relu.pt", "trees.json"}
