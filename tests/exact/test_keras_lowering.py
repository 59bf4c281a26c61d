"""Models of any Keras, lowered by neopack, in Keras 2.2.4 on TensorFlow 1.15.0: they compute
alike."""

from __future__ import annotations

from pathlib import Path

import pytest

import neopack
from neopack.runtimes.managing import install_runtimes, states
from neopack.values.log import SilentLog

FIXTURES = Path(__file__).parents[2] / "fixtures" / "keras"
CODE = Path(__file__).parents[1] / "keras_models.py"
# every kind of source, and every rewrite
MODELS = [
    *(FIXTURES / name for name in ("newer.keras", "cnn-2.11.h5", "keras-1.h5")),
    f"{CODE}:siamese",
]


@pytest.fixture(autouse=True, scope="module")
def of_old_files() -> None:
    """The runtimes whose Keras loads files of Keras 1 and 2."""
    named = states(("keras-2.2.4", "tensorflow-2.9.3"))
    absent = [each.name for each in named if each.state != "installed"]
    if absent:
        install_runtimes(absent, SilentLog())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: Path(str(model)).name)
def test_keras_2_2_4_computes_alike(model: Path | str, tmp_path: Path) -> None:
    """As the source does: an old file in the Keras that loads it."""
    made = neopack.package(model, framework="KERAS", path=tmp_path / "m.tar.gz")
    assert not any("of the file as neopack reads it" in warning for warning in made.warnings)
    evidence = neopack.verify(made.path)
    assert evidence.runtime == "keras-2.2.4"
    assert evidence.versions["tensorflow"] == "1.15.0"
    assert evidence.difference <= 1e-5
