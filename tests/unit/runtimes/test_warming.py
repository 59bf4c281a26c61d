"""Processes of runtimes that start before they are needed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from neopack.errors import EngineFailed, VerificationFailed
from neopack.processes.worker import Worker
from neopack.runtimes import INSIDE, warming

TASKS = """
import os

def versions(data, arrays):
    return os.getpid(), {}

def fail(data, arrays):
    os._exit(3)

TASKS = {"versions": versions, "fail": fail}
"""


def started(tmp_path: Path) -> Worker:
    tasks = tmp_path / "tasks_of_test.py"
    tasks.write_text(TASKS)
    return Worker("r", tasks, Path(sys.executable), INSIDE / "worker.py", failure=EngineFailed)


def test_the_process_that_waits_is_taken_once(tmp_path: Path) -> None:
    warming.warm("r", lambda: started(tmp_path))
    warming.warm("r", lambda: pytest.fail("a second one"))
    worker = warming.take("r", failure=VerificationFailed, subject="net.tar.gz")
    assert worker is not None
    assert warming.take("r", failure=VerificationFailed, subject="") is None
    with worker:
        assert worker.call("versions")[0] > 0
        with pytest.raises(VerificationFailed, match=r"net\.tar\.gz: r exited with 3"):
            worker.call("fail")


def test_what_nobody_takes_ends(tmp_path: Path) -> None:
    worker = started(tmp_path)
    warming.warm("r", lambda: worker)
    warming.drop()
    assert warming.take("r", failure=EngineFailed, subject="") is None
    with pytest.raises(EngineFailed):
        worker.call("versions")
