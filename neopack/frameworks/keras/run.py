"""Run Keras models in the Keras 3 that is installed, on whatever backend it has.

Keras 3 does not load many a file of Keras 1 and 2: models in models, depthwise convolutions, a
Sequential of 2.2.4. So a file is read here, put into the flat form that every Keras from 2.2.4
on loads, and only that is given to Keras: what a stranger wrote into a config never reaches it.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, SourceError, first_line
from neopack.formats.files import Files
from neopack.frameworks import live_keras, structures
from neopack.frameworks.keras import graph, source, weights, write
from neopack.frameworks.keras.lowering.lower import lower
from neopack.frameworks.keras.lowering.old_model import OldModel
from neopack.frameworks.keras.read import Document
from neopack.values.artifact import Array
from neopack.values.signature import Shape, Signature

__all__ = [
    "KerasRunner", "backend", "computed", "computed_by_name", "keras_module", "lifted", "live",
    "loaded", "lowered_file", "runner",
]  # fmt: skip

CHUNK = 1 << 20


class KerasRunner:
    """``predict`` by the names of the signature, in the order of the model's own inputs."""

    def __init__(
        self, files: Files, model: str, signature: Signature, *, threads: int | None = None
    ) -> None:
        self.signature = signature
        keras_module(threads)
        with tempfile.TemporaryDirectory() as folder:
            original, flat = Path(folder) / "given.h5", Path(folder) / "flat.h5"
            _copy(files, model, original)
            document, _ = source.model_file(original)
            write.write_h5(lowered_file(original, document), flat)
            self._model = loaded(flat)

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        arrays = [inputs[spec.name] for spec in self.signature.inputs]
        names = [spec.name for spec in self.signature.outputs]
        return dict(zip(names, computed(self._model, arrays), strict=True))


def _copy(files: Files, model: str, to: Path) -> None:
    with files.open(model) as stream, to.open("xb") as out:
        for offset in range(0, stream.size, CHUNK):
            out.write(stream.read(offset, CHUNK))


def lowered_file(
    path: Path, document: Document, shapes: Mapping[str, Shape] | None = None
) -> OldModel:
    """The model of an .h5 file in the form of Keras 2.2.4; no Keras is needed for it."""
    opened = graph.graph_of(document.model, major=document.major, where=str(path))
    arrays = weights.weights_of_h5(path, document.model)
    return lower(opened, arrays, shapes=shapes)


def lifted(model: Path, folder: Path, _signature: Signature | None = None) -> Path:
    """The flat form of an .h5 file, which today's Keras loads, whichever Keras wrote it."""
    document, _ = source.model_file(model)
    flat = folder / "lifted.h5"
    write.write_h5(lowered_file(model, document), flat)
    return flat


def live(path: Path) -> Any:
    """The model of an .h5 or .keras file that holds no code; one that today's Keras does not load
    is loaded in its flat form."""
    document, _ = source.model_file(path)
    if document.form == "json":
        raise SourceError(
            "is an architecture without weights",
            where=str(path),
            hint="load both in Keras, and package what model.save('model.keras') writes",
        )
    try:
        return loaded(path)
    except SourceError:
        if document.form == "keras":
            raise
    with tempfile.TemporaryDirectory() as folder:
        return loaded(lifted(path, Path(folder)))


def loaded(path: Path) -> Any:
    """A file that neopack wrote, or one that it has judged to hold no code, as a live model."""
    keras = keras_module()
    with _quiet():
        try:
            return keras.models.load_model(str(path), compile=False, safe_mode=True)
        except Exception as error:
            # Keras raises whatever its layers raise
            raise SourceError(
                f"Keras {keras.__version__} cannot load it: {first_line(error)}"
            ) from error


def computed(model: Any, arrays: list[Array]) -> list[Array]:
    """What a live model gives for its inputs in their order, outside of training."""
    keras = keras_module()
    with _quiet():
        argument = arrays if len(arrays) > 1 else arrays[0]
        answers = keras.tree.flatten(model(argument, training=False))
    return [keras.ops.convert_to_numpy(answer) for answer in answers]


def computed_by_name(model: Any, arrays: Mapping[str, Array]) -> list[Array]:
    """What a live model gives for its inputs by name, as its users call it."""
    keras = keras_module()
    symbols = live_keras.inputs_of(model)
    if symbols is None or len(arrays) < 2:
        return computed(model, list(arrays.values()))
    values = iter([arrays[str(leaf.name)] for _, leaf in live_keras.named_leaves(symbols)])
    with _quiet():
        argument = structures.replaced(symbols, values, live_keras.is_symbol)
        answers = model(argument, training=False)
        flat = [leaf for _, leaf in structures.leaves(answers, live_keras.is_symbol)]
    return [keras.ops.convert_to_numpy(answer) for answer in flat]


def backend() -> str:
    return str(keras_module().backend.backend())


def keras_module(threads: int | None = None) -> Any:
    """Keras 3, on the backend that its own settings name or else on one that is installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # dilated depthwise convolutions are computed by oneDNN, which is not on everywhere
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    configured = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    if "KERAS_BACKEND" not in os.environ and not configured.exists():
        os.environ["KERAS_BACKEND"] = _installed_backend()
    try:
        import keras
    except ImportError as error:
        raise Missing(f"Keras models need keras ({error})", hint=install_hint("keras")) from None
    if int(keras.__version__.split(".")[0]) < 3:
        raise Missing(f"needs Keras 3, not {keras.__version__}", hint="pip install 'keras>=3'")
    if threads:
        _limit_threads(str(keras.backend.backend()), threads)
    return keras


def _installed_backend() -> str:
    for name in ("tensorflow", "torch", "jax"):
        if importlib.util.find_spec(name) is not None:
            return name
    raise Missing(
        "Keras computes with TensorFlow, PyTorch or JAX, and none is installed",
        hint="pip install tensorflow-cpu",
    )


def _limit_threads(backend: str, threads: int) -> None:
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
    elif backend == "tensorflow":
        import contextlib

        import tensorflow as tf

        with contextlib.suppress(RuntimeError):  # it has computed before in this process
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keras says of every .h5 file that it is of an old format; so it is meant to be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def runner(files: Files, model: str, signature: Signature, threads: int | None) -> KerasRunner:
    """As ``ReadModule`` asks."""
    return KerasRunner(files, model, signature, threads=threads)
