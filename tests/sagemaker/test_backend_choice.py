"""Which backend, and what says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Call, Desk

from neopack.errors import UsageError
from neopack.project.settings import ProjectSettings, choose, read_settings


@pytest.mark.parametrize(
    ("asked", "role", "output", "variable", "project", "backend", "why"),
    [
        (None, None, None, "", "", "local", "the default"),
        (None, None, "out.tar.gz", "", "", "local", "the default"),
        (None, None, None, "", "sagemaker", "sagemaker", "neopack.toml"),
        (None, None, None, "sagemaker", "local", "sagemaker", "NEOPACK_BACKEND"),
        (None, None, "s3://b/p", "local", "local", "sagemaker", "--output s3://"),
        (None, "arn", None, "local", "", "sagemaker", "--role"),
        ("local", "arn", "s3://b", "sagemaker", "sagemaker", "local", "--backend"),
    ],
)
def test_the_nearest_word_counts(
    asked: str | None,
    role: str | None,
    output: str | None,
    variable: str,
    project: str,
    backend: str,
    why: str,
) -> None:
    settings = ProjectSettings(backend=project, where="neopack.toml")
    environment = {"NEOPACK_BACKEND": variable}
    choice = choose(asked, role=role, output=output, environment=environment, settings=settings)
    assert (choice.backend, choice.why) == (backend, why)


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    (tmp_path / "neopack.toml").write_text('backend = "sagemaker"\nrole = "far"\n')
    near = tmp_path / "a" / "b"
    near.mkdir(parents=True)
    assert read_settings(near).role == "far"
    (tmp_path / "a" / "pyproject.toml").write_text('[tool.other]\nrole = "no"\n')
    assert read_settings(near).role == "far"
    (tmp_path / "a" / "pyproject.toml").write_text('[tool.neopack]\nrole = "near"\nregion = "r"\n')
    found = read_settings(near)
    assert (found.role, found.region, found.backend) == ("near", "r", "")


@pytest.mark.parametrize("text", ["role = [", "role = 1", 'backend = "cloud"'])
def test_a_bad_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "neopack.toml").write_text(text)
    with pytest.raises(UsageError, match=r"neopack\.toml"):
        read_settings(tmp_path)


def test_the_first_line_says_it(neopack: Call, shelf: Path, desk: Desk) -> None:
    answer = neopack("compile", shelf / "onnx.tar.gz", "-t", "ml_c5", "-o", "out.tar.gz")
    assert answer.code == 0
    assert answer.err.splitlines()[0] == "backend local (the default)"


def test_options_of_the_other_backend_are_refused(refused: Call, shelf: Path) -> None:
    call = ("compile", shelf / "onnx.tar.gz", "-t", "ml_c5", "--backend")
    refused(2, "--backend sagemaker", *call, "local", "-o", "s3://bucket/x")
    refused(2, "--backend sagemaker", *call, "local", "--dry-run")
    refused(2, "--role", *call, "sagemaker", "-o", "s3://bucket/x")
    refused(2, "--output", *call, "sagemaker", "--role", "arn")
    one = ("compile", shelf / "onnx.tar.gz", "-t", "ml_c5", "-t", "ml_m5")
    refused(2, "2 targets", *one, "-o", "out.tar.gz")
