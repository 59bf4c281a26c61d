"""Models that keep a state from call to call are refused in one line, with a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from neopack.errors import SourceError
from neopack.frameworks import ExportTask
from neopack.frameworks.keras.export import export as of_keras
from neopack.frameworks.tensorflow.export import export as of_tensorflow
from neopack.values.log import SilentLog
from neopack.values.model import ModelSource
from neopack.values.signature import InputRequest

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


class Counter(tf.Module):  # type: ignore[misc]
    def __init__(self, *, heeded: bool) -> None:
        super().__init__()
        self.calls, self.heeded = tf.Variable(0.0, name="calls"), heeded

    @tf.function(input_signature=[tf.TensorSpec([2, 3], name="x")])  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        self.calls.assign_add(1.0)
        return x + self.calls if self.heeded else x * 2.0


def recurrent(kind: str) -> Any:
    taken = keras.Input(batch_shape=(2, 4, 3), name="x")
    return keras.Model(taken, getattr(keras.layers, kind)(2, stateful=True, name="memory")(taken))


def exported(framework: Any, model: Any, folder: Path, *shape: int) -> Any:
    where = str(model) if isinstance(model, Path) else "model"
    kind: Any = "file" if isinstance(model, Path) else "object"
    source = ModelSource(kind=kind, where=where, framework="TENSORFLOW", model=model)
    (folder / "staging").mkdir()
    inputs = (InputRequest(name="x", shape=shape),)
    task = ExportTask(source=source, inputs=inputs, staging=folder / "staging")
    return framework(task, SilentLog())


@pytest.mark.parametrize("saved", [False, True])
def test_a_variable_that_calls_write_and_read(saved: bool, tmp_path: Path) -> None:
    model: Any = Counter(heeded=True)
    if saved:
        tf.saved_model.save(model, str(tmp_path / "saved"))
        model = tmp_path / "saved" / "saved_model.pb"
    with pytest.raises(SourceError, match="keeps a state from call to call") as refused:
        exported(of_tensorflow, model, tmp_path, 2, 3)
    assert saved or "call in calls, which" in str(refused.value)
    assert "make the state an input and an output" in refused.value.hint


def test_a_variable_that_calls_only_write_is_no_state(tmp_path: Path) -> None:
    exported(of_tensorflow, Counter(heeded=False), tmp_path, 2, 3)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_stateful_layers_of_keras(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"stateful=True\), which .*: memory") as refused:
        exported(of_keras, recurrent(kind), tmp_path, 2, 4, 3)
    assert "stateful=False" in refused.value.hint


def test_stateful_layers_in_tensorflow(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="keeps a state from call to call") as refused:
        exported(of_tensorflow, recurrent("LSTM"), tmp_path, 2, 4, 3)
    assert "stateful=False" in refused.value.hint


def text() -> Any:
    layer = keras.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(["a b c"])
    taken = keras.Input((1,), dtype="string", name="x")
    return keras.Model(taken, keras.layers.Embedding(9, 2)(layer(taken)))


def lookup() -> Any:
    taken = keras.Input((4,), dtype="int64", name="x")
    ids = keras.layers.IntegerLookup(vocabulary=[3, 5])(taken)
    return keras.Model(taken, keras.layers.Embedding(9, 2)(ids))


@pytest.mark.parametrize(
    ("model", "words", "hint"),
    [
        (text, "its input 'x' is of strings", "after its text layers"),
        (lookup, r"has nothing for: IntegerLookup", "compute it before the model"),
    ],
)
def test_preprocessing_that_keras_2_2_4_lacks(
    model: Any, words: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=words) as refused:
        exported(of_keras, model(), tmp_path, 1, 4)
    assert hint in refused.value.hint


def test_preprocessing_in_the_model_computes_as_before(tmp_path: Path) -> None:
    """And the outcome is compared with the model itself, to 1e-4."""
    scaled = keras.layers.Normalization(axis=-1)
    scaled.adapt(np.random.default_rng(0).random((20, 6, 6, 3), dtype=np.float32) * 4 + 1)
    taken = keras.Input((6, 6, 3), name="x")
    hidden = scaled(keras.layers.Rescaling(1 / 127.5, offset=-1)(taken))
    model = keras.Model(taken, keras.layers.GlobalAveragePooling2D()(hidden))
    made = exported(of_keras, model, tmp_path, 1, 6, 6, 3)
    assert [rewrite.split(" ")[0] for rewrite in made.rewrites] == ["Rescaling", "Normalization"]
