"""What we say of an operator is what PyTorch 1.8.1 does: it loads what we call clean, computes
alike what was lowered, and refuses what we refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_functions import FUNCTIONS, traced

from neopack import runtimes
from neopack.errors import NeopackError
from neopack.formats.source import FileSource
from neopack.frameworks.pytorch.lowering import canonical, compatibility, lower
from neopack.frameworks.pytorch.read import read_source

RUNTIME = "pytorch-1.8.1"
# what it loads and does not compute: it takes a tensor for a number where that is asked, and fails
# if there are several numbers in it, or it fails in any case
LOADED = (
    "clamp between tensors", "clamp above a tensor", "clamp in place", "clamp_min", "clamp_max",
    "clip between tensors", "where a number", "where the other",
)  # fmt: skip


@pytest.fixture(scope="module")
def pytorch() -> Iterator[runtimes.Worker]:
    torch.backends.mha.set_fastpath_enabled(False)
    with runtimes.worker(RUNTIME) as worker:
        yield worker
    torch.backends.mha.set_fastpath_enabled(True)


@pytest.mark.filterwarnings("ignore:torch.meshgrid", "ignore:Using padding='same'")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_we_say_what_it_does(name: str, pytorch: runtimes.Worker, tmp_path: Path) -> None:
    function, given = FUNCTIONS[name]
    module = traced(function, given)
    before = saved(module, tmp_path / "before.pth")
    said = lacking(before)
    assert names(said) == names(lower.foreign(module, version())), "file and trace tell the same"
    assert bool(said) == bool(refusal(pytorch, before)) or name in LOADED

    lower.lower(module, version())
    after = saved(module, tmp_path / "after.pth")
    assert lacking(after) == ()
    with torch.no_grad():
        wanted = function(given)
    outputs = [wanted] if isinstance(wanted, torch.Tensor) else list(leaves(wanted))
    found = computed(pytorch, after, given, len(outputs))
    for one, other in zip(found, outputs, strict=True):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-5)


def names(lacks: tuple[str, ...]) -> set[str]:
    return {lack.partition("(")[0] for lack in lacks}


def version() -> str:
    return runtimes.get(RUNTIME).version


def saved(module: Any, to: Path) -> Path:
    module.save(str(to.with_suffix(".today")))
    canonical.rewrite(to.with_suffix(".today"), to, version())
    return to


def lacking(path: Path) -> tuple[str, ...]:
    with FileSource(path) as source:
        return tuple(compatibility.lacking_operators(read_source(source), version()))


def refusal(worker: runtimes.Worker, path: Path) -> str:
    try:
        load(worker, path, 1)
    except NeopackError as error:
        return error.message
    return ""


def load(worker: runtimes.Worker, path: Path, outputs: int) -> Any:
    names = [str(at) for at in range(outputs)]
    return worker.call("load", {"path": str(path), "inputs": ["x"], "outputs": names})[0]


def computed(
    worker: runtimes.Worker, path: Path, given: torch.Tensor, outputs: int
) -> list[np.ndarray[Any, Any]]:
    model = load(worker, path, outputs)
    arrays = worker.call("predict", model, arrays={"x": given.numpy()})[1]
    return [arrays[str(at)] for at in range(outputs)]


def leaves(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    else:
        for one in value:
            yield from leaves(one)
