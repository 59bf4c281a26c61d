"""neopack from Python: values that print short and go where a path goes, errors that help."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import neopack as package
from neopack.errors import NeopackError, OutputError, SourceError, UsageError
from neopack.values.artifact import NeoArchive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> NeoArchive:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("desk") / "small.tar.gz"
    return package.package(torch.nn.Linear(4, 3), inputs={"x": (1, 4)}, path=path)


def test_a_result_is_its_path_to_all_that_takes_one(archive: NeoArchive) -> None:
    assert os.fspath(archive) == str(archive.path)
    assert package.check(archive) == archive.report
    assert package.inspect(archive).form == "archive with model.pth"
    lines: list[str] = []
    log = package.LineLog(lines.append)
    made = package.compile(archive, target="ml_c5", log=log)
    assert [line.partition(":")[0] for line in lines if line.endswith(" s")] == [
        "reading", "compiling", "writing",
    ]  # fmt: skip
    x = {"x": np.ones((1, 4), np.float32)}
    ours, theirs = package.run(archive, x)["output0"], package.run(made, x)["output0"]
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_what_prints_prints_short(archive: NeoArchive) -> None:
    # all but the folder, which is longer where the tests run in two processes
    assert len(repr(archive).replace(str(archive.path.parent), "")) < 560
    assert len(repr(package.inspect(archive))) < 1000
    loaded = package.load(archive)
    assert repr(loaded).startswith("LoadedModel(archive='small.tar.gz', engine='PYTORCH'")
    assert "object at" not in repr(loaded)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"x": np.zeros((1, 5), np.float32)}, r"has shape \[1, 5\], not \[1, 4\]"),
        ({"y": np.zeros((1, 4), np.float32)}, "'y' is not an input of"),
        ({}, "'x' is missing"),
        (np.zeros((1, 4), np.float32), "inputs are a ndarray"),
    ],
)
def test_inputs_that_do_not_fit(archive: NeoArchive, given: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        package.load(archive).predict(given)


def test_inputs_of_another_dtype_are_cast(archive: NeoArchive) -> None:
    loaded = package.load(archive)
    answers = [
        loaded.predict({"x": given})["output0"]
        for given in ([[1, 2, 3, 4]], torch.tensor([[1.0, 2, 3, 4]]), np.array([[1.0, 2, 3, 4]]))
    ]
    assert answers[0].tolist() == answers[1].tolist() == answers[2].tolist()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"x": 4}, "'x' is not a shape"),
        ({"x": (1, "4")}, "must be positive integers"),
        ({"x": (-1, 4)}, "must be positive integers"),
        ({"x": (None, 4)}, "must be positive integers"),
        ({"x": torch.zeros(1, 4)}, "'x' is not a shape"),
        ((1, 4), "inputs is not a mapping"),
        (torch.zeros(1, 4), "inputs is not a mapping"),
    ],
)
def test_shapes_that_are_none(tmp_path: Path, inputs: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        package.package(torch.nn.Linear(4, 3), inputs=inputs, path=tmp_path / "m.tar.gz")


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        (torch.nn.Linear, "such as Linear"),
        (torch.nn.Linear(4, 3).state_dict(), "the module with these weights"),
        (lambda x: x, "module:callable"),
        (None, ""),
    ],
)
def test_what_is_no_model(tmp_path: Path, model: Any, hint: str) -> None:
    with pytest.raises(SourceError, match="is not a model of PYTORCH") as raised:
        package.package(model, inputs={"x": (1, 4)}, path=tmp_path / "m.tar.gz")
    assert hint in raised.value.hint


def test_an_error_is_about_the_object_and_its_traceback_has_the_hint(
    archive: NeoArchive, tmp_path: Path
) -> None:
    with pytest.raises(NeopackError, match=r"^Linear: its forward raised"):
        package.package(torch.nn.Linear(4, 3), inputs={"x": (1, 5)}, path=tmp_path / "m.tar.gz")
    with pytest.raises(OutputError) as raised:
        package.package(torch.nn.Linear(4, 3), inputs={"x": (1, 4)}, path=archive)
    shown = "".join(traceback.format_exception_only(raised.value))
    assert shown.splitlines()[-1] == "give force=True to replace it"
