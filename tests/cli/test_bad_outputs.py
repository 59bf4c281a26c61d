"""Places that cannot take an output: one line, the exit code, nothing left on disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from desk import COMMANDS, INPUT, Call, Copied, Desk

from neopack.outputs.atomic import AtomicOutputs


@pytest.mark.parametrize("beside", ["out.tar.gz", "out.neopack.json", "out.golden.npz"])
def test_an_output_that_exists(refused: Call, desk: Desk, models: Path, beside: str) -> None:
    (desk.path / beside).write_text("precious")
    words = (beside, "already exists", "--force")
    refused(2, words, "package", f"{models}:cnn", *INPUT, "-o", "out.tar.gz")


PLACES = {
    "out.tar.gz": "is a directory",
    "file/out.tar.gz": "is not a directory",
    "file/none/out.tar.gz": "is not a directory",
    "/proc/out.tar.gz": "cannot be written",
    "dangling.tar.gz": "already exists",
    "a" * 300 + ".tar.gz": "File name too long",
    "model.zip": "does not end in .tar.gz",
    ".tar.gz": "does not end in .tar.gz",
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:40])
def test_a_place_that_cannot_take_the_archive(
    refused: Call, desk: Desk, models: Path, place: str
) -> None:
    (desk.path / "out.tar.gz").mkdir()
    (desk.path / "file").touch()
    (desk.path / "dangling.tar.gz").symlink_to("nowhere")
    words = PLACES[place]
    answer = refused(2, words, "package", f"{models}:cnn", *INPUT, "-o", place)
    assert "exporting" not in answer.err, "it could have been said before any work"


@pytest.mark.parametrize("command", ["compile", "run"])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("out.tar.gz", "is a directory"),
        ("out.npz/out.tar.gz", "is not a directory"),
        ("/proc/out.tar.gz", "cannot be written"),
        ("/dev/null", "is not a regular file"),
    ],
)
def test_a_place_that_cannot_take_the_artifact(
    refused: Call, desk: Desk, copied: Copied, command: str, place: str, words: str
) -> None:
    copied("cnn", desk.path)
    (desk.path / "out.tar.gz").mkdir()
    (desk.path / "out.npz").touch()
    arguments = ("cnn.tar.gz", *COMMANDS[command], "-o", place, "--force")
    refused(2, words, command, *arguments)


def test_a_new_directory_is_created_with_the_output(
    neopack: Call, desk: Desk, copied: Copied
) -> None:
    copied("cnn", desk.path)
    assert neopack("run", "cnn.tar.gz", "--random", "-o", "new/deep/out.npz").code == 0
    assert (desk.path / "new/deep/out.npz").is_file()


def test_no_directory_is_left_where_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with suppress(ZeroDivisionError), AtomicOutputs(force=False) as outputs:
        outputs.open(tmp_path / "old/new/deep/out.npz").write(b"half")
        raise ZeroDivisionError
    assert list((tmp_path / "old").iterdir()) == []


def test_force_replaces(neopack: Call, desk: Desk, copied: Copied) -> None:
    copied("cnn", desk.path)
    (desk.path / "out.npz").write_text("old")
    arguments = ("run", "cnn.tar.gz", "--random", "-o", "out.npz")
    assert neopack(*arguments).code == 2
    assert neopack(*arguments, "--force").code == 0
    with np.load(desk.path / "out.npz") as stored:
        assert stored.files == ["output0"]


# --- a full disk ----------------------------------------------------------------------------


@pytest.fixture
def refused_for_space(desk: Desk) -> Callable[..., str]:
    """Calls the command line in a process whose files may not grow past a size: to a program
    that is a full disk, with another number (EFBIG). Gives its one error line."""

    def call(size: int, *arguments: str | Path) -> str:
        before = desk.seen()
        limit = f"import resource as r; r.setrlimit(r.RLIMIT_FSIZE, ({size}, {size}))"
        command = [sys.executable, "-c", f"{limit}; from neopack.__main__ import main; main()"]
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True, timeout=120
        )
        errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
        assert (done.returncode, len(errors)) == (2, 1), done.stderr
        assert desk.seen() == before
        return errors[0]

    return call


def test_a_disk_that_is_full_when_the_archive_is_written(
    refused_for_space: Callable[..., str], desk: Desk, models: Path
) -> None:
    """The model still fits; the archive, uncompressed and with a file of code/, does not."""
    (desk.path / "code").mkdir()
    (desk.path / "code/inference.py").write_text("#" * (4 << 20))
    arguments = ("--code", "code", "--level", "0", "-o", "out.tar.gz")
    source = (f"{models}:cnn", "--input", "image=1,3,8,8", "--ignore", "NEO-HD")
    error = refused_for_space(3 << 20, "package", *source, *arguments)
    assert "out.tar.gz: cannot be written: File too large" in error


def test_a_disk_that_is_full_while_the_model_is_exported(
    refused_for_space: Callable[..., str], models: Path
) -> None:
    arguments = (f"{models}:wide", "--input", "x=1,256", "-o", "out.tar.gz")
    error = refused_for_space(100_000, "package", *arguments)
    assert "TMPDIR" in error


def test_a_disk_that_is_full_while_the_engine_compiles(
    refused_for_space: Callable[..., str], desk: Desk, copied: Copied
) -> None:
    copied("cnn", desk.path)
    error = refused_for_space(5_000, "compile", "cnn.tar.gz", "-t", "ml_c5")
    assert "TMPDIR" in error


def test_a_disk_that_is_full_when_outputs_are_written(
    refused_for_space: Callable[..., str], desk: Desk, copied: Copied
) -> None:
    copied("cnn", desk.path)
    error = refused_for_space(100, "run", "cnn.tar.gz", "--random", "-o", "out.npz")
    assert "out.npz: cannot be written: File too large" in error
