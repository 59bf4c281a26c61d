"""``--engine auto`` and ``--precision auto`` take what is fastest within the bound, and say what
they measured; ``int8-weights`` makes weights smaller."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import neopack
from neopack.compiling.fastest_engine import best_of, unusable
from neopack.compiling.precisions import _best
from neopack.engines import registry
from neopack.errors import EngineFailed, VerificationFailed
from neopack.values.artifact import CompiledArtifact, NeoArchive
from neopack.values.quantization import Trial
from neopack.values.signature import Signature

TARGET = "linux/x86_64"
SIDE = 256


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> NeoArchive:
    torch.manual_seed(0)
    layers = [torch.nn.Linear(SIDE, SIDE), torch.nn.ReLU(), torch.nn.Linear(SIDE, 10)]
    net = torch.nn.Sequential(*layers).eval()
    path = tmp_path_factory.mktemp("archive") / "m.tar.gz"
    return neopack.package(net, inputs={"x": (1, SIDE)}, path=path)


def artifact(engine: str) -> CompiledArtifact:
    return CompiledArtifact(
        engine=engine,
        engine_version="1",
        target=TARGET,
        precision="fp32",
        members=(),
        signature=Signature(inputs=()),
    )


def test_the_fastest_engine_is_kept_with_what_was_measured(archive: NeoArchive) -> None:
    first = neopack.compile(archive.path, target=TARGET, engine="auto")
    told = {trial.engine: trial for trial in first.trials}
    assert first.engine in told
    assert set(told) <= set(registry.names())
    least = min(trial.milliseconds for trial in told.values() if trial.milliseconds)
    assert (told[first.engine].milliseconds or 0) <= 1.05 * least
    again = neopack.compile(archive.path, target=TARGET, engine="auto")
    assert again.unchanged
    assert again.trials == first.trials
    with pytest.raises(VerificationFailed):
        neopack.compile(
            archive.path, target=TARGET, engine="auto", max_difference=1e-12, force=True
        )


def test_of_engines_that_are_nearly_as_fast_the_first_is_taken() -> None:
    both = [artifact("openvino"), artifact("tvm")]
    assert best_of(both, [1.04, 1.0], []).engine == "openvino"
    slow = unusable(registry.get("openvino"), EngineFailed("it has no rule for it"))
    best = best_of(both, [2.0, 1.0], [slow])
    assert best.engine == "tvm"
    assert [trial.why_not for trial in best.trials] == ["", "", "it has no rule for it"]


def test_the_precision_with_most_bits_is_taken_of_those_nearly_as_fast() -> None:
    trials = [Trial(precision=name, milliseconds=1.0) for name in ("fp32", "bf16")]
    assert _best([trials[0], replace(trials[1], milliseconds=0.97)]) == 0
    assert _best([trials[0], replace(trials[1], milliseconds=0.5)]) == 1


def test_every_precision_is_tried_or_says_why_not(archive: NeoArchive, tmp_path: Path) -> None:
    made = neopack.compile(
        archive.path, target=TARGET, precision="auto", output=tmp_path / "a.tar.gz"
    )
    trials = {trial.precision: trial for trial in made.trials}
    assert set(trials) == set(registry.precisions("openvino"))
    assert trials[made.precision].milliseconds
    assert trials["int8"].why_not == "not tried: give --calibration with real data"
    for trial in trials.values():
        assert (trial.milliseconds is None) == bool(trial.why_not)


def test_weights_of_8_bits_are_a_quarter(archive: NeoArchive, tmp_path: Path) -> None:
    sizes = {}
    for precision in ("fp32", "int8-weights"):
        path = tmp_path / f"{precision}.tar.gz"
        made = neopack.compile(archive.path, target=TARGET, precision=precision, output=path)
        with tarfile.open(path) as members:
            sizes[precision] = members.getmember("compiled.bin").size
    assert sizes["int8-weights"] < 0.3 * sizes["fp32"]
    assert made.difference is not None
    assert 1e-5 < made.difference < 5e-2
    assert neopack.load(made).precision == "int8-weights"
