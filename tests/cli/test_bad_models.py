"""Models, inputs and callables: one line, its code, no leftovers."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import COMMANDS, INPUT, Call, Desk


@pytest.mark.parametrize(
    "shape",
    ["image=0,3,8,8", "image=-1,3,8,8", "image=1,3,8.5,8", "image=a,3", "image=", "image=1,,8",
     "=1,3,8,8", "image=1,3,8,8:complex64", "image=1,3,8,8:int64:0", "image=\u0661,3"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["inspect", "package"])
def test_a_shape_that_cannot_be(refused: Call, models: Path, command: str, shape: str) -> None:
    words = f"--input {shape}"
    refused(2, words, command, f"{models}:cnn", "--input", shape, *COMMANDS[command])


def test_an_input_that_is_given_twice(refused: Call, models: Path) -> None:
    refused(2, "twice", "inspect", f"{models}:cnn", *INPUT, *INPUT)


@pytest.mark.parametrize(
    ("callable_", "inputs", "words"),
    [
        ("cnn", (), ("input shapes", "--input")),
        ("cnn", ("image=1,3,8,8", "mask=1,8"), ("no input 'mask'", "takes image")),
        ("cnn", ("a=1,3,8,8", "b=1,3,8,8"), ("has no input 'a'", "takes image")),
        ("tokens", ("input_ids=1,6:int64",), ("'attention_mask' is not given",)),
        ("cnn", ("image=1,4,8,8",), ("forward raised", "image=[1, 4, 8, 8]")),
    ],
)
def test_inputs_that_forward_does_not_take(
    refused: Call, models: Path, callable_: str, inputs: tuple[str, ...], words: tuple[str, ...]
) -> None:
    given = [part for text in inputs for part in ("--input", text)]
    code = 1 if "forward raised" in words else 2
    where = f"{models}:{callable_}"
    refused(code, (where, *words), "package", where, *given, "-o", "out.tar.gz")


@pytest.mark.parametrize("dtype", ["float16", "int32", "float64"])
def test_a_dtype_that_neo_does_not_take(refused: Call, desk: Desk, dtype: str) -> None:
    source = "import torch\nmake = torch.nn.Identity\n"
    (desk.path / "plain.py").write_text(source)
    arguments = ("plain.py:make", "--input", f"x=1,4:{dtype}", "-o", "out.tar.gz")
    answer = refused(1, ("NEO-PT-", dtype), "package", *arguments)
    assert not answer.out


CALLABLES = '''
import ctypes, os, signal, sys

def raises():
    raise ValueError("no such\\nmodel size")

def leaves():
    sys.exit(0)

def leaves_at_once():
    os._exit(3)

def is_killed():
    os.kill(os.getpid(), signal.SIGKILL)

def crashes():
    ctypes.string_at(0)

def crashes_with_offspring():
    if os.fork() == 0:
        os.closerange(0, 3)
        signal.pause()
    ctypes.string_at(0)

def returns_text():
    print("this is no model")
    return "a model"

def returns_nothing():
    pass

def needs(width, *, depth):
    pass

def wants_input():
    return input("which model? ")

number = 7
'''  # fmt: skip

BAD_CALLABLES: dict[str, tuple[int, tuple[str, ...]]] = {
    "raises": (1, ("raised ValueError: no such", "reproduce with: python -c")),
    "leaves": (1, ("raised SystemExit", "reproduce with")),
    "leaves_at_once": (1, ("exited with 3",)),
    "is_killed": (1, ("ended by SIGKILL", "out of memory")),
    "crashes": (1, ("ended by SIGSEGV",)),
    "crashes_with_offspring": (1, ("ended by SIGSEGV",)),
    "returns_text": (1, ("is a str, not a torch.nn.Module", "returns the model")),
    "returns_nothing": (1, ("is a NoneType, not a torch.nn.Module",)),
    "needs": (2, ("missing a required", "--arg name=value")),
    "wants_input": (1, ("EOFError",)),
    "number": (1, ("is a int, not a callable",)),
    "raise_s": (1, ("has no 'raise_s'", "did you mean raises?")),
    "needs.nothing": (1, ("has no 'nothing'",)),
}


@pytest.mark.parametrize("name", BAD_CALLABLES)
def test_a_callable_that_gives_no_model(refused: Call, desk: Desk, name: str) -> None:
    (desk.path / "bad.py").write_text(CALLABLES)
    code, words = BAD_CALLABLES[name]
    refused(
        code, (f"bad.py:{name}", *words), "package", f"bad.py:{name}", *INPUT, "-o", "o.tar.gz"
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise OSError('no GPU')", ("raised OSError: no GPU", "reproduce with")),
        ("import no_such_package", ("No module named 'no_such_package'", "install the package")),
        ("def make(:", ("raised SyntaxError",)),
        ("import sys; sys.exit('bye')", ("raised SystemExit",)),
    ],
)
def test_a_module_that_cannot_be_imported(
    refused: Call, desk: Desk, source: str, words: tuple[str, ...]
) -> None:
    (desk.path / "broken_module.py").write_text(source)
    where = "broken_module:make"
    refused(1, (where, *words), "package", where, *INPUT, "-o", "out.tar.gz")


@pytest.mark.parametrize("where", ["no_such_module:make", "no/such/file.py:make"])
def test_a_module_that_is_not_there(refused: Call, where: str) -> None:
    module = where.rpartition(":")[0]
    refused(1, module, "package", where, *INPUT, "-o", "out.tar.gz")


@pytest.mark.parametrize("argument", ["width", "2nd=1", "=1"])
def test_an_argument_without_a_name(refused: Call, models: Path, argument: str) -> None:
    refused(2, f"--arg {argument}", "inspect", f"{models}:cnn", "--arg", argument)


def test_an_argument_of_a_file(refused: Call, fixtures: Path) -> None:
    refused(2, "--arg", "inspect", fixtures / "onnx/none.onnx", "--arg", "a=1")


@pytest.mark.parametrize(
    ("code", "words", "files"),
    [
        (1, ("code", "is not a directory"), None),
        (1, ("NEO-HD-",), {"inference.py": "def model_fn(:"}),
    ],
)
def test_code_that_neo_does_not_take(
    refused: Call,
    desk: Desk,
    models: Path,
    code: int,
    words: tuple[str, ...],
    files: dict[str, str] | None,
) -> None:
    if files is not None:
        (desk.path / "code").mkdir()
        for name, text in files.items():
            (desk.path / "code" / name).write_text(text)
    arguments = (f"{models}:cnn", *INPUT, "--code", "code", "-o", "out.tar.gz")
    refused(code, words, "package", *arguments)


@pytest.mark.parametrize(
    ("name", "to", "words"),
    [
        ("inference.py", "/etc/passwd", "is a link out of the code directory"),
        ("helpers", "..", "is a link out of the code directory"),
        ("again", ".", "is a link to a directory"),
        ("lost.py", "missing.py", "is a link to a missing file"),
    ],
)
def test_links_that_code_cannot_have(
    refused: Call, desk: Desk, models: Path, name: str, to: str, words: str
) -> None:
    """What they name was left out without a word."""
    (desk.path / "code").mkdir()
    (desk.path / "code" / name).symlink_to(to)
    arguments = (f"{models}:cnn", *INPUT, "--code", "code", "-o", "out.tar.gz")
    refused(1, (name, words), "package", *arguments)
