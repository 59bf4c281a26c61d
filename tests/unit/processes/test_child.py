"""A process of its own: answers, errors, crashes, hangs, noise, and what is left of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from neopack.errors import EngineFailed, ExportFailed, Malformed, NeopackError, UsageError
from neopack.outputs.staging import staging_directory
from neopack.processes import forkserver
from neopack.processes.child import Child
from neopack.values.json import Json
from neopack.values.log import SilentLog

# tasks for the child to run: what neopack's own do is not tried here
TASKS = '''
import ctypes, os, sys, time
from pathlib import Path
from neopack.errors import Malformed, UsageError

def echo(data, log):
    log.note("noted")
    log.warn("warned")
    return data

def refuses(data, log):
    raise UsageError("no such thing", where="--thing", hint="name another")

def broken(data, log):
    raise Malformed("is cut", offset=7, where="file")

def fails(data, log):
    raise KeyError("lost")

def leaves(data, log):
    sys.exit(5)

def noisy(data, log):
    os.write(1, b"{garbage}\\n" * 20000)
    os.write(2, b"\\xff\\xfe no text\\n")
    print("more")
    return "fine"

def asks(data, log):
    return sys.stdin.read()

def dies(data, log):
    print("famous last words", flush=True)
    os._exit(7)

def crashes(data, log):
    ctypes.string_at(0)

def cut_short(data, log):
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("pipe:") and int(name) > 2:
                os.write(int(name), b'{"answer": "hal')
        except OSError:
            pass
    os._exit(1)

def sleeps(data, log):
    time.sleep(100)

def has_offspring(data, log):
    pid = os.fork()
    if pid == 0:
        time.sleep(100)
    return pid

def forks(data, log):
    """Both return: the copy as if it had been asked."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
    return [data, pid > 0]

def answers_for_another(data, log):
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("pipe:") and int(name) > 2:
                os.write(int(name), b'[1]\\nnull\\n{"number": 7, "answer": "old"}\\n')
        except OSError:
            pass

def pollutes(data, log):
    import tempfile
    return tempfile.mkstemp()[1]

TASKS = {name: value for name, value in globals().items() if callable(value)}
'''  # fmt: skip


class Heard(SilentLog):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


# what the fork server of these tests imports
PRELOAD = ("json", "neopack.errors", "numpy")


@pytest.fixture(params=[(), PRELOAD], ids=["fresh", "forked"])
def preload(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Both kinds of child: what is true of one is true of the other."""
    names: tuple[str, ...] = request.param
    forkserver.warm(names)
    return names


@pytest.fixture
def child(tmp_path: Path, preload: tuple[str, ...]) -> Iterator[Child]:
    """A child that runs the tasks above."""
    (tmp_path / "child_tasks.py").write_text(TASKS)
    with Child(
        "child_tasks",
        failure=ExportFailed,
        subject="m:f",
        log=Heard(),
        environment={"PYTHONPATH": str(tmp_path)},
        preload=preload,
    ) as process:
        assert isinstance(process._process.handle, subprocess.Popen) is not bool(preload)
        yield process


def test_answers_and_talk(child: Child) -> None:
    data: Json = {"a": [1, None, "é"], "b": {"c": 1.5}}
    assert child.call("echo", data) == data
    assert child.call("echo", "again") == "again"
    log = child._log
    assert isinstance(log, Heard)
    assert (log.notes, log.warnings) == (["noted"] * 2, ["warned"] * 2)


@pytest.mark.parametrize(
    ("task", "kind", "line"),
    [
        ("refuses", UsageError, "--thing: no such thing (name another)"),
        ("broken", Malformed, "file: is cut at byte 7"),
        ("fails", ExportFailed, "m:f: KeyError: 'lost'"),
        ("leaves", ExportFailed, "m:f: SystemExit: 5"),
        ("nothing", ExportFailed, "m:f: KeyError: 'nothing'"),
    ],
)
def test_an_error_is_the_tasks_own_and_the_child_lives_on(
    child: Child, task: str, kind: type[NeopackError], line: str
) -> None:
    with pytest.raises(kind) as caught:
        child.call(task, None)
    assert type(caught.value) is kind
    assert caught.value.line() == line
    assert "Traceback" in caught.value.__notes__[-1]
    assert child.call("echo", 1) == 1


def test_noise_does_no_harm(child: Child) -> None:
    assert child.call("noisy", None) == "fine"
    assert child.call("echo", 1) == 1


def test_standard_input_is_empty(child: Child) -> None:
    assert child.call("asks", None) == ""


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("dies", "exited with 7 (its last words: famous last words)"),
        ("crashes", "ended by SIGSEGV"),
        ("cut_short", "exited with 1"),
    ],
)
def test_a_child_that_dies(child: Child, task: str, words: str) -> None:
    with pytest.raises(ExportFailed) as caught:
        child.call(task, None)
    assert words in caught.value.line()
    assert caught.value.where == "m:f"
    with pytest.raises(ExportFailed):
        child.call("echo", "after its death")


def test_a_child_that_hangs(child: Child) -> None:
    with pytest.raises(ExportFailed, match="took too long"):
        child.call("sleeps", None, timeout=0.2)


def test_a_copy_that_a_task_forked_does_not_answer(child: Child) -> None:
    for number in range(3):
        assert child.call("forks", number) == [number, True]


def test_a_child_that_answers_another_request_is_ended(child: Child) -> None:
    with pytest.raises(ExportFailed, match="answered another request and was ended"):
        child.call("answers_for_another", None)
    with pytest.raises(ExportFailed):
        child.call("echo", 1)


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_what_a_child_started_goes_with_it(child: Child) -> None:
    offspring: int = child.call("has_offspring", None)
    assert alive(offspring)
    child.close()
    end = time.monotonic() + 10
    while alive(offspring) and time.monotonic() < end:
        time.sleep(0.01)
    assert not alive(offspring)


def test_temporary_files_go_with_the_staging_directory(
    tmp_path: Path, child: Child, preload: tuple[str, ...]
) -> None:
    with staging_directory() as staging, owner(staging, tmp_path, preload) as other:
        left = Path(other.call("pollutes", None))
        assert left.parent == staging
        assert left.exists()
    assert not staging.exists()


def owner(owned: Path, path: Path, preload: tuple[str, ...]) -> Child:
    environment = {"PYTHONPATH": str(path)}
    return Child(
        "child_tasks", failure=EngineFailed, owns=owned, environment=environment, preload=preload
    )


def test_a_child_whose_parent_is_gone_ends_and_cleans_up(
    child: Child, tmp_path: Path, preload: tuple[str, ...]
) -> None:
    """Its standard input ends: all that it sees of a parent that was killed."""
    owned = tmp_path / "owned"
    owned.mkdir()
    (owned / "file").touch()
    with owner(owned, tmp_path, preload) as other:
        other.call("echo", 1)
        other._process.requests.close()
        assert other._process.handle.wait(10) == -signal.SIGKILL
    assert not owned.exists()


def test_the_signals_of_a_terminal_do_not_reach_it(child: Child) -> None:
    child.call("echo", 1)  # it is up
    assert os.getpgid(child._process.pid) == child._process.pid != os.getpgrp()
    assert os.getsid(child._process.pid) == child._process.pid
    words = Path(f"/proc/{child._process.pid}/cmdline").read_bytes().split(b"\0")
    assert words[0] == sys.executable.encode()
