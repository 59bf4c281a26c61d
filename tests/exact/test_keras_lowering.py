"""Models of today's Keras, lowered by neopack, in Keras 2.2.4 on TensorFlow 1.15.0: they compute
alike."""

from __future__ import annotations

from pathlib import Path

import pytest

import neopack
from neopack.archive.goldens import difference, load_goldens
from neopack.archive.read import extract_member, scan
from neopack.runtimes import Worker

FIXTURES = Path(__file__).parents[2] / "fixtures" / "keras"
CODE = Path(__file__).parents[1] / "keras_models.py"
# every layer of 2.2.4 that these have, and every rewrite that they need
MODELS = [
    *(FIXTURES / name for name in ("newer.keras", "cnn-2.11.h5", "keras-1.h5")),
    f"{CODE}:siamese",
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: Path(str(model)).name)
def test_keras_2_2_4_computes_alike(
    model: Path | str, tmp_path: Path, keras_2_2_4: Worker
) -> None:
    made = neopack.package(model, framework="KERAS", path=tmp_path / "m.tar.gz")
    file = extract_member(scan(made.path), "model.h5", tmp_path / "model.h5")
    handle, _ = keras_2_2_4.call("load", {"path": str(file)})
    inputs, golden = load_goldens(made.goldens)
    assert sorted(handle["inputs"]) == sorted(inputs)
    _, outputs = keras_2_2_4.call("predict", handle, arrays=inputs)
    found = dict(zip(golden, outputs.values(), strict=True))
    assert difference(golden, found) <= 1e-5
