"""``neopack diff`` from outside: archives and artifacts, text and JSON, exit codes."""

from __future__ import annotations

import shutil
from pathlib import Path

from desk import Call, Copied, Desk


def test_diff(neopack: Call, refused: Call, shelf: Path, copied: Copied, desk: Desk) -> None:
    copied("onnx", desk.path)
    for path in list(desk.path.iterdir()):  # the same under another name
        shutil.copy(path, desk.path / path.name.replace("onnx", "other"))
    answer = neopack("diff", "onnx.tar.gz", "other.tar.gz")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "alike")

    answer = neopack("diff", shelf / "onnx.tar.gz", shelf / "cnn.tar.gz", "--format", "json")
    assert answer.code == 1
    assert answer.document["kind"] == "diff"
    assert not answer.document["alike"]
    assert len(answer.document["subjects"]) == 2
    differing = {name for name, changes in answer.document["sections"].items() if changes}
    assert {"layout", "operators", "manifest"} <= differing

    artifacts = (shelf / "onnx-ml_c5.tar.gz", shelf / "cnn-ml_c5.tar.gz")
    answer = neopack("diff", *artifacts)
    assert answer.code == 1
    assert "compiled: " in answer.out
    assert neopack("diff", artifacts[0], artifacts[0]).code == 0
    refused(1, "no such file", "diff", "onnx.tar.gz", "absent.tar.gz")
    assert not list(desk.temporary.iterdir())
