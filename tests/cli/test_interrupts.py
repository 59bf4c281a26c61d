"""Ctrl-C, SIGTERM, SIGHUP and SIGKILL at any moment: 130, one line, no leftovers, no orphans."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desk import INPUT, Call, Copied, Desk
from terminal import shown_on

from neopack.cli._console import console
from neopack.runtimes.managing import install_runtimes
from neopack.values.log import SilentLog

SLOW_MODEL = '''
import subprocess, time
from pathlib import Path

def make():
    subprocess.Popen(["sleep", "300"])
    Path("{flag}").touch()
    time.sleep(300)
'''  # fmt: skip
Started = Callable[..., subprocess.Popen[str]]


def until(holds: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def started(executable: list[str], desk: Desk) -> Iterator[Started]:
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*executable, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def without_nohup() -> Iterator[None]:
    """Under nohup SIGHUP is ignored, in what the tests start too."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def exporting(started: Started, desk: Desk) -> subprocess.Popen[str]:
    """A ``package`` whose model has started to be built, and will be for minutes."""
    flag = desk.path.parent / "building"
    (desk.path / "slow.py").write_text(SLOW_MODEL.format(flag=flag))
    process = started("package", "slow.py:make", *INPUT, "-o", "out.tar.gz")
    assert until(flag.exists)
    return process


def is_interrupted(process: subprocess.Popen[str]) -> bool:
    out, err = process.communicate(timeout=60)
    errors = [line for line in err.splitlines() if line.startswith("error: interrupted by SIG")]
    return (process.returncode, out, len(errors), "Traceback" in err) == (130, "", 1, False)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_an_export_is_interrupted(
    exporting: subprocess.Popen[str],
    desk: Desk,
    processes_of: Callable[[str], set[int]],
    number: signal.Signals,
) -> None:
    before = {"slow.py"}
    exporting.send_signal(number)
    assert is_interrupted(exporting)
    assert {path.name for path in desk.path.iterdir()} == before
    assert not list(desk.temporary.iterdir())
    assert until(lambda: not processes_of(str(desk.temporary)), 10)


def test_an_export_is_interrupted_twice(exporting: subprocess.Popen[str], desk: Desk) -> None:
    exporting.send_signal(signal.SIGINT)
    exporting.send_signal(signal.SIGINT)
    exporting.send_signal(signal.SIGTERM)
    assert is_interrupted(exporting)
    assert not list(desk.temporary.iterdir())


def test_an_interrupt_while_an_error_is_reported(
    neopack: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = console.failure

    def interrupted_once(*given: object) -> None:
        monkeypatch.setattr(console, "failure", written)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(console, "failure", interrupted_once)
    answer = neopack("check", "absent.tar.gz")
    assert answer.code == 130
    assert answer.errors == ["error: interrupted by SIGTERM"]


def test_an_export_whose_parent_is_killed(
    exporting: subprocess.Popen[str], desk: Desk, processes_of: Callable[[str], set[int]]
) -> None:
    assert list(desk.temporary.iterdir())
    exporting.kill()
    exporting.wait()
    assert until(lambda: not processes_of(str(desk.temporary)), 20)
    assert not list(desk.temporary.iterdir())
    assert {path.name for path in desk.path.iterdir()} == {"slow.py"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_compilation_is_interrupted(
    started: Started,
    desk: Desk,
    copied: Copied,
    processes_of: Callable[[str], set[int]],
    number: signal.Signals,
) -> None:
    copied("cnn", desk.path)
    before = desk.seen()
    process = started("compile", "cnn.tar.gz", "-t", "ml_c5")
    assert until(lambda: len(list(desk.temporary.iterdir())) > 0)
    process.send_signal(number)
    assert is_interrupted(process)
    assert desk.seen() == before
    assert until(lambda: not processes_of(str(desk.temporary)), 10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_compilation_in_a_runtime_leaves_nothing(
    started: Started,
    desk: Desk,
    copied: Copied,
    processes_of: Callable[[str], set[int]],
    number: signal.Signals,
) -> None:
    """Its worker is a grandchild, in a session of its own."""
    install_runtimes(["neo-loader-onnx-1.7.0"], SilentLog())
    copied("onnx", desk.path)
    before, mark = desk.seen(), str(desk.temporary)
    process = started("compile", "onnx.tar.gz", "-t", "linux/x86_64", "--engine", "tvm")
    assert until(lambda: any(is_worker(number) for number in processes_of(mark)))
    process.send_signal(number)
    process.communicate()
    assert until(lambda: not processes_of(mark), 20)
    assert desk.seen() == before


def is_worker(process: int) -> bool:
    try:
        return b"for_loader.py" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.fixture
def large(desk: Desk) -> Path:
    """code/ of 1 GiB (a hole in a file), which takes a second and more to pack."""
    code = desk.path / "code"
    code.mkdir()
    (code / "inference.py").write_text("def model_fn(model_dir):\n    return None\n")
    with (code / "large.dat").open("wb") as stream:
        stream.truncate(1 << 30)
    return code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_writing_is_interrupted(
    started: Started, desk: Desk, models: Path, large: Path, number: signal.Signals
) -> None:
    arguments = ("--code", large, "--level", "9", "-o", "out.tar.gz")
    process = started("package", f"{models}:cnn", *INPUT, *arguments)
    assert until(lambda: is_writing(process.pid, desk.path))
    process.send_signal(number)
    if number == signal.SIGKILL:
        process.communicate()
    else:
        assert is_interrupted(process)
    assert {path.name for path in desk.path.iterdir()} == {"code"}
    assert until(lambda: not list(desk.temporary.iterdir()), 20)


def is_writing(pid: int, folder: Path) -> bool:
    """Whether the process has a file open in ``folder`` that has no name there yet."""
    try:
        links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return any(link.startswith(f"{folder}/#") for link in links)


def test_an_interrupt_while_a_progress_bar_runs(executable: list[str], desk: Desk) -> None:
    flag = desk.path.parent / "building"
    (desk.path / "slow.py").write_text(SLOW_MODEL.format(flag=flag))
    ours, theirs = pty.openpty()
    command = [*executable, "package", "slow.py:make", *INPUT, "-o", "out.tar.gz"]
    environment = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    assert until(flag.exists)
    process.send_signal(signal.SIGINT)
    shown = shown_on(ours)
    assert process.wait(60) == 130
    assert "exporting" in shown
    assert "Traceback" not in shown
    assert shown.count("error: interrupted by SIGINT") == 1
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is shown again"
    assert not list(desk.temporary.iterdir())
