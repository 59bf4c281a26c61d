"""ModelInfo of a Keras file, without Keras: nothing in it is run, and no weight is loaded.

``format`` is ``h5`` or ``keras``, or, for a file that is not a whole model, ``weights`` (HDF5
without a model_config) or ``json`` (``model.to_json()``). ``operators`` counts layers by class,
also those of models in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from neopack import facts, versions
from neopack.errors import Malformed, NeopackError, NotRecognized, SourceError
from neopack.formats import zip as zips
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.hdf5 import MAGIC, Hdf5Object, Hdf5Tree, read_tree
from neopack.formats.json_text import read_json
from neopack.formats.source import ByteSource, SpanSource
from neopack.frameworks.keras import config as configs
from neopack.frameworks.keras import graph, keras1, keras224, masks, tvm_layers
from neopack.frameworks.keras.facts import KerasFacts
from neopack.frameworks.keras.misfits import misfits
from neopack.frameworks.keras.names import missing_words, unknown_names
from neopack.frameworks.keras.value_types import mixed_types
from neopack.values.json import AnyJson
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature, TensorSpec

__all__ = ["Document", "document", "form", "read", "read_source", "recognize"]

FORMS = {
    "h5": "Keras HDF5 model",
    "keras": ".keras model",
    "weights": "Keras weights",
    "json": "Keras architecture",
    "damaged": "HDF5 file",
}
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
NEWEST = "2.2.4"
HEAD = 4096
_CLASS = re.compile(rb'"class_name":\s*"(Sequential|Functional|Model)"')
OPTIMIZERS = ("optimizer_weights", "optimizer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as read: its form, the model's configuration, and what lies beside it."""

    form: str
    model: AnyJson
    version: str
    backend: str
    training: AnyJson
    tree: Hdf5Tree

    @property
    def major(self) -> int:
        first = self.version.split(".", maxsplit=1)[0]
        return int(first) if first.isdecimal() and len(first) < 10 else 2

    @property
    def is_old(self) -> bool:
        """Whether Keras 2.2.4 or an older one wrote it, or tf.keras of that time."""
        if self.form != "h5":
            return False
        return versions.at_most(self.version.removesuffix("-tf"), NEWEST)

    def unknown_names(self) -> tuple[str, ...]:
        """Names in the file that Keras 2.2.4 lacks."""
        return unknown_names(self.model, words=self.major > 1) if self.is_old else ()


def form(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> str | None:
    """``h5``, ``keras``, ``weights``, ``json``, ``damaged`` for HDF5 that does not open, or
    None."""
    if source.read(0, len(MAGIC)) == MAGIC:
        return _hdf5_form(source, limits)
    if zips.first_name(source) in (CONFIG, METADATA, WEIGHTS):
        return "keras"
    return "json" if _is_architecture(source.read(0, HEAD)) else None


def _is_architecture(head: bytes) -> bool:
    """What ``model.to_json()`` gives: an object with a class and a config, or that as a string,
    which ``json.dump`` made of it."""
    text = head.replace(b'\\"', b'"').lstrip(b'" \t\r\n')
    return text[:1] == b"{" and _CLASS.search(text) is not None and b'"config"' in text


def _hdf5_form(source: ByteSource, limits: Limits) -> str | None:
    try:
        root = read_tree(source, limits, root_only=True)
    except NeopackError:
        return "damaged"
    names, attributes = root.children(""), root.attributes("")
    if "model_config" in attributes:
        return "h5"
    of_keras_3 = {"layers", "_layer_checkpoint_dependencies"} & set(names)
    return "weights" if "layer_names" in attributes or of_keras_3 else None


def recognize(source: ByteSource) -> str | None:
    kind = form(source)
    return FORMS[kind] if kind else None


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """Raises ``Malformed`` where the bytes break their format, with the place."""
    with files.open(model) as source:
        return read_source(source, limits)


def read_source(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    return _info(document(source, limits), source.name)


def document(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> Document:
    kind = form(source, limits)
    if kind is None:
        raise NotRecognized("is not a Keras model", where=source.name)
    if kind == "json":
        return _of_json(source, limits)
    return _of_zip(source, limits) if kind == "keras" else _of_hdf5(source, limits)


# --- the two containers ---------------------------------------------------------------------


def _of_hdf5(source: ByteSource, limits: Limits) -> Document:
    tree = read_tree(source, limits)
    attributes = tree.attributes("")
    of_weights = {**tree.attributes("model_weights"), **attributes}
    model = _text(attributes, "model_config")
    training = _text(attributes, "training_config")
    version = _text(of_weights, "keras_version")
    if model and not any(name.startswith("layer_names") for name in of_weights):
        raise Malformed(
            "has no weights: model_weights does not list them",
            where=source.name,
            hint="save the whole model: model.save(FILE)",
        )
    parsed = configs.parse(model, source.name, limits) if model else None
    if parsed is not None:
        parsed, version = _upgraded(parsed, version)
    return Document(
        form="h5" if model else "weights",
        model=parsed,
        version=version,
        backend=_text(of_weights, "backend"),
        training=_json(training, source.name, limits) if training else None,
        tree=tree,
    )


def _upgraded(model: AnyJson, version: str) -> tuple[AnyJson, str]:
    """A configuration of Keras 1 in the words of 2; no version is stated before 2."""
    if version and not version.startswith("1."):
        return model, version
    return keras1.upgraded(model), version or "1"


def _of_json(source: ByteSource, limits: Limits) -> Document:
    limits.hold("record_bytes", source.size, where=source.name)
    text = source.read(0, source.size).decode("utf-8", "replace")
    if text.lstrip().startswith('"'):
        text = configs.string_of(text, source.name, limits)
    model = configs.parse(text, source.name, limits)
    version = _text(model, "keras_version") or ("3" if "module" in model else "")
    model, version = _upgraded(model, version)
    return Document(
        form="json",
        model=model,
        version=version,
        backend=_text(model, "backend"),
        training=None,
        tree=Hdf5Tree(nodes={}),
    )


def _of_zip(source: ByteSource, limits: Limits) -> Document:
    directory = zips.read_directory(source, limits)
    for name in (CONFIG, METADATA):
        if name not in directory.records:
            raise Malformed(f"a .keras file without {name}", where=source.name)
    texts = {
        name: raw.decode("utf-8", "replace")
        for name, raw in directory.read_many((CONFIG, METADATA))
    }
    model = configs.parse(texts[CONFIG], source.name, limits)
    version = _json(texts[METADATA], source.name, limits).get("keras_version")
    compiled = model.get("compile_config")
    return Document(
        form="keras",
        model=model,
        version=str(version or ""),
        backend="",
        training=compiled if isinstance(compiled, dict) and compiled else None,
        tree=_weights_in(source, directory, limits),
    )


def _weights_in(source: ByteSource, directory: zips.ZipDirectory, limits: Limits) -> Hdf5Tree:
    record = directory.records.get(WEIGHTS)
    if record is None:
        return Hdf5Tree(nodes={})
    start = directory.data_offset(WEIGHTS)
    if record.method != zips.STORED:
        raise Malformed("its weights are compressed, as Keras never has them", offset=start)
    name = f"{source.name}: {WEIGHTS}"
    return read_tree(SpanSource(name, source, start, record.size), limits)


def _text(attributes: object, name: str) -> str:
    value = attributes.get(name) if isinstance(attributes, dict) else None
    return value if isinstance(value, str) else ""


def _json(text: str, where: str, limits: Limits) -> dict[str, AnyJson]:
    value = read_json(text, where, limits)
    return value if isinstance(value, dict) else {}


# --- what it says ---------------------------------------------------------------------------


def _info(file: Document, where: str) -> ModelInfo:
    weights = list(_weights(file.tree, optimizer=False))
    layers = list(configs.walk(file.model)) if file.model is not None else []
    opened = _opened(file, where)
    return ModelInfo(
        framework="KERAS",
        format=file.form,
        producer="keras",
        versions=_versions(file),
        signature=_signature(opened) if opened else None,
        operators=dict(sorted(Counter(layer.class_name for layer in layers).items())),
        parameters=sum(_elements(node) for node in weights),
        parameter_bytes=sum(node.bytes for node in weights),
        dtypes=dict(sorted(Counter(node.dtype for node in weights).items())),
        facts=_facts(file, layers, len(weights), opened),
    )


def _facts(
    file: Document,
    layers: Sequence[configs.LayerConfig],
    weights: int,
    opened: graph.LayerGraph | None,
) -> KerasFacts:
    own = [x for x in layers if x.class_name not in configs.LAMBDAS]
    formats = (x.config.get("data_format") for x in layers if isinstance(x.config, dict))
    implied = masks.leave_to_layers(opened) if opened else frozenset[str]()
    links = (f"{n.path}/{name}" for n in file.tree.nodes.values() for name, _ in n.links)
    return KerasFacts(
        layers=len(layers),
        weights=weights,
        training_config=file.training is not None,
        optimizer_weights=sum(n.bytes for n in _weights(file.tree, optimizer=True)),
        sample_weight_mode="sample_weight_mode" in (file.training or {}),
        strangers=tuple(configs.strangers(file.model)),
        links=tuple(links),
        places={x.class_name: x.path for x in reversed(layers)},
        lambdas=tuple(x.path for x in layers if x.class_name in configs.LAMBDAS),
        custom=tuple(f"{x.path} ({x.class_name})" for x in own if x.custom),
        data_formats=tuple(sorted({x for x in formats if isinstance(x, str)})),
        new_layers=_new_layers(x.class_name for x in own if not (x.custom or x.path in implied)),
        unknown_names=file.unknown_names(),
        not_taken=_not_taken(file, opened),
        missing=missing_words(file.model) if file.is_old and file.major > 1 else (),
        misfits=tuple(_misfits(file, opened)),
        mixed_types=mixed_types(opened) if opened and file.is_old else (),
        in_training=tuple(_in_training(opened)) if opened else (),
    )


def _not_taken(file: Document, opened: graph.LayerGraph | None) -> tuple[str, ...]:
    if opened is None:
        return ()
    return (*tvm_layers.not_taken(opened), *tvm_layers.nested_models(file.model))


def _misfits(file: Document, opened: graph.LayerGraph | None) -> Iterator[str]:
    if file.is_old and file.major > 1:
        yield from misfits(file.model, opened, file.tree)


def _in_training(opened: graph.LayerGraph) -> Iterator[str]:
    """Layers that are called in training mode, and compute otherwise there."""
    for call in opened.calls:
        kind = opened.layers[call.layer].class_name
        if call.in_training and kind in keras224.TRAINED:
            yield f"{call.layer} ({kind})"


def _new_layers(classes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in classes if name not in facts.keras_names().layers}))


def _versions(file: Document) -> dict[str, str]:
    versions = {"keras": file.version, "backend": file.backend}
    return {name: version for name, version in versions.items() if version}


def _opened(file: Document, where: str) -> graph.LayerGraph | None:
    """None where the model is not a graph of layers."""
    if file.model is None:
        return None
    try:
        return graph.graph_of(file.model, major=file.major, where=where)
    except SourceError:
        return None


def _signature(opened: graph.LayerGraph) -> Signature:
    """The InputLayers, in the model's order."""
    return Signature(inputs=tuple(_spec(opened, at) for at in opened.inputs))


def _spec(opened: graph.LayerGraph, at: int) -> TensorSpec:
    layer = opened.layers[opened.calls[at].layer]
    dtype = layer.config.get("dtype")
    return TensorSpec(
        name=layer.name,
        dtype=dtype if isinstance(dtype, str) else "float32",
        shape=configs.input_shape(layer.config) or (),
    )


def _weights(tree: Hdf5Tree, *, optimizer: bool) -> Iterator[Hdf5Object]:
    for node in tree.nodes.values():
        if node.shape is not None and (node.path.split("/")[0] in OPTIMIZERS) == optimizer:
            yield node


def _elements(node: Hdf5Object) -> int:
    count = 1
    for dim in node.shape or ():
        count *= dim
    return count
