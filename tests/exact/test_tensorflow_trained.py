"""SavedModels of models that were trained: what only training needs is neither judged nor
packaged."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

import neopack

IMAGE = {"image": (1, 4, 4, 2)}


@pytest.mark.parametrize("form", ["saved-model", "frozen"])
def test_a_trained_model_in_tensorflow_1_15(
    form: Literal["saved-model", "frozen"], fixtures: Path, tmp_path: Path
) -> None:
    source = fixtures / "tensorflow/2.9/trained"
    judged = neopack.check(
        source,
        target="ml_c5",
        framework_version="1.15.3",
        data_input_config='{"image":[1,4,4,2]}',
    )
    assert judged.clean
    made = neopack.package(
        source,
        inputs=IMAGE,
        path=tmp_path / "m.tar.gz",
        framework="TENSORFLOW",
        framework_version="1.15.3",
        form=form,
    )
    assert neopack.verify(made.path, runtime="tensorflow-1.15.0").difference <= 1e-5


@pytest.mark.parametrize("runtime", ["tensorflow-2.3.2", "tensorflow-2.9.3"])
def test_a_trained_model_in_tensorflow_2(runtime: str, fixtures: Path, tmp_path: Path) -> None:
    """TensorFlow 2 loads it by its graph of objects, which no longer names all functions."""
    source = fixtures / "tensorflow/2.9/trained"
    made = neopack.package(
        source, inputs=IMAGE, path=tmp_path / "m.tar.gz", framework="TENSORFLOW"
    )
    assert neopack.verify(made.path, runtime=runtime).difference <= 1e-5
