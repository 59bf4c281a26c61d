"""Symbols that are written anew for TVM: MXNet computes the same of them, and Neo's public loader
takes them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import neopack as package
from neopack import InputRequest, runtimes
from neopack.errors import NeopackError
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array

# those that are built too: one of each way to write
BUILT = ("gru_both", "group_norm", "selu")
# what the importer takes as it is
KEPT = ("conv", "relu", "softmax", "gelu", "max_pool")
# what no rewrite is for
LEFT = ("erfinv", "lstm_clipped", "foreach", "topk_mask", "resize_corners")


@pytest.fixture(scope="module")
def symbols(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("symbols")
    with zipfile.ZipFile(fixtures / "mxnet/operators.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def worker() -> Iterator[runtimes.Worker]:
    with runtimes.worker("mxnet-1.8.0") as process:
        yield process


def files(folder: Path, name: str) -> dict[str, object]:
    path = folder / f"{name}-symbol.json"
    return {"path": str(path), "parts": [str(folder / f"{name}-0000.params")]}


def computed(worker: runtimes.Worker, model: dict[str, object], data: Array) -> list[Array]:
    loaded, _ = worker.call("load", model)  # type: ignore[arg-type]
    handle = {"handle": loaded["handle"]}
    outputs = worker.call("predict", handle, arrays={"data": data})[1]
    worker.call("release", handle)
    return list(outputs.values())


def test_mxnet_computes_the_same_of_what_is_written_anew(
    worker: runtimes.Worker, symbols: Path, tmp_path: Path
) -> None:
    index = json.loads((symbols / "index.json").read_text())
    changed = set()
    for name, shape in index.items():
        data = np.random.default_rng(0).uniform(-2, 2, shape).astype("float32")
        task = {**files(symbols, name), "shapes": {"data": shape}, "prefix": str(tmp_path / name)}
        try:
            done, _ = worker.call("lower", task)  # type: ignore[arg-type]
            golden = computed(worker, files(symbols, name), data)
        except NeopackError:
            continue  # MXNet itself does not compute it here
        if not (done["rewrites"] or done["cast"]):
            continue
        changed.add(name)
        again = computed(worker, files(tmp_path, name), data)
        apart = difference(dict(enumerate(golden)), dict(enumerate(again)), exact_integers=False)  # type: ignore[arg-type]
        assert apart <= 1e-5, name
        assert [array.shape for array in golden] == [array.shape for array in again], name
    assert len(changed) > 70
    assert changed >= {*BUILT, "float64", "int8_weights"}
    assert changed.isdisjoint((*KEPT, *LEFT))


@pytest.mark.parametrize("name", BUILT)
def test_the_loader_takes_what_is_written_anew(name: str, symbols: Path, tmp_path: Path) -> None:
    shape = json.loads((symbols / "index.json").read_text())[name]
    inputs, path = [InputRequest(name="data", shape=tuple(shape))], tmp_path / "m.tar.gz"
    symbol = symbols / f"{name}-symbol.json"
    packed = package.package(symbol, path=path, target="rasp4b", inputs=inputs)
    assert packed.report.clean
    manifest = json.loads(packed.manifest.read_text())
    assert any("in operators that TVM converts" in each for each in manifest["rewrites"])
    assert package.verify_compiler(path).difference <= 1e-4
