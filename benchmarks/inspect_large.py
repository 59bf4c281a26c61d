"""Measure the time and memory of ``neopack inspect`` on files of 500 MB.

Goals: under 1 s and 150 MB for a SavedModel, an .h5 and an MXNet parameter file. The time includes
the start of the command; processor time is printed too, for busy machines.
"""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MB = 500
ARRAYS = 50
REPEATS = 3
ELEMENTS = MB * 10**6 // ARRAYS // 4


def saved_model(folder: Path) -> Path:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    module = tf.Module()
    module.arrays = [
        tf.Variable(tf.random.normal([ELEMENTS // 1000, 1000])) for _ in range(ARRAYS)
    ]
    spec = tf.TensorSpec([1, 1000], tf.float32, "x")
    sums = tf.function(
        lambda x: {"y": tf.add_n([tf.reduce_sum(v * x) for v in module.arrays])},
        input_signature=[spec],
    )
    tf.saved_model.save(module, str(folder / "saved"), signatures={"serving_default": sums})
    return folder / "saved"


def h5(folder: Path) -> Path:
    import keras

    image = keras.Input((1000,), name="x")
    layers = [keras.layers.Dense(ELEMENTS // 1000, use_bias=False) for _ in range(ARRAYS)]
    model = keras.Model(image, [layer(image) for layer in layers])
    model.save(folder / "model.h5")
    return folder / "model.h5"


def params(folder: Path) -> Path:
    """Write an NDArray list in the format of MXNet 1.8: magic, version 2 arrays, names."""
    data = np.random.default_rng(0).standard_normal(ELEMENTS, dtype=np.float32).tobytes()
    head = struct.pack("<IiIqiii", 0xF993FAC9, 0, 1, ELEMENTS, 1, 0, 0)
    path = folder / "model-0000.params"
    with path.open("wb") as stream:
        stream.write(struct.pack("<QQQ", 0x112, 0, ARRAYS))
        for _ in range(ARRAYS):
            stream.write(head + data)
        stream.write(struct.pack("<Q", ARRAYS))
        for index in range(ARRAYS):
            name = f"arg:w{index}".encode()
            stream.write(struct.pack("<Q", len(name)) + name)
    return path


def measured(path: Path) -> tuple[float, float, float]:
    """Return the (seconds, processor seconds, MB) of ``neopack inspect``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-m", "neopack", "inspect", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, peak(command)


def peak(command: list[str]) -> float:
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True)
    return int(done.stdout) / 1024


def main() -> None:
    writers: dict[str, Callable[[Path], Path]] = {
        "SavedModel": saved_model, "h5": h5, "params": params,
    }  # fmt: skip
    for name, make in writers.items():
        with tempfile.TemporaryDirectory() as folder:
            path = make(Path(folder))
            runs = [measured(path) for _ in range(REPEATS)]
        seconds, cpu, memory = (min(run[i] for run in runs) for i in range(3))
        print(
            f"inspect a {name} of {MB} MB: {seconds:.2f} s ({cpu:.2f} s of the processor), "
            f"{memory:.0f} MB  goal: under 1 s and 150 MB"
        )


if __name__ == "__main__":
    main()
