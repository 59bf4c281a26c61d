"""``-``: what comes from standard input and goes to standard output."""

from __future__ import annotations

import io
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from desk import Call, Desk

Typed = Callable[..., None]
CONFIG = ("-t", "ml_c5", "--data-input-config", '{"image": [1, 3, 8, 8]}')


@pytest.fixture
def model(fixtures: Path) -> Path:
    return fixtures / "onnx/cnn-opset12.onnx"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    def give(data: bytes, *, terminal: bool = False) -> None:
        stream = SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: terminal)
        monkeypatch.setattr("sys.stdin", stream)

    return give


def test_a_pipe_takes_an_archive_from_package_to_check(
    model: Path, executable: list[str], neopack: Call, typed: Typed, desk: Desk
) -> None:
    done = subprocess.run(
        [*executable, "package", str(model), "-o", "-"], capture_output=True, check=True
    )
    assert b"sha256" in done.stderr
    assert neopack("package", model, "-o", "net.tar.gz").code == 0
    assert done.stdout == Path("net.tar.gz").read_bytes()
    typed(done.stdout)
    answer = neopack("check", "-", *CONFIG, "--format", "json")
    assert answer.code == 0
    assert answer.document["subjects"][0]["path"] == "stdin.tar.gz"
    typed(done.stdout)
    assert "archive with model.onnx" in neopack("inspect", "-").out
    assert not any(desk.temporary.iterdir())


@pytest.mark.parametrize(
    ("arguments", "data", "code", "words"),
    [
        (("check", "-", *CONFIG), b"", 2, "standard input is empty"),
        (("check", "-", *CONFIG), b"onnx", 2, "standard input is not a .tar.gz"),
        (("check", "-", *CONFIG), b"\x1f\x8b\x08", 1, "stdin.tar.gz: "),
        (("check", "-", "--limit", "archive_bytes=2", *CONFIG), b"\x1f\x8b\x08", 1, "over the"),
        (("inspect", "-"), b"text", 1, "error: stdin: is not a model form"),
        (("verify", "-"), b"", 1, "only check, inspect and explain read standard input"),
    ],
)
def test_what_standard_input_cannot_be(
    arguments: tuple[str, ...], data: bytes, code: int, words: str, neopack: Call, typed: Typed
) -> None:
    typed(data)
    answer = neopack(*arguments)
    assert answer.code == code
    assert words in answer.errors[0]


def test_a_terminal_is_not_read_as_a_file(neopack: Call, typed: Typed) -> None:
    typed(b"", terminal=True)
    assert "a terminal" in neopack("inspect", "-").errors[0]


@pytest.mark.parametrize("more", [("--format", "json"), ("-t", "ml_c5", "-t", "rasp4b")])
def test_standard_output_has_one_use(more: tuple[str, ...], neopack: Call, model: Path) -> None:
    assert neopack("package", model, "-o", "-", *more).code == 2


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_closed_stream_takes_what_is_said(closed: str, executable: list[str]) -> None:
    command = f"{shlex.join(executable)} targets {closed}"
    done = subprocess.run(["/bin/sh", "-c", command], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
