"""Weights and pickles that are no model: one line, the exit code, nothing left on disk."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import INPUT, Call, Desk
from hostile import pack

ALONE = {
    "state-dict.pt": "a state_dict",
    "state-dict-legacy.pt": "a state_dict",
    "checkpoint.pt": "a training checkpoint",
    "cnn.safetensors": "a safetensors file",
    "pickled-module.pt": "a pickled module",
    "pickled-module-legacy.pt": "a pickled module",
}


@pytest.mark.parametrize("name", ALONE)
def test_weights_without_a_model(refused: Call, fixtures: Path, name: str) -> None:
    words = (name, ALONE[name], "module:callable --weights FILE")
    refused(1, words, "package", fixtures / "pytorch" / name, *INPUT, "-o", "out.tar.gz")


@pytest.fixture
def trap(desk: Desk) -> Callable[..., Path]:
    """A pickle that touches a file when it is loaded, as a zip or in the old form."""

    def make(path: Path, *, legacy: bool, beside: dict[str, bytes] | None = None) -> Path:
        command = f"touch {desk.path.parent / 'sprung'}".encode()
        size = len(command).to_bytes(4, "little")
        program = b"\x80\x02cposix\nsystem\n(X" + size + command + b"tR."
        if legacy:
            magic = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
            head = b"".join(pickle.dumps(part, 2) for part in magic)
            path.write_bytes(head + program + pickle.dumps([], 2))
            return path
        with zipfile.ZipFile(path, "w") as target:
            target.writestr("trap/data.pkl", program)
            target.writestr("trap/version", b"3\n")
            for name, content in (beside or {}).items():
                target.writestr(f"trap/{name}", content)
        return path

    return make


@pytest.mark.parametrize("legacy", [False, True])
def test_a_malicious_pickle_is_never_loaded(
    neopack: Call,
    desk: Desk,
    models: Path,
    trap: Callable[..., Path],
    legacy: bool,
) -> None:
    trap(desk.path / "trap.pt", legacy=legacy)
    pack(desk.path / "a.tar.gz", model=(desk.path / "trap.pt").read_bytes())
    calls: list[tuple[int, tuple[str | Path, ...]]] = [
        (0, ("inspect", "trap.pt")),
        (1, ("package", "trap.pt", *INPUT, "-o", "out.tar.gz")),
        (1, ("package", f"{models}:cnn", "--weights", "trap.pt", *INPUT, "-o", "out.tar.gz")),
        (0, ("inspect", "a.tar.gz")),
        (1, ("check", "a.tar.gz", "-t", "ml_c5")),
        (1, ("check", "a.tar.gz", "-t", "ml_c5", "--framework", "pytorch")),
        (2, ("run", "a.tar.gz", "--random")),
        (2, ("compile", "a.tar.gz", "-t", "ml_c5")),
    ]
    before = desk.seen()
    for code, arguments in calls:
        answer = neopack(*arguments)
        assert (arguments, answer.code, len(answer.errors)) == (
            arguments, code, int(code > 0 and arguments[0] != "check"),
        ), answer.err  # fmt: skip
    assert not (desk.path.parent / "sprung").exists()
    assert desk.seen() == before


def test_a_torchscript_with_a_trap_in_it_is_not_sprung(
    neopack: Call, desk: Desk, trap: Callable[..., Path]
) -> None:
    """It has code/ and constants.pkl, and so is taken for TorchScript; torch's own unpickler of
    that form knows no functions."""
    beside = {"code/__torch__.py": b"", "constants.pkl": b"\x80\x02)."}
    trap(desk.path / "trap.pt", legacy=False, beside=beside)
    for arguments in (("inspect", "trap.pt"), ("package", "trap.pt", *INPUT, "-o", "o.tar.gz")):
        neopack(*arguments)
    assert not (desk.path.parent / "sprung").exists()
    assert not (desk.path / "o.tar.gz").exists()


@pytest.mark.parametrize(
    ("weights", "callable_", "words"),
    [
        ("tied-weights.pt", "cnn", "does not fit the model: "),
        ("state-dict.pt", "tokens", "does not fit the model: "),
        ("state-dict.pt", "wide", "does not fit the model: it lacks 'layer.weight' and"),
        ("pickled-module.pt", "cnn", "holds no state_dict but pickled-module"),
        ("cnn-traced.pt", "cnn", "holds no state_dict but torchscript"),
        ("nested.pt", "cnn", "holds no state_dict"),
        ("none.pt", "cnn", "no such file"),
        ("../README.md", "cnn", "holds no state_dict"),
    ],
)
def test_weights_that_do_not_fit(
    refused: Call, models: Path, fixtures: Path, weights: str, callable_: str, words: str
) -> None:
    path = fixtures / "pytorch" / weights
    arguments = (f"{models}:{callable_}", "--weights", path, "--input", "image=1,3,8,8")
    refused(1, (path.name, words), "package", *arguments, "-o", "out.tar.gz")


def test_weights_of_a_file_that_has_its_own(refused: Call, fixtures: Path) -> None:
    folder = fixtures / "pytorch"
    arguments = (folder / "cnn-traced.pt", "--weights", folder / "state-dict.pt")
    words = ("cnn-traced.pt", "has its own weights")
    refused(2, words, "package", *arguments, "-o", "out.tar.gz")


def test_weights_of_another_shape(refused: Call, models: Path, fixtures: Path) -> None:
    path = fixtures / "pytorch/state-dict.pt"
    arguments = (f"{models}:cnn", "--arg", "classes=7", "--weights", path, *INPUT)
    words = ("state-dict.pt", "size mismatch for head.weight")
    refused(1, words, "package", *arguments, "-o", "out.tar.gz")
