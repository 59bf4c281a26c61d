"""A range of batches: compiled for it, proven at both ends, and told where a model takes none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import neopack
from neopack.errors import EngineFailed, Unsupported, UsageError, VerificationFailed
from neopack.goldens.batch_ranges import BatchRange, without_ranges
from neopack.values.log import LineLog

X = (3, 8, 8)


def net() -> torch.nn.Module:
    torch.manual_seed(0)
    layers = [torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(144, 5)).eval()


class Centered(torch.nn.Module):  # type: ignore[misc]
    """Rows that depend on each other."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.mean(0, keepdim=True)


class OneRow(torch.nn.Module):  # type: ignore[misc]
    """Its batch is written in it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(1, 192) * 2


def test_any_batch_of_the_range_computes(tmp_path: Path) -> None:
    model, told = net(), list[str]()
    archive = neopack.package(
        model, inputs={"x": ("1..8", *X)}, path=tmp_path / "m.tar.gz", log=LineLog(told.append)
    )
    assert any("takes 1 to 8" in line and "Neo freezes it" in line for line in told)
    assert neopack.load(archive.path).signature.inputs[0].shape == (1, *X)
    artifact = neopack.compile(archive.path, target="ml_c5", inputs={"x": ("1..8", *X)})
    loaded = neopack.load(artifact)
    assert loaded.signature.batches == (1, 8)
    rows = np.random.default_rng(0).normal(size=(20, *X)).astype(np.float32)
    wanted = model(torch.from_numpy(rows)).detach().numpy()
    for count in (1, 5, 8):
        answer = loaded.predict({"x": rows[:count]})["output0"]
        np.testing.assert_allclose(answer, wanted[:count], atol=1e-5)
    for streams in (1, 2):
        every = neopack.load(artifact, streams=streams).predict_batch({"x": rows})["output0"]
        np.testing.assert_allclose(every, wanted, atol=1e-5)
    with pytest.raises(UsageError, match="has 20 rows: the model is compiled for 1 to 8"):
        loaded.predict({"x": rows})
    again = neopack.compile(archive.path, target="ml_c5", inputs={"x": ("1..8", *X)})
    assert again.unchanged
    assert again.signature == artifact.signature


def test_a_model_of_one_batch_is_told_and_refused(tmp_path: Path) -> None:
    told: list[str] = []
    archive = neopack.package(
        OneRow().eval(),
        inputs={"x": ("1..8", *X)},
        path=tmp_path / "m.tar.gz",
        log=LineLog(told.append),
    )
    assert any("takes no batch of 8: " in line for line in told)
    with pytest.raises(EngineFailed, match="does not compute a batch of 8"):
        neopack.compile(archive.path, target="ml_c5", inputs={"x": ("1..8", *X)})
    assert not (tmp_path / "m-ml_c5.tar.gz").exists()


def test_rows_that_depend_on_each_other_are_found(tmp_path: Path) -> None:
    archive = neopack.package(Centered(), inputs={"x": (2, 4)}, path=tmp_path / "m.tar.gz")
    with pytest.raises(VerificationFailed, match="a batch of 8 differs"):
        neopack.compile(archive.path, target="ml_c5", inputs={"x": ("1..8", 4)})
    with pytest.raises(Unsupported, match="tvm compiles one batch, not a range"):
        neopack.compile(archive.path, target="ml_c5", engine="tvm", inputs={"x": ("1..8", 4)})
    wrong = {
        "does not include": {"x": ("3..8", 4)},
        "is packaged as": {"x": ("1..8", 5)},
        "is not an input": {"x": ("1..8", 4), "y": ("1..8", 4)},
    }
    for said, inputs in wrong.items():
        with pytest.raises(UsageError, match=said):
            neopack.compile(archive.path, target="ml_c5", inputs=inputs)


@pytest.mark.parametrize(
    "text", ["x=1,3", "x=0..3,3", "x=3..1,3", "x=1..3,2..4", "x=1..,3", "1..3", "x=1..3,a"]
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        BatchRange.parse(text)


def test_the_first_number_takes_the_place_of_a_range() -> None:
    plain, ranges = without_ranges(["x=1..32,3,8:int64:5", "2..4,7", "mask=1,7"])
    assert plain == ["x=1,3,8:int64:5", "input1=2,7", "mask=1,7"]
    assert [(each.name, each.least, each.most) for each in ranges] == [
        ("x", 1, 32),
        ("input1", 2, 4),
    ]
