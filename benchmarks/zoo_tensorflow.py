"""Models unlike those of keras.applications: control flow, recurrent layers, word inputs."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras  # the backend is read when it is imported
import tensorflow as tf

__all__ = ["INPUTS", "build"]

WORDS, LENGTH, WIDTH = 20_000, 32, 64
INPUTS = {
    "branching": {"values": (1, WIDTH)},
    "text lstm": {"words": (1, LENGTH)},
    "text gru": {"words": (1, LENGTH)},
    "text both ways": {"words": (1, LENGTH)},
}


class Branching(tf.Module):  # type: ignore[misc]
    """A loop whose iterations depend on the data, followed by a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.step = tf.Variable(tf.random.normal((WIDTH, WIDTH), stddev=0.2, seed=0))
        self.shift = tf.Variable(tf.ones(WIDTH))

    @tf.function(input_signature=[tf.TensorSpec((1, WIDTH), name="values")])  # type: ignore[untyped-decorator]
    def serve(self, values: tf.Tensor) -> dict[str, tf.Tensor]:
        turns = 0
        while tf.reduce_sum(tf.abs(values)) > 1.0 and turns < 5:
            values = tf.tanh(tf.matmul(values, self.step))
            turns += 1
        positive = tf.reduce_sum(values) > 0.0
        scores = tf.cond(positive, lambda: values + self.shift, lambda: values * 2.0 - self.shift)
        return {"scores": scores}


def build(name: str) -> tf.Module:
    """Return the model of that name in ``INPUTS``."""
    tf.random.set_seed(0)
    return Branching() if name == "branching" else text(name.removeprefix("text "))


def text(kind: str) -> keras.Model:
    """Return a classifier of words into four classes, with a recurrent layer of that kind."""
    keras.utils.set_random_seed(0)
    lstm = keras.layers.LSTM(WIDTH)
    layers = {
        "lstm": lstm,
        "gru": keras.layers.GRU(WIDTH),
        "both ways": keras.layers.Bidirectional(lstm),
    }
    words = keras.Input((LENGTH,), dtype="int32", name="words")
    rows = keras.layers.Embedding(WORDS, WIDTH, embeddings_initializer="random_normal")(words)
    return keras.Model(words, keras.layers.Dense(4, name="scores")(layers[kind](rows)))
