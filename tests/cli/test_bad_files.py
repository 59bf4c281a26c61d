"""Files that are not what they claim: one line, the exit code, nothing left on disk."""

from __future__ import annotations

import gzip
import shutil
import tarfile
from pathlib import Path

import pytest
from desk import COMMANDS, Call, Copied, Desk
from hostile import entry


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_file(refused: Call, command: str) -> None:
    refused(1, ("gone.tar.gz", "no such file"), command, "gone.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_directory_where_a_file_is_wanted(refused: Call, desk: Desk, command: str) -> None:
    (desk.path / "folder").mkdir()
    holding = ("inspect", "package", "check")
    words = "does not hold a model" if command in holding else "is a directory"
    refused(1, ("folder", words), command, "folder", *COMMANDS[command])


@pytest.mark.parametrize("command", ["inspect", "package"])
def test_a_directory_of_two_models(
    refused: Call, desk: Desk, fixtures: Path, command: str
) -> None:
    (desk.path / "two").mkdir()
    for name in ("a.onnx", "b.onnx"):
        shutil.copy(fixtures / "onnx" / "cnn-opset12.onnx", desk.path / "two" / name)
    words = ("two", "holds 2 models: a.onnx, b.onnx", "name one of them")
    refused(1, words, command, "two", *COMMANDS[command])


def test_a_directory_with_one_model_is_it(neopack: Call, desk: Desk, fixtures: Path) -> None:
    (desk.path / "one" / "deep").mkdir(parents=True)
    shutil.copy(fixtures / "onnx" / "cnn-opset12.onnx", desk.path / "one" / "deep" / "net.onnx")
    (desk.path / "one" / "labels.txt").write_text("cat\ndog\n")
    assert "ONNX" in neopack("inspect", "one").out


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_file(refused: Call, desk: Desk, command: str) -> None:
    (desk.path / "empty.tar.gz").touch()
    refused(1, ("empty.tar.gz", "empty"), command, "empty.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_that_is_too_long(refused: Call, command: str) -> None:
    refused(1, "File name too long", command, "a" * 300, *COMMANDS[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_cannot_be_read(refused: Call, command: str) -> None:
    refused(1, "/proc/self/mem", command, "/proc/self/mem", *COMMANDS[command])


@pytest.mark.parametrize("command", ["inspect", "package"])
@pytest.mark.parametrize("name", ["notes.pt", "notes.onnx", "notes"])
def test_text_under_the_name_of_a_model(
    refused: Call, desk: Desk, command: str, name: str
) -> None:
    (desk.path / name).write_text("remember the milk\n" * 9)
    refused(1, (name, "is not a model form"), command, name, *COMMANDS[command])


@pytest.mark.parametrize("command", ["check", "compile", "run"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (b"remember the milk", "text"),
        (b"PK\x03\x04" + bytes(90), "a zip"),
        (b"BZh9" + bytes(90), "bzip2"),
        (bytes(600), "something else"),
    ],
)
def test_something_else_under_the_name_of_an_archive(
    refused: Call, desk: Desk, command: str, content: bytes, words: str
) -> None:
    (desk.path / "model.tar.gz").write_bytes(content)
    said = ("model.tar.gz", "is not a gzip tar", words, "neopack package")
    refused(1, said, command, "model.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", ["check", "compile", "run"])
def test_a_tar_that_is_not_compressed(refused: Call, desk: Desk, command: str) -> None:
    with tarfile.open(desk.path / "model.tar.gz", "w") as tar:
        tar.addfile(entry("model.pth"))
    words = ("model.tar.gz", "an uncompressed tar")
    refused(1, words, command, "model.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", ["inspect", "check", "compile", "run"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_gzip_that_is_cut_short(
    refused: Call, desk: Desk, copied: Copied, command: str, share: float
) -> None:
    whole = copied("cnn", desk.path).read_bytes()
    (desk.path / "cnn.tar.gz").write_bytes(whole[: int(len(whole) * share)])
    words = ("cnn.tar.gz", "cut short")
    refused(1, words, command, "cnn.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", ["inspect", "check", "compile", "run"])
@pytest.mark.parametrize("kept", [600, 3000])
def test_a_tar_that_is_cut_short(
    refused: Call, desk: Desk, copied: Copied, command: str, kept: int
) -> None:
    tar = gzip.decompress(copied("cnn", desk.path).read_bytes())
    (desk.path / "cnn.tar.gz").write_bytes(gzip.compress(tar[:kept]))
    words = ("cnn.tar.gz", "ends too early")
    refused(1, words, command, "cnn.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", ["inspect", "check", "compile", "run"])
def test_a_gzip_with_a_flipped_bit(
    refused: Call, desk: Desk, copied: Copied, command: str
) -> None:
    content = bytearray(copied("cnn", desk.path).read_bytes())
    content[len(content) // 2] ^= 0x10
    (desk.path / "cnn.tar.gz").write_bytes(content)
    refused(1, "cnn.tar.gz", command, "cnn.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", ["inspect", "check", "run"])
def test_a_gzip_of_no_tar(refused: Call, desk: Desk, command: str) -> None:
    (desk.path / "text.tar.gz").write_bytes(gzip.compress(b"remember the milk" * 99))
    words = ("text.tar.gz", "tar header")
    refused(1, words, command, "text.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", ["inspect", "package"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("name", ["cnn-traced.pt", "cnn.pt2"])
def test_a_zip_that_is_cut_short(
    refused: Call, desk: Desk, fixtures: Path, command: str, share: float, name: str
) -> None:
    whole = (fixtures / "pytorch" / name).read_bytes()
    (desk.path / name).write_bytes(whole[: int(len(whole) * share)])
    refused(1, name, command, name, *COMMANDS[command])
