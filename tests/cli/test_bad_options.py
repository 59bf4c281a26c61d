"""What cannot be compiled, run, checked or measured: one line, its code, no leftovers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from desk import COMMANDS, INPUT, Call, Copied, Desk
from hostile import pack


@pytest.mark.parametrize(
    ("code", "words", "arguments"),
    [
        (2, ("'ml_c55' is not a target", "did you mean ml_c5?"), ("-t", "ml_c55")),
        (3, ("ml_inf1", "--backend sagemaker"), ("-t", "ml_inf1")),
        (3, ("ml_p3", "--backend sagemaker"), ("-t", "ml_p3")),
        (3, ("x86_win64", "--backend sagemaker"), ("-t", "x86_win64")),
        (3, ("android/arm64", "--backend sagemaker"), ("-t", "android/arm64")),
        (3, ("no engine 'tvn'", "did you mean tvm?"), ("-t", "ml_c5", "--engine", "tvn")),
        (3, ("tvm generates no code for ml_inf1",), ("-t", "ml_inf1", "--engine", "tvm")),
        (2, ("a job needs --role",), ("-t", "ml_c5", "--backend", "sagemaker")),
        (2, ("no precision 'int3'", "bf16"), ("-t", "ml_c5", "--precision", "int3")),
        (
            2,
            ("no precision 'int9'", "did you mean int8? there are fp32, "),
            ("-t", "ml_c5", "--precision", "int9", "--calibration", "random"),
        ),
        (2, ("--backend",), ("-t", "ml_c5", "--backend", "gcp")),
        (
            2,
            ("--max-difference must be 0 or more, not nan",),
            ("-t", "ml_c5", "--max-difference", "nan"),
        ),
        (
            2,
            ("--max-difference must be 0 or more, not -1",),
            ("-t", "ml_c5", "--max-difference", "-1"),
        ),
        (2, ("--limit members",), ("-t", "ml_c5", "--limit", "members")),
    ],
)
def test_what_cannot_be_compiled_here(
    refused: Call,
    desk: Desk,
    copied: Copied,
    code: int,
    words: tuple[str, ...],
    arguments: tuple[str, ...],
) -> None:
    copied("cnn", desk.path)
    refused(code, words, "compile", "cnn.tar.gz", *arguments)


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (("--jobs two is not a whole number", "neopack build --help"), ("build", "-j", "two")),
        (("--threads 1.5 is not a whole number",), ("bench", "x", "--threads", "1.5")),
        (("--seconds soon is not a number",), ("bench", "x", "--seconds", "soon")),
        (("--max-level errr", "did you mean error?"), ("check", "x", "--max-level", "errr")),
        (("--format yaml is not one of text, json",), ("build", "--format", "yaml")),
    ],
)
def test_a_value_of_another_kind(
    refused: Call, words: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    refused(2, words, *arguments)


def test_compiling_what_is_compiled(refused: Call, shelf: Path) -> None:
    words = ("cnn-ml_c5.tar.gz", "is compiled already")
    refused(2, words, "compile", shelf / "cnn-ml_c5.tar.gz", "-t", "ml_c5", "-o", "o.tar.gz")


def test_a_difference_past_the_limit(refused: Call, desk: Desk, copied: Copied) -> None:
    copied("cnn", desk.path)
    arguments = ("cnn.tar.gz", "-t", "ml_c5", "--max-difference", "0")
    refused(1, ("cnn.tar.gz", "differs", "--max-difference"), "compile", *arguments)


def test_golden_numbers_that_somebody_changed(refused: Call, desk: Desk, copied: Copied) -> None:
    copied("cnn", desk.path)
    path = desk.path / "cnn.golden.npz"
    with np.load(path) as stored:
        arrays = {name: stored[name] + 1 for name in stored.files}
    np.savez(path, **arrays)
    words = ("cnn.golden.npz", "package the model again")
    refused(1, words, "compile", "cnn.tar.gz", "-t", "ml_c5")


def test_a_manifest_of_another_archive(
    refused: Call, neopack: Call, desk: Desk, copied: Copied, fixtures: Path
) -> None:
    copied("cnn", desk.path)
    other = (fixtures / "pytorch/torch-1.8.1/cnn-traced.pt").read_bytes()
    pack(desk.path / "cnn.tar.gz", model=other)
    refused(1, ("cnn.tar.gz", "another archive"), "compile", "cnn.tar.gz", "-t", "ml_c5")
    answer = neopack("check", "cnn.tar.gz", "-t", "ml_c5")
    assert answer.code == 1
    assert "DataInputConfig" in answer.out
    refused(2, "which target", "check", "cnn.tar.gz")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}', "\xff"])
@pytest.mark.parametrize("command", ["check", "run", "compile"])
def test_a_manifest_that_is_none(
    refused: Call, desk: Desk, copied: Copied, command: str, text: str
) -> None:
    copied("cnn", desk.path)
    (desk.path / "cnn.neopack.json").write_bytes(text.encode("latin-1"))
    refused(1, "cnn.neopack.json", command, "cnn.tar.gz", *COMMANDS[command])


def test_check_without_manifest_and_without_target(
    refused: Call, desk: Desk, copied: Copied
) -> None:
    copied("cnn", desk.path, beside=False)
    refused(2, ("cnn.tar.gz", "--target"), "check", "cnn.tar.gz")


def test_what_could_not_be_checked_is_no_success(
    neopack: Call, desk: Desk, copied: Copied
) -> None:
    """ONNX models need a DataInputConfig; that it lacks is a finding, ignored here, but what
    should be said of its content is not checked."""
    copied("onnx", desk.path, beside=False)
    answer = neopack("check", "onnx.tar.gz", "-t", "ml_c5", "--ignore", "NEO-DC-001")
    assert answer.code == 1
    assert "0 errors" in answer.out
    assert "not checked  NEO-DC-" in answer.out
    assert "no DataInputConfig was given" in answer.out


@pytest.mark.parametrize(
    ("code", "words", "arguments"),
    [
        (2, "--random or --input", ()),
        (2, "--random or --input", ("--random", "--input", "x.npz")),
        (1, "gone.npz", ("--input", "gone.npz")),
        (1, "text.npz", ("--input", "text.npz")),
        (1, "one.npy", ("--input", "one.npy")),
        (1, "objects.npz", ("--input", "objects.npz")),
        (1, "words.npz", ("--input", "words.npz")),
        (2, "'picture' is not an input of", ("--input", "other.npz")),
        (2, "'image' is missing", ("--input", "none.npz")),
        (2, "'more' is not an input of", ("--input", "more.npz")),
        (2, "has shape [1, 3, 9, 9], not [1, 3, 8, 8]", ("--input", "shape.npz")),
        (2, ("--threads must be", "not 0"), ("--random", "--threads", "0")),
        (2, ("--threads must be", "not -1"), ("--random", "--threads", "-1")),
        (2, ("--seed must be", "not -1"), ("--random", "--seed", "-1")),
    ],
)
def test_inputs_that_run_does_not_take(
    refused: Call,
    desk: Desk,
    copied: Copied,
    code: int,
    words: str | tuple[str, ...],
    arguments: tuple[str, ...],
) -> None:
    copied("cnn", desk.path)
    image = np.zeros((1, 3, 8, 8), np.float32)
    (desk.path / "text.npz").write_text("image")
    np.save(desk.path / "one.npy", image)
    np.savez(desk.path / "objects.npz", image=np.array([{}], object))
    np.savez(desk.path / "words.npz", image=np.full((1, 3, 8, 8), "a"))
    np.savez(desk.path / "other.npz", picture=image)
    np.savez(desk.path / "none.npz")
    np.savez(desk.path / "more.npz", image=image, more=image)
    np.savez(desk.path / "shape.npz", image=np.zeros((1, 3, 9, 9), np.float32))
    refused(code, words, "run", "cnn.tar.gz", *arguments)


def test_the_golden_file_is_taken_for_its_inputs(
    neopack: Call, desk: Desk, copied: Copied
) -> None:
    copied("cnn", desk.path)
    call = ("run", "cnn.tar.gz", "--input", "cnn.golden.npz", "-o", "out.npz")
    assert neopack(*call).code == 0
    with np.load(desk.path / "cnn.golden.npz") as golden, np.load(desk.path / "out.npz") as made:
        for name in made.files:
            np.testing.assert_allclose(made[name], golden[f"output/{name}"], rtol=1e-5)


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("--level 10", ("--level", "10")),
        ("--level -1", ("--level", "-1")),
        (("--seed must be", "not -1"), ("--seed", "-1")),
        (("--seed must be", "not 99999999999999999999"), ("--seed", "99999999999999999999")),
        ("'ml_x9' is not a target", ("-t", "ml_x9")),
        ("no framework 'caffe'", ("--framework", "caffe")),
        ("'NEO-XX'", ("--ignore", "NEO-XX")),
    ],
)
def test_an_option_that_cannot_be(
    refused: Call, models: Path, words: str | tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    answer = refused(2, words, "package", f"{models}:cnn", *INPUT, "-o", "out.tar.gz", *arguments)
    assert "exporting" not in answer.err, "it could have been said before any work"


@pytest.mark.parametrize("date", ["yesterday", "2020-01-01", "2024-13-01", ""])
def test_a_date_without_a_table(refused: Call, desk: Desk, copied: Copied, date: str) -> None:
    copied("cnn", desk.path)
    refused(2, "--as-of", "check", "cnn.tar.gz", "--as-of", date)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "x"])
def test_a_time_that_cannot_be_measured(refused: Call, shelf: Path, seconds: str) -> None:
    refused(2, "--seconds", "bench", shelf / "cnn.tar.gz", "--seconds", seconds)


def test_bench_of_what_is_not_there(refused: Call, shelf: Path) -> None:
    arguments = ("bench", shelf / "cnn.tar.gz", "--against", "gone.tar.gz")
    refused(1, ("gone.tar.gz", "no such file"), *arguments)


def test_bench_of_archives_that_take_different_inputs(
    refused: Call, desk: Desk, shelf: Path, fixtures: Path
) -> None:
    import neopack

    path = fixtures / "onnx/two-inputs.onnx"
    neopack.package(
        path,
        inputs={"input_ids": (1, 6), "attention_mask": (1, 4, 6)},
        path=desk.path / "two.tar.gz",
    )
    arguments = ("bench", "two.tar.gz", "--against", shelf / "onnx.tar.gz")
    refused(2, "take different inputs", *arguments)
