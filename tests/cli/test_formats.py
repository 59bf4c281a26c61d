"""What goes to which stream: JSON, quiet, pipes, escape codes, tracebacks, wrong calls."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import INPUT, Answer, Call, Copied, Desk
from terminal import shown_on

JSON = ("--format", "json")


@pytest.fixture
def road(models: Path, shelf: Path) -> dict[str, tuple[str | Path, ...]]:
    """A call of each command that succeeds."""
    return {
        "inspect": ("inspect", shelf / "cnn.tar.gz"),
        "package": ("package", f"{models}:cnn", *INPUT, "-o", "out.tar.gz"),
        "check": ("check", shelf / "cnn.tar.gz"),
        "compile": ("compile", shelf / "onnx.tar.gz", "-t", "ml_c5", "-o", "out.tar.gz"),
        "run": ("run", shelf / "cnn-ml_c5.tar.gz", "--random"),
        "bench": ("bench", shelf / "cnn-ml_c5.tar.gz", "--seconds", "0.1"),
    }


COMMANDS = ("inspect", "package", "check", "compile", "run", "bench")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_in_json(
    neopack: Call, road: dict[str, tuple[str | Path, ...]], command: str
) -> None:
    answer = neopack(*road[command], *JSON)
    assert answer.code == 0
    assert answer.document["schema"] == 1
    assert answer.document["kind"] == command
    assert "\x1b" not in answer.out + answer.err
    if command != "bench":  # it takes five seconds, and says the same
        quiet = neopack(*road[command], *JSON, "--quiet", *("--force",) * (command in FORCED))
        assert quiet.code == 0
        assert quiet.document["kind"] == command
        assert not quiet.err


FORCED = ("package", "compile")

WRONG: dict[str, tuple[int, tuple[str, ...]]] = {
    "inspect": (1, ("inspect", "gone.pt")),
    "package": (2, ("package", "gone.pt", "-o", "out.zip")),
    "check": (1, ("check", "gone.tar.gz", "-t", "ml_c5")),
    "compile": (2, ("compile", "gone.tar.gz", "-t", "ml_c55")),
    "run": (2, ("run", "gone.tar.gz")),
    "bench": (1, ("bench", "gone.tar.gz")),
    "no option": (2, ("check", "--nope")),
    "no command": (2, ("frobnicate",)),
    "no argument": (2, ("verify",)),
    "no value": (2, ("inspect", "gone.pt", "--weights")),
}


@pytest.mark.parametrize("command", WRONG)
def test_an_error_in_json_and_in_text(refused: Call, command: str) -> None:
    code, arguments = WRONG[command]
    text = refused(code, "", *arguments)
    assert not text.out
    for form in (JSON, ("--format=json",)):
        json = refused(code, "", *(arguments[0], *form, *arguments[1:]))
        assert json.errors == text.errors
        assert json.document["kind"] == "error"
        assert json.document["exit_code"] == code
        assert json.document["message"] in text.errors[0]


def test_findings_in_json(neopack: Call, desk: Desk, copied: Copied) -> None:
    copied("onnx", desk.path, beside=False)
    answer = neopack("check", "onnx.tar.gz", "-t", "ml_c5", *JSON)
    assert answer.code == 1
    assert {finding["id"] for finding in answer.document["findings"]} == {"NEO-DC-001"}
    assert {row["outcome"] for row in answer.document["outcomes"]} >= {"passed", "not checked"}


def test_findings_of_a_refused_package_in_json(refused: Call, models: Path) -> None:
    arguments = ("package", f"{models}:branching", "--input", "x=1,4:float16", "-o", "out.tar.gz")
    answer = refused(1, "NEO-PT-", *arguments, *JSON)
    assert answer.document["report"]["findings"][0]["level"] == "error"


def test_quiet_says_nothing_when_all_is_well(neopack: Call, shelf: Path, models: Path) -> None:
    calls: list[tuple[str | Path, ...]] = [
        ("check", shelf / "cnn.tar.gz"),
        ("run", shelf / "cnn-ml_c5.tar.gz", "--random"),
        ("package", f"{models}:half", *INPUT, "-o", "out.tar.gz"),
    ]
    for arguments in calls:
        assert neopack(*arguments, "--quiet") == Answer(0, "", "")


def test_quiet_still_says_errors(refused: Call) -> None:
    answer = refused(1, "gone.pt", "inspect", "gone.pt", "-q")
    assert len(answer.err.splitlines()) == 1


def test_debug_shows_where_it_came_from(neopack: Call, desk: Desk) -> None:
    (desk.path / "bad.py").write_text("def make():\n    raise ValueError('no size')\n")
    answer = neopack("package", "bad.py:make", *INPUT, "-o", "out.tar.gz", "--debug")
    assert answer.code == 1
    assert answer.errors[0].startswith("error: bad.py:make: raised ValueError: no size")
    assert "Traceback (most recent call last)" in answer.err
    assert "in make\n" in answer.err.replace("raise ValueError", "").replace("    \n", "")


def test_a_wrong_call_says_where_the_help_is(refused: Call) -> None:
    refused(2, ("--tarject", "see neopack check --help"), "check", "a", "--tarject", "x")


def test_help_and_nothing(neopack: Call) -> None:
    helped, bare = neopack("--help"), neopack()
    assert (helped.code, bare.code) == (0, 2)
    assert helped.out == bare.out
    assert "Usage: neopack" in helped.out
    assert neopack("compile", "--help").code == 0


def test_version(neopack: Call) -> None:
    answers = [neopack("--version"), neopack("--version", "check")]
    assert answers[0] == answers[1]
    assert answers[0].out.startswith("neopack ")
    assert "openvino" in answers[0].out


# --- pipes and terminals --------------------------------------------------------------------


def test_a_reader_that_leaves_early(executable: list[str], desk: Desk) -> None:
    """As in ``neopack inspect many.tar.gz | head -1``: more than a pipe holds is written."""
    from hostile import entry, pack

    pack(desk.path / "many.tar.gz", *(entry(f"{n:0100}") for n in range(4000)))
    command = [*executable, "inspect", "many.tar.gz"]
    # unbuffered, Python drops what a closed pipe did not take, and takes it for written
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"many.tar.gz")
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 141
    assert said == b""


def test_nobody_listens_to_the_talk(executable: list[str], shelf: Path, desk: Desk) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [*executable, "run", str(shelf / "cnn-ml_c5.tar.gz"), "--random"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=write, timeout=60)
    os.close(write)
    assert done.returncode == 0
    assert b"output0" in done.stdout


@pytest.mark.parametrize("arguments", [["inspect", "cnn.tar.gz"], ["--version"], ["--help"]])
def test_standard_output_is_full(
    executable: list[str], desk: Desk, copied: Copied, arguments: list[str]
) -> None:
    copied("cnn", desk.path)
    command = [*executable, *arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 2
    assert done.stderr == b"error: standard output: cannot be written: No space left on device\n"


@pytest.fixture
def on_a_terminal(executable: list[str], desk: Desk) -> Callable[..., str]:
    """What a call shows on a terminal of its own."""

    def call(*arguments: str | Path, **environment: str) -> str:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*executable, *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", **environment},
        )
        os.close(theirs)
        shown = shown_on(ours)
        process.wait(60)
        return shown

    return call


def test_a_terminal_is_told_what_comes_next(
    on_a_terminal: Callable[..., str], neopack: Call, desk: Desk, copied: Copied
) -> None:
    copied("onnx", desk.path)
    arguments = ("check", "onnx.tar.gz", "-t", "ml_c5")
    line = "next: neopack compile onnx.tar.gz --target ml_c5"
    assert line in on_a_terminal(*arguments, NO_COLOR="1")
    assert line not in on_a_terminal(*arguments, "--quiet")
    assert line not in on_a_terminal(*arguments, "--format", "json")
    assert line not in neopack(*arguments).err


def test_colour_on_a_terminal_only_where_it_is_wanted(
    on_a_terminal: Callable[..., str], desk: Desk, copied: Copied
) -> None:
    copied("onnx", desk.path, beside=False)
    arguments = ("check", "onnx.tar.gz", "-t", "ml_c5")
    assert "\x1b[" in on_a_terminal(*arguments)
    assert "\x1b[" not in on_a_terminal(*arguments, NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(*arguments, TERM="dumb")
