"""What we say of an operator is what PyTorch 1.8.1 does: it loads what we call clean, computes
alike what was lowered, and refuses what we refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch_cases import traced
from torch_directed import compared, load, saved
from torch_functions import CASES

from neopack import runtimes
from neopack.errors import NeopackError
from neopack.formats.source import FileSource
from neopack.frameworks.pytorch.lowering import compatibility, lower
from neopack.frameworks.pytorch.read import read_source

# what today's torch says of what old ones do
pytestmark = pytest.mark.filterwarnings("ignore")
RUNTIME = "pytorch-1.8.1"
# what it loads and does not compute: it takes a tensor for a number where that is asked, and fails
# if there are several numbers in it, or it fails in any case
LOADED = (
    "clamp between tensors", "clamp above a tensor", "clamp in place", "clamp_min", "clamp_max",
    "clip between tensors", "where a number", "where the other", "where number or integers",
    "where integers or number", "where integers or a whole number",
    "where floats or a whole number", "where a whole number or bools", "where broadcast",
    "where of a bytes condition", "clamp between integer tensors",
    "clamp of floats between integer tensors", "clamped a view", "scripted choices",
)  # fmt: skip


@pytest.fixture(scope="module")
def pytorch() -> Iterator[runtimes.Worker]:
    torch.backends.mha.set_fastpath_enabled(False)
    with runtimes.worker(RUNTIME) as worker:
        yield worker
    torch.backends.mha.set_fastpath_enabled(True)


@pytest.mark.parametrize("name", CASES)
def test_we_say_what_it_does(name: str, pytorch: runtimes.Worker, tmp_path: Path) -> None:
    case = CASES[name]
    module = traced(case.function, *case.inputs)
    before = saved(module, tmp_path / "before.pth", version())
    lacks = lacking(before)
    assert names(lacks) == names(lower.foreign(module, version())), "file and trace tell the same"
    assert bool(lacks) == bool(refusal(pytorch, before)) or name in LOADED


@pytest.mark.parametrize("name", CASES)
def test_it_computes_what_todays_torch_does(
    name: str, pytorch: runtimes.Worker, tmp_path: Path
) -> None:
    found = list(compared(name, version(), pytorch, tmp_path))
    assert [difference for difference in found if difference.what] == []
    assert found[0].on == "as traced"


def names(lacks: tuple[str, ...]) -> set[str]:
    return {lack.partition("(")[0] for lack in lacks}


def version() -> str:
    return runtimes.get(RUNTIME).version


def lacking(path: Path) -> tuple[str, ...]:
    with FileSource(path) as source:
        return tuple(compatibility.lacking_operators(read_source(source), version()))


def refusal(worker: runtimes.Worker, path: Path) -> str:
    try:
        load(worker, path, CASES["silu"], ())
    except NeopackError as error:
        return error.message
    return ""
