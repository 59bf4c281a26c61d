"""What Neo demands of a Keras model: one .h5 of Keras 2.2.4 or earlier, images of fixed size.

Sources: SageMaker developer guide, neo-compilation-preparing-model and
neo-troubleshooting-compilation (2026); neo-ai/neo-loader@06788c0, keras_model_loader.py
(2022-08-17).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack import facts, versions
from neopack.dataconfig.data_input_config import dims, shape_text
from neopack.frameworks.keras.facts import KerasFacts
from neopack.frameworks.keras.layout import channels_first
from neopack.rules.dataconfig import inputs_of
from neopack.rules.members import named
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import ModelInfo, facts_of
from neopack.values.signature import TensorSpec

__all__ = ["RULES"]


def _info(context: CheckContext) -> ModelInfo:
    assert context.info is not None  # noqa: S101 - needs
    return context.info


def _facts(context: CheckContext) -> KerasFacts:
    return facts_of(context.info, KerasFacts)


def _model(context: CheckContext) -> str:
    return context.models[0] if context.models else context.archive_name


def _images(context: CheckContext) -> Iterator[TensorSpec]:
    """The inputs of four dims."""
    signature = _info(context).signature
    for spec in signature.inputs if signature else ():
        if len(spec.shape) == 4:
            yield spec


@rule("NEO-KR-001", needs=("info",))
def not_h5(context: CheckContext) -> Iterator[Hit]:
    """An HDF5 file named .h5 (guide; loader: no other suffix is looked for)."""
    if _info(context).format == "keras":
        yield Hit(
            message="the model is a .keras file; Neo reads HDF5 alone", where=_model(context)
        )
        return
    for name in context.models:
        if not name.endswith(".h5"):
            yield Hit(message=f"{name!r} is not found: Neo looks for .h5", where=name)


@rule("NEO-KR-002", needs=("info",))
def newer_keras(context: CheckContext) -> Iterator[Hit]:
    """Written by the Keras that is listed, or an earlier one (guide, neo-supported-cloud)."""
    written = _info(context).versions.get("keras", "")
    row = facts.support("KERAS", context.target, context.as_of or None)
    if row is None or not row.maximum or not written:
        return
    if not versions.at_most(written, row.maximum):
        yield Hit(
            message=f"written by Keras {written}; Neo's guide lists {row.maximum} and earlier",
            where=_model(context),
            values={"written": written, "maximum": row.maximum},
        )


@rule("NEO-KR-003", needs=("info",))
def weights_only(context: CheckContext) -> Iterator[Hit]:
    """The file has the model's configuration (keras/engine/saving.py of 2.2.4)."""
    halves = {"weights": "weights without a model", "json": "an architecture without weights"}
    half = halves.get(_info(context).format)
    if half:
        yield Hit(message=f"the file holds {half}", where=_model(context))


@rule("NEO-KR-004", needs=("info.signature",))
def not_an_image(context: CheckContext) -> Iterator[Hit]:
    """Inputs have four dims (loader: compares N, C, H and W of each InputLayer)."""
    signature = _info(context).signature
    for spec in signature.inputs if signature else ():
        if len(spec.shape) != 4:
            yield Hit(
                message=f"the input {spec.name!r} is {shape_text(spec.shape)}, of "
                f"{len(spec.shape)} dims",
                where=spec.name,
            )


@rule("NEO-KR-005", needs=("info.signature",))
def open_size(context: CheckContext) -> Iterator[Hit]:
    """Height, width and channels are fixed in the file (loader: compares them exactly)."""
    for spec in _images(context):
        if None in spec.shape[1:]:
            yield Hit(
                message=f"the input {spec.name!r} leaves its size open: {shape_text(spec.shape)}",
                where=spec.name,
                values={"name": spec.name},
            )


@rule("NEO-KR-006", needs=("config", "info.signature"))
def other_shape(context: CheckContext) -> Iterator[Hit]:
    """DataInputConfig says N,C,H,W of what the file has as N,H,W,C (guide; loader)."""
    shapes = {name: dims(value) for name, value in inputs_of(context).inputs}
    for spec in _images(context):
        shape, expected = shapes.get(spec.name), channels_first(spec.shape)
        if shape is None or _agrees(shape, expected):
            continue
        turned = _agrees(shape, spec.shape)
        how = "channels last, as in the file" if turned else "another size"
        yield Hit(
            message=f"{shape_text(shape)} is {how}; Neo wants {shape_text(expected)}",
            where=f"DataInputConfig: {spec.name}",
            values={"name": spec.name, "shape": shape_text(expected)},
        )


def _agrees(sizes: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(sizes) == len(expected) and all(
        dim in (None, size) for size, dim in zip(sizes, expected, strict=True)
    )


@rule("NEO-KR-007", needs=("info",))
def channels_come_first(context: CheckContext) -> Iterator[Hit]:
    """The file itself is channels last (guide, neo-compilation-preparing-model)."""
    if "channels_first" in _facts(context).data_formats:
        yield Hit(message="layers have data_format channels_first", where=_model(context))


def _named(context: CheckContext, what: str, names: Sequence[str]) -> Iterator[Hit]:
    """A hit of the file that names all it is about; none without names."""
    if names:
        yield Hit(message=f"{what}: {named(names)}", where=_model(context))


@rule("NEO-KR-008", needs=("info",))
def lambdas(context: CheckContext) -> Iterator[Hit]:
    """No Lambda layers: Neo does not compile their code."""
    yield from _named(context, "Lambda layers", _facts(context).lambdas)


@rule("NEO-KR-009", needs=("info",))
def custom_layers(context: CheckContext) -> Iterator[Hit]:
    """No layers of somebody's own classes: Neo has no code for them."""
    yield from _named(context, "layers that are not Keras's own", _facts(context).custom)


@rule("NEO-KR-010", needs=("info",))
def new_layers(context: CheckContext) -> Iterator[Hit]:
    """Layers are those of Keras 2.2.4."""
    yield from _named(context, "layers that Keras 2.2.4 lacks", _facts(context).new_layers)


@rule("NEO-KR-011", needs=("info",))
def training(context: CheckContext) -> Iterator[Hit]:
    """No training configuration, which loading compiles and newer Keras words otherwise."""
    size = _facts(context).optimizer_weights
    if _facts(context).training_config:
        state = f", and {size} bytes of the optimizer's state" if size else ""
        yield Hit(message=f"a training configuration is in the file{state}", where=_model(context))


@rule("NEO-KR-012", needs=("info",))
def other_backend(context: CheckContext) -> Iterator[Hit]:
    """Weights are of TensorFlow's layout; Theano's convolutions are turned when loaded."""
    written = _info(context).versions.get("backend") or "tensorflow"
    if written not in ("tensorflow", "torch", "jax", "numpy", "openvino"):
        yield Hit(message=f"the file was written on {written}", where=_model(context))


@rule("NEO-KR-013", needs=("info",))
def unknown_names(context: CheckContext) -> Iterator[Hit]:
    """Activations, initializers and so on are those of Keras 2.2.4 (run on test models)."""
    yield from _named(context, "names that Keras 2.2.4 lacks", _facts(context).unknown_names)


@rule("NEO-KR-014", needs=("info",))
def in_training(context: CheckContext) -> Iterator[Hit]:
    """No layer is called in training mode (apache/tvm v0.8 relay/frontend/keras.py)."""
    yield from _named(context, "called with training=True", _facts(context).in_training)


@rule("NEO-KR-015", paths=("tvm",), needs=("info",))
def settings(context: CheckContext) -> Iterator[Hit]:
    """Layers have settings that TVM takes (apache/tvm v0.8 relay/frontend/keras.py)."""
    yield from _named(context, "layers that TVM takes otherwise", _facts(context).not_taken)


@rule("NEO-KR-016", needs=("info",))
def misfits(context: CheckContext) -> Iterator[Hit]:
    """Weights fit the configuration (keras/engine/saving.py of 2.2.4)."""
    yield from _named(context, "weights of another model", _facts(context).misfits)


@rule("NEO-KR-017", needs=("info",))
def missing_words(context: CheckContext) -> Iterator[Hit]:
    """Layers have all words that their classes require (signatures in keras 2.2.4)."""
    yield from _named(context, "layers that Keras cannot build", _facts(context).missing)


@rule("NEO-KR-018", paths=("tvm",), needs=("info",))
def keras_1(context: CheckContext) -> Iterator[Hit]:
    """The words are those of Keras 2, which tf.keras reads (loader)."""
    written = _info(context).versions.get("keras", "")
    if versions.order(written)[:1] == (1,):
        yield Hit(message=f"written by Keras {written}", where=_model(context))


@rule("NEO-KR-019", needs=("info",))
def mixed_types(context: CheckContext) -> Iterator[Hit]:
    """Layers with weights are called with float32 (keras/engine/base_layer.py of 2.2.4)."""
    yield from _named(context, "weights of float32", _facts(context).mixed_types)


RULES: tuple[Rule, ...] = (
    not_h5,
    newer_keras,
    weights_only,
    not_an_image,
    open_size,
    other_shape,
    channels_come_first,
    lambdas,
    custom_layers,
    new_layers,
    training,
    other_backend,
    unknown_names,
    in_training,
    settings,
    misfits,
    missing_words,
    keras_1,
    mixed_types,
)
