"""A .tflite of a live Keras model or of a loaded SavedModel, by TensorFlow's own converter.

The model is traced with fixed shapes and its variables frozen, so that the file names its inputs
as the model does and has no dims to resize. Dense layers are quantized with one scale for all
outputs, as converters did at the time of TensorFlow 1.15: TVM's importer takes no others.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from neopack.errors import ExportFailed, SourceError, UsageError, first_line
from neopack.frameworks import live_keras, structures
from neopack.frameworks.declared_inputs import requests_of
from neopack.frameworks.tflite.run import tensorflow
from neopack.spelling import did_you_mean
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest, TensorSpec

__all__ = ["TracedModel", "converted", "traced"]

DEFAULT = "serving_default"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedModel:
    """A model as a function of tensors of fixed shapes: its inputs in the model's own order."""

    requests: tuple[InputRequest, ...]
    function: Any

    def compute(self, arrays: Mapping[str, Array]) -> list[Array]:
        """The outputs in their order."""
        tf = tensorflow()
        tensors = [tf.constant(arrays[request.name]) for request in self.requests]
        answers = tf.nest.flatten(self.function(*tensors))
        return [answer.numpy() for answer in answers]


def traced(
    model: Any, requests: Sequence[InputRequest], signature: str | None, where: str
) -> TracedModel:
    """Trace a Keras model, or the ``signature`` of a loaded SavedModel.

    Raises ``UsageError`` for inputs that it lacks and for a signature that there is not,
    ``ExportFailed`` with what the model raises while it is traced.
    """
    tf = tensorflow()
    if live_keras.is_keras(model):
        _refuse_signature(signature, where)
        specs, call = _of_keras(model, where)
    else:
        specs, call = _of_saved_model(model, signature, where)
    wanted = requests_of(specs, requests, where)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def serve(*tensors: Any) -> Any:
        return call(tensors)

    arguments = [tf.TensorSpec(each.shape, each.dtype, name=each.name) for each in wanted]
    try:
        function = serve.get_concrete_function(*arguments)
    except Exception as error:
        # the user's own layers run
        raise ExportFailed(
            f"tracing raised {type(error).__name__}: {first_line(error)}", where=where
        ) from error
    return TracedModel(requests=wanted, function=function)


def converted(
    model: TracedModel,
    quantize: str | None,
    samples: Sequence[Mapping[str, Array]],
    where: str,
) -> bytes:
    """The file. ``samples`` are the inputs of calls whose ranges int8 is made for.

    Raises ``ExportFailed`` with the converter's own words.
    """
    tf = tensorflow()
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    with _quiet():
        try:
            frozen = convert_variables_to_constants_v2(model.function)
            converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], None)
            _quantizing(tf, converter, quantize, model, samples)
            return bytes(converter.convert())
        except Exception as error:
            # the converter has a class of its own, and MLIR's words
            raise ExportFailed(
                f"TensorFlow {tf.__version__} cannot convert it: {first_line(error)}", where=where
            ) from error


def _quantizing(
    tf: Any,
    converter: Any,
    quantize: str | None,
    model: TracedModel,
    samples: Sequence[Mapping[str, Array]],
) -> None:
    if quantize is None:
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
        return
    names = [request.name for request in model.requests]
    converter.representative_dataset = lambda: ([each[n] for n in names] for each in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True  # noqa: SLF001


# --- sources --------------------------------------------------------------------------------


def _of_keras(model: Any, where: str) -> tuple[list[TensorSpec], Callable[[Any], Any]]:
    structure = live_keras.inputs_of(model)
    if structure is None:  # a KerasTensor has no truth value
        structure = _only_input(model)
    if structure is None:
        raise SourceError(
            "declares no inputs, so that nothing tells what to trace it with",
            where=where,
            hint="package a functional or Sequential model, or its SavedModel: model.export(DIR)",
        )
    specs = [_spec(leaf, name) for name, leaf in live_keras.named_leaves(structure)]
    whole = live_keras.for_inference(model)

    def call(tensors: Sequence[Any]) -> Any:
        return whole(structures.replaced(structure, iter(tensors), live_keras.is_symbol))

    return specs, call


def _only_input(model: Any) -> Any:
    """Of a Sequential, which has no structure of inputs."""
    declared = getattr(model, "inputs", None) or []
    return declared[0] if len(declared) == 1 else None


def _of_saved_model(
    model: Any, signature: str | None, where: str
) -> tuple[list[TensorSpec], Callable[[Any], Any]]:
    keys = list(model.signatures)
    key = signature or (DEFAULT if DEFAULT in keys or not keys else keys[0])
    if key not in keys:
        hint = did_you_mean(key, keys, f"it has {', '.join(keys) or 'none'}")
        raise UsageError(f"no signature {key!r}", where=where, hint=hint)
    chosen = model.signatures[key]
    _, named = chosen.structured_input_signature
    specs = [_spec(leaf, name) for name, leaf in named.items()]

    def call(tensors: Sequence[Any]) -> Any:
        return chosen(**dict(zip(named, tensors, strict=True)))

    return specs, call


def _refuse_signature(signature: str | None, where: str) -> None:
    if signature is not None:
        raise UsageError("--signature is for a SavedModel", where=where)


def _spec(tensor: Any, name: str) -> TensorSpec:
    shape = getattr(tensor.shape, "as_list", lambda: tensor.shape)
    dtype = getattr(tensor.dtype, "name", tensor.dtype)
    return TensorSpec(name=name, dtype=str(dtype), shape=tuple(shape()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the converter tells of its own passes."""
    loggers = [logging.getLogger(name) for name in ("tensorflow", "absl")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
