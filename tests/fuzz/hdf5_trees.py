"""HDF5 written by its own library, with links, attributes and groups that no framework writes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from random import Random
from typing import Any

from damage import Make
from trees import count_for

__all__ = ["in_keras"]

MARKS = ("keras_version", "backend", "training_config", "layer_names", "weight_names", "nb_layers")
LARGEST_ATTRIBUTE = 60_000
DTYPES = ("float32", "float16", "int64", "uint8", "bool", "S5")


def in_keras(config: Make) -> Make:
    """Whole models with such a configuration, among groups of whatever shape."""

    def make(random: Random) -> bytes:
        import h5py

        buffer = io.BytesIO()
        # the library writes the time into what newer versions read
        with h5py.File(buffer, "w", libver="earliest") as file:
            text = config(random)
            if len(text) < LARGEST_ATTRIBUTE:
                file.attrs["model_config"] = text.decode("utf-8", "replace").replace("\0", "")
            weights = file.create_group("model_weights")
            weights.attrs["layer_names"] = [b"dense"] * random.choice((0, 1, 3))
            _grow(random, file, [file, weights])
        return buffer.getvalue()

    return make


def _grow(random: Random, file: Any, groups: list[Any]) -> None:
    for step in range(random.choice((2, 5, 12))):
        group = random.choice(groups)
        dice = random.random()
        if dice < 0.3:
            groups.append(group.create_group(f"g{step}"))
        elif dice < 0.5:
            shape = random.choice(((), (0,), (3, 4), (1,) * 32, (1 << 40,)))
            chunks = (1,) if shape == (1 << 40,) else None
            dtype = random.choice(DTYPES)
            group.create_dataset(f"d{step}", shape=shape, dtype=dtype, chunks=chunks)
        elif dice < 0.7:
            for number in range(min(1000, count_for(random, 3000))):
                group[f"l{step}.{number}"] = random.choice(groups)
        elif dice < 0.8:
            group.attrs[random.choice(MARKS)] = _attribute(random)
        else:
            import h5py

            link = random.choice((h5py.SoftLink("/x"), h5py.ExternalLink("../x.h5", "/x")))
            group[f"s{step}"] = link


def _attribute(random: Random) -> Any:
    values: Sequence[Any] = (1, -1.5, b"2.2.4", "x" * 500, [b"a"] * 90, ["\x9bm", ""], [[1, 2]])
    return random.choice(values)
