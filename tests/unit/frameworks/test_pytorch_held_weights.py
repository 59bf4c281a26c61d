"""Checkpoints with other objects beside the tensors: the tensors are read, and nothing is run."""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import enum
import functools
import os
import pathlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neopack.errors import NeopackError, UsageError
from neopack.frameworks.pytorch import weights
from neopack.frameworks.pytorch.held_weights import read_weights
from neopack.frameworks.pytorch.source import weights_form
from neopack.values.model import ModelSource


class Mode(enum.Enum):
    TRAIN = 1


class Config:
    def __init__(self) -> None:
        self.layers = [1]


class Attributes(dict):  # type: ignore[type-arg]
    """As Lightning's AttributeDict."""


class Values(list):  # type: ignore[type-arg]
    """As a list of a library's own."""


class Executes:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch sprung",)


BESIDE = {
    "namespace": argparse.Namespace(lr=1e-3, inner=argparse.Namespace(path=pathlib.Path("/a"))),
    "numpy": {"best": np.float64(0.5), "random": np.random.RandomState(0).get_state()},
    "classes": {Config: Config(), "mode": Mode.TRAIN, "attributes": Attributes(a=Attributes())},
    "lists": [Values([1]), collections.deque([1], 2), {1, 2}],
    "dates": (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.timedelta(1)),
    "functions": functools.partial(int, base=2),
    "defaults": collections.defaultdict(list, a=[1]),
}


class Notes:
    """What was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


def module() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))


def loaded(path: Path) -> tuple[bool, str]:
    """Whether a module without weights gets all of them, and what was told."""
    source = ModelSource(kind="callable", where="m", framework="PYTORCH", weights=path)
    blank, notes = module(), Notes()
    for tensor in blank.state_dict().values():
        tensor.zero_()
    weights.load(blank, path, weights_form(source), notes)  # type: ignore[arg-type]
    pairs = zip(blank.state_dict().values(), module().state_dict().values(), strict=True)
    return all(torch.equal(own, truth) for own, truth in pairs), "; ".join(notes.lines)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("beside", BESIDE)
def test_tensors_are_read_past_other_objects(
    beside: str, protocol: int, zipped: bool, tmp_path: Path
) -> None:
    model, path = module(), tmp_path / "last.ckpt"
    optimizer = torch.optim.Adam(model.parameters())
    held = {
        "epoch": 3,
        "state_dict": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "hyper_parameters": BESIDE[beside],
    }
    torch.save(held, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    assert loaded(path)[0]


def test_what_was_not_loaded_is_named(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save({"state_dict": module().state_dict(), "args": BESIDE["namespace"]}, path)
    assert "read past argparse.Namespace, pathlib" in loaded(path)[1]


def test_a_trap_beside_tensors_is_not_sprung(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": module().state_dict(), "args": Executes()}, "last.ckpt")
    fits, told = loaded(Path("last.ckpt"))
    assert fits
    assert "posix.system" in told
    assert not Path("sprung").exists()


def test_one_of_several_is_named(tmp_path: Path) -> None:
    path, state = tmp_path / "two.pth", module().state_dict()
    other = {name: tensor + 1 for name, tensor in state.items()}
    torch.save({"ema": {"module": state}, "net": other, "args": Config()}, path)
    with pytest.raises(UsageError, match=r"several state_dicts that fit .*: ema.module, net"):
        loaded(path)
    for key in ("ema", "ema.module", "module"):
        assert loaded(Path(f"{path}:{key}"))[0]
    assert not loaded(Path(f"{path}:net"))[0]


def test_views_half_numbers_and_empty_tensors_keep_their_numbers(tmp_path: Path) -> None:
    base = torch.arange(12.0)
    state = {
        "0.weight": base[6:12].reshape(3, 2).t(),
        "0.bias": torch.tensor([0.5, 2]).bfloat16(),
        "empty": torch.zeros(0, 3),
    }
    path = tmp_path / "views.pth"
    torch.save({"net": state, "args": Config()}, path)
    held = read_weights(path).held["net"]
    assert all(torch.equal(held[name], tensor) for name, tensor in state.items())


@pytest.mark.parametrize("zipped", [True, False])
def test_damage_is_refused(zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    held = {"state_dict": module().state_dict(), "args": Config()}
    torch.save(held, path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(NeopackError):
        loaded(path)
