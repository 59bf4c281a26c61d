"""Run a packaged, uncompiled SavedModel or frozen graph in TensorFlow itself, in a session: the
graph is what runs, and no Python object is built from a file."""

from __future__ import annotations

import posixpath
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.errors import SourceError, UsageError, first_line
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.frameworks.tensorflow import read
from neopack.frameworks.tensorflow.facts import SavedModelFacts
from neopack.frameworks.tensorflow.layout import SAVED_MODELS, model_parts
from neopack.frameworks.tensorflow.natural_order import natural
from neopack.frameworks.tensorflow.tensorflow_module import quiet, tensorflow
from neopack.values.artifact import Array
from neopack.values.model import facts_of
from neopack.values.signature import Signature

__all__ = ["GraphRunner", "frozen_runner", "live", "runner", "saved_runner"]

CHUNK = 1 << 20


class GraphRunner:
    """``predict`` by names that stand for tensors of one session: ``{"images": "x:0"}``;
    ``constants`` are fed beside the inputs, by tensors."""

    def __init__(
        self,
        session: Any,
        feeds: Mapping[str, str],
        fetches: Mapping[str, str],
        of: Signature,
        constants: Mapping[str, Array] | None = None,
    ) -> None:
        self.signature = of
        self._session, self._feeds, self._fetches = session, dict(feeds), dict(fetches)
        self._constants = dict(constants or {})

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        feeds = {tensor: inputs[name] for name, tensor in self._feeds.items()} | self._constants
        answers: dict[str, Array] = self._session.run(self._fetches, feeds)
        return {name: _array(answers[name]) for name in self._fetches}


def _array(value: Any) -> Array:
    import numpy as np

    return np.asarray(value)


def runner(files: Files, model: str, signature: Signature, threads: int | None) -> GraphRunner:
    """As ``ReadModule`` asks."""
    info = read.read(files, model, DEFAULT_LIMITS)
    if info.format == read.FROZEN:
        outputs = {spec.name: f"{spec.name}:0" for spec in signature.outputs}
        return frozen_runner(_parsed(files, model), signature, outputs, threads=threads)
    saved = facts_of(info, SavedModelFacts)
    folder = Path(tempfile.mkdtemp(prefix="neopack-"))
    try:
        _unpack(files, model, folder)
        return saved_runner(folder, saved.tags[0], saved.signature_key, signature, threads)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def live(path: Path) -> Any:
    """A SavedModel as TensorFlow loads it: its signatures, and none of the classes it was made of.
    Raises ``SourceError`` for a frozen graph, which has no signature."""
    tf = tensorflow()
    if path.name not in SAVED_MODELS:
        raise SourceError(
            "is a frozen graph, which has no signature to convert",
            where=str(path),
            hint="give its SavedModel, or the .tflite that a converter wrote",
        )
    try:
        with quiet():
            return tf.saved_model.load(str(path.parent))
    except Exception as error:
        # whatever the loader raises
        raise SourceError(
            f"TensorFlow {tf.__version__} cannot load it: {first_line(error)}", where=str(path)
        ) from error


def _unpack(files: Files, model: str, to: Path) -> None:
    """The SavedModel's files as they lie to each other: TensorFlow reads a directory."""
    base = posixpath.dirname(model)
    for name in (model, *model_parts(files.names(), model)):
        path = to / posixpath.relpath(name, base or ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.open(name) as source, path.open("wb") as stream:
            for at in range(0, source.size, CHUNK):
                stream.write(source.read(at, CHUNK))


def _parsed(files: Files, model: str) -> Any:
    definition = tensorflow().compat.v1.GraphDef()
    with files.open(model) as source:
        try:
            definition.ParseFromString(source.read(0, source.size))
        except Exception as error:
            # protobuf's DecodeError
            raise SourceError(f"is not a complete GraphDef: {first_line(error)}") from error
    return definition


def frozen_runner(
    definition: Any,
    signature: Signature,
    outputs: Mapping[str, str],
    *,
    constants: Mapping[str, Array] | None = None,
    threads: int | None = None,
) -> GraphRunner:
    """A GraphDef; inputs are placeholders of the signature's names, as are its ``constants``."""
    tf = tensorflow()
    loaded = tf.Graph()
    try:
        with loaded.as_default():
            tf.import_graph_def(definition, name="")
    except Exception as error:
        # whatever the importer raises
        raise SourceError(
            f"TensorFlow {tf.__version__} cannot load it: {first_line(error)}"
        ) from error
    feeds = {spec.name: f"{spec.name}:0" for spec in signature.inputs}
    return GraphRunner(_session(tf, loaded, threads), feeds, outputs, signature, constants)


def saved_runner(
    folder: Path, tags: Sequence[str], key: str, signature: Signature, threads: int | None = None
) -> GraphRunner:
    """The SavedModel in ``folder``, by its signature ``key``."""
    tf = tensorflow()
    graph = tf.Graph()
    session = _session(tf, graph, threads)
    try:
        with graph.as_default(), quiet():
            meta = tf.compat.v1.saved_model.load(session, list(tags), str(folder))
    except Exception as error:
        raise SourceError(
            f"TensorFlow {tf.__version__} cannot load it: {first_line(error)}"
        ) from error
    if key not in meta.signature_def:
        raise UsageError(f"the SavedModel has no signature {key!r}")
    chosen = meta.signature_def[key]
    return GraphRunner(
        session,
        {name: chosen.inputs[name].name for name in natural(chosen.inputs)},
        {name: chosen.outputs[name].name for name in natural(chosen.outputs)},
        signature,
    )


def _session(tf: Any, graph: Any, threads: int | None) -> Any:
    options = {"intra_op_parallelism_threads": threads} if threads else {}
    return tf.compat.v1.Session(graph=graph, config=tf.compat.v1.ConfigProto(**options))
