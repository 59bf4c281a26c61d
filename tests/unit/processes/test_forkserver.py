"""The fork server: a child of its is what a fresh one would be, or there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neopack.errors import ExportFailed
from neopack.processes import forkserver
from neopack.processes.child import Child
from neopack.values.json import AnyJson

PRELOAD = ("numpy", "neopack.errors", "neopack.values.log")
THREADED = "tests.unit.processes.threaded"
TASKS = """
import os, random, resource, sys, tempfile
import numpy

def draws(data, log):
    return [random.random(), numpy.random.random()]

def descriptors():
    for name in os.listdir("/proc/self/fd"):
        try:
            yield os.readlink(f"/proc/self/fd/{name}").partition(":")[0]
        except OSError:  # that which listed them
            pass

def state(data, log):
    limits = {name: resource.getrlimit(getattr(resource, name))
              for name in dir(resource) if name.startswith("RLIMIT_")}
    return {
        "path": sys.path, "argv": sys.argv, "directory": os.getcwd(),
        "environment": {k: v for k, v in os.environ.items() if k != "LC_CTYPE"},
        "temporary": tempfile.gettempdir(), "bytecode": sys.dont_write_bytecode,
        "limits": limits, "descriptors": sorted(descriptors()),
        "signals": [line for line in open("/proc/self/status") if line.startswith("Sig")],
        "modules": "users_own" in sys.modules,
        "random": random.__file__,
    }

def answer(data, log):
    import users_own
    return users_own.ANSWER

TASKS = {"draws": draws, "state": state, "answer": answer}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the tasks and the user's module are; children start in it."""
    (tmp_path / "states.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    forkserver.warm(PRELOAD)
    return tmp_path


@contextmanager
def child(
    preload: tuple[str, ...] = PRELOAD, environment: dict[str, str] | None = None
) -> Iterator[Child]:
    with Child(
        "states", failure=ExportFailed, preload=preload, environment=environment
    ) as process:
        yield process


def is_forked(process: Child) -> bool:
    return not isinstance(process._process.handle, subprocess.Popen)


def asked(task: str, environment: dict[str, str] | None = None, *, fresh: bool = False) -> AnyJson:
    with child(() if fresh else PRELOAD, environment) as process:
        assert is_forked(process) is not fresh
        return process.call(task, None)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"TMPDIR": "/opt", "PYTHONDONTWRITEBYTECODE": "1"},
        {"PYTHONPATH": "lib:/usr:lib"},
        {"NEOPACK_HOME": "here", "AWS_REGION": "eu-west-1"},
    ],
)
def test_it_starts_as_a_fresh_one_does(folder: Path, environment: dict[str, str]) -> None:
    assert asked("state", environment) == asked("state", environment, fresh=True)


def test_the_first_child_of_a_process_is_a_fresh_one(folder: Path) -> None:
    once = (*PRELOAD, "neopack.errors")
    forkserver._children.pop(once, None)
    for forked in (False, True, True):
        with child(once) as process:
            assert is_forked(process) is forked


def test_code_that_was_edited_is_read_again(folder: Path) -> None:
    for number in range(3):
        (folder / "users_own.py").write_text(f"ANSWER = {number}  # {'.' * number}\n")
        assert asked("answer") == number


def test_no_two_draw_the_same(folder: Path) -> None:
    drawn = [number for _ in range(3) for number in asked("draws")]
    assert len(set(drawn)) == len(drawn)


def test_a_module_of_the_users_comes_before_one_that_was_imported(folder: Path) -> None:
    asked("state")
    (folder / "numpy").mkdir()  # a folder of files is no package
    asked("state")
    (folder / "numpy" / "__init__.py").write_text("class random: random = staticmethod(int)\n")
    with child() as process:
        assert not is_forked(process)
        assert process.call("draws", None)[1] == 0


def test_another_environment_is_another_server(folder: Path) -> None:
    asked("state")
    server = forkserver._servers[PRELOAD]
    state = asked("state", {"OMP_NUM_THREADS": "3"})
    assert state["environment"]["OMP_NUM_THREADS"] == "3"
    assert forkserver._servers[PRELOAD] is not server
    assert server._process.returncode is not None


def test_what_was_installed_since_is_imported(folder: Path, tmp_path: Path) -> None:
    asked("state")
    server = forkserver._servers[PRELOAD]
    site = next(iter(server._folders))
    server._folders[site] -= 1
    asked("state")
    assert forkserver._servers[PRELOAD] is not server


def test_one_that_cannot_fork_is_not_asked_twice(folder: Path) -> None:
    preload = (THREADED,)
    forkserver.warm(preload)
    for _ in range(2):
        with child(preload) as process:
            assert not is_forked(process)
            process.call("state", None)
    assert not forkserver._servers[preload]._modules


@pytest.mark.parametrize("preload", ["nowhere", "os:abort"])
def test_one_that_cannot_start_is_done_without(folder: Path, preload: str) -> None:
    forkserver.warm((preload,))
    with child((preload,)) as process:
        assert not is_forked(process)
        process.call("state", None)


def test_one_that_was_killed_is_started_again(folder: Path) -> None:
    with child() as process:
        server = forkserver._servers[PRELOAD]
        server._process.kill()
        process.call("state", None)  # a child outlives it
    server._process.wait()
    asked("state")


def test_a_killed_attendant_leaves_no_one_waiting(folder: Path) -> None:
    with child() as process:
        status = Path(f"/proc/{process._process.pid}/status").read_text()
        parent = next(line.split()[1] for line in status.splitlines() if line.startswith("PPid"))
        os.kill(int(parent), signal.SIGKILL)
        assert process._process.handle.wait(10) == -signal.SIGKILL


def test_it_ends_with_its_parent(folder: Path) -> None:
    script = """
        import json, os, sys, time
        from neopack.errors import ExportFailed
        from neopack.processes import forkserver
        from neopack.processes.child import Child
        if __name__ == "__main__":
            preload = tuple(sys.argv[1:])
            forkserver.warm(preload)
            child = Child("states", failure=ExportFailed, preload=preload)
            child.call("draws", None)
            server = forkserver._servers[preload]._process.pid
            print(json.dumps([server, child._process.pid]), flush=True)
            time.sleep(100)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *PRELOAD], stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        processes = json.loads(parent.stdout.readline())
        assert all(map(runs, processes))
        parent.kill()
    end = time.monotonic() + 10
    while any(map(runs, processes)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(runs, processes))


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
