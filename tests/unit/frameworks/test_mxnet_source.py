"""How the two files of an MXNet model find each other, and what is refused before MXNet runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from neopack.errors import NeopackError, NotRecognized, SourceError, UsageError
from neopack.frameworks.mxnet import export, handover, layout, source
from neopack.values.log import SilentLog
from neopack.values.model import ModelSource
from neopack.values.signature import InputRequest

FIXTURES = Path(__file__).parents[3] / "fixtures" / "mxnet"


def pair(where: Path, weights: Path | None = None) -> source.SymbolFiles:
    given = ModelSource(kind="file", where=str(where), framework="MXNET", weights=weights)
    return source.pair(given, SilentLog())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURES / "sagemaker", tmp_path / "m")
    return tmp_path / "m"


@pytest.mark.parametrize("name", ["model-symbol.json", "model-0000.params"])
def test_either_file_names_the_model(folder: Path, name: str) -> None:
    found = pair(folder / name)
    assert found.symbol.name == "model-symbol.json"
    assert found.parameters.name == "model-0000.params"
    assert found.shapes is not None
    assert set(found.files().names()) == {
        "model-symbol.json", "model-0000.params", "model-shapes.json",
    }  # fmt: skip


def test_of_several_epochs_the_last_is_taken_and_any_can_be_named(folder: Path) -> None:
    shutil.copy(folder / "model-0000.params", folder / "model-0010.params")
    assert pair(folder / "model-symbol.json").parameters.name == "model-0010.params"
    assert pair(folder / "model-0000.params").parameters.name == "model-0000.params"


def test_a_single_file_of_another_prefix_is_taken(folder: Path) -> None:
    (folder / "model-0000.params").rename(folder / "best.params")
    assert pair(folder / "model-symbol.json").parameters.name == "best.params"
    assert pair(folder / "best.params").symbol.name == "model-symbol.json"


def test_weights_take_the_place_of_what_lies_beside(folder: Path) -> None:
    other = FIXTURES / "mxnet-0.9.5" / "module-0000.params"
    assert pair(folder / "model-symbol.json", other).parameters == other


def test_the_longest_prefix_is_the_parameters_symbol(folder: Path) -> None:
    shutil.copy(folder / "model-symbol.json", folder / "model-large-symbol.json")
    shutil.copy(folder / "model-0000.params", folder / "model-large-0000.params")
    assert pair(folder / "model-large-0000.params").symbol.name == "model-large-symbol.json"


@pytest.mark.parametrize("gone", ["model-symbol.json", "model-0000.params"])
def test_half_a_model_is_refused(folder: Path, gone: str) -> None:
    (folder / gone).unlink()
    left = next(path for path in folder.iterdir() if path.name != "model-shapes.json")
    with pytest.raises(SourceError, match=r"without its symbol|has no parameters beside it"):
        pair(left)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("cycle/cycle-symbol.json", SourceError, "feed each other"),
        ("misfit/misfit-symbol.json", SourceError, "does not fit the symbol"),
        ("custom-operator/custom-symbol.json", SourceError, "operators of your own"),
        ("training/model_algo_1-symbol.json", SourceError, "is a symbol of training"),
        ("plain-parameters/gluon-0000.params", SourceError, "save_parameters"),
        ("arrays/numpy.npz", SourceError, "MXNet 2"),
        ("arrays.json", NotRecognized, "neither an MXNet symbol"),
        ("gone-symbol.json", SourceError, "no such file"),
    ],
)
def test_what_mxnet_could_not_run_is_refused(
    name: str, error: type[NeopackError], words: str
) -> None:
    with pytest.raises(error, match=words):
        pair(FIXTURES / name)


def test_parameters_that_are_a_symbol_are_refused(folder: Path) -> None:
    with pytest.raises(SourceError, match="is not an MXNet parameter file"):
        pair(folder / "model-symbol.json", folder / "model-symbol.json")


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ((), "does not tell the shape of its input 'data'"),
        ((InputRequest(name="image", shape=(1, 3, 8, 8)),), "has no input 'image'"),
        ((InputRequest(name="data", shape=(1, 8, 8, 3)),), r"is \[\?, 3, \?, \?\], not"),
    ],
)
def test_inputs_are_refused_before_mxnet_is_started(
    requests: tuple[InputRequest, ...], words: str
) -> None:
    found = pair(FIXTURES / "gluon" / "gluon-symbol.json")
    with pytest.raises(UsageError, match=words):
        export._known_shapes(found, requests)


def test_a_block_names_its_inputs_itself() -> None:
    two = tuple(InputRequest(name=f"data{n}", shape=(1, 2)) for n in range(2))
    assert export._in_order(two, "m:net") == export._in_order(two[::-1], "m:net") == list(two)
    export._in_order((InputRequest(name="data", shape=(1, 2)),), "m:net")
    for wrong in ((), two[:1]):
        with pytest.raises(UsageError):
            export._in_order(wrong, "m:net")


def test_parts_of_a_model_among_other_files() -> None:
    names = [
        "a-symbol.json",
        "a-0001.params",
        "a-0002.params",
        "b-0001.params",
        "model-shapes.json",
    ]
    assert layout.model_parts(names, "a-symbol.json") == ("a-0002.params", "model-shapes.json")


def test_other_objects_are_not_taken_for_blocks() -> None:
    assert not handover.owns(object())
    assert not handover.owns("net")
