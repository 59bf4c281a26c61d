"""One .tflite from what the user has.

A file is kept byte for byte, and its golden outputs are those of TensorFlow's interpreter. Of what
is converted they are the source's own, which the interpreter must give again; a quantized model is
another one than its source, so its golden outputs are its own, and how far apart both are is told.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from neopack.errors import ExportFailed, NeopackError, UsageError, first_line
from neopack.formats.source import BytesSource
from neopack.frameworks import ExportTask
from neopack.frameworks.declared_inputs import requests_of
from neopack.frameworks.task import options_of
from neopack.frameworks.tflite import read, source
from neopack.frameworks.tflite.converting import TracedModel, converted, traced
from neopack.frameworks.tflite.options import TFLiteOptions
from neopack.frameworks.tflite.run import TFLiteRunner, tensorflow
from neopack.goldens import inputs
from neopack.goldens.arrays import load_arrays
from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import difference, worst
from neopack.goldens.directed import Compute
from neopack.goldens.samples import calls_by_name
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member
from neopack.values.signature import InputRequest, Signature

__all__ = ["MODEL_FILE", "export"]

MODEL_FILE = "model.tflite"
# of the largest number: what kernels of TensorFlow and of its interpreter may differ by
ALLOWED = 1e-4
BYTE = 256
# samples that a quantized model is compared with
MEASURED = 32


def export(task: ExportTask, log: Log) -> ExportedModel:
    """``staging/model.tflite``, with golden numbers beside it.

    Raises ``SourceError`` for what is neither a model nor converted to one, ``UsageError`` for
    inputs and options that do not fit it, ``ExportFailed`` where the converter refuses it or the
    file computes otherwise than its source, ``Missing`` without TensorFlow.
    """
    options = options_of(task, TFLiteOptions)
    if task.source.kind == "file":
        return _of_file(task, options)
    tensorflow()
    model = source.live(task.source)
    where = task.source.where
    function = traced(model, task.inputs, options.signature, where)
    samples = _samples(function, options, where)
    data = converted(function, options.quantize, samples, where)
    (task.staging / MODEL_FILE).write_bytes(data)
    signature = _signature(data, function.requests)
    ported = _Ported(function, TFLiteRunner(data, signature), signature)
    if options.quantize is not None:
        return _quantized(task, ported, options.quantize, samples, log)
    cases = _answered(task, ported.requests, ported.of_source)
    off = worst(cases, ported.of_file)
    if not off.difference <= ALLOWED:
        raise ExportFailed(
            f"converted, it computes otherwise: off by {off}, more than {ALLOWED:g}", where=where
        )
    return _exported(task, cases, (f"converted by TensorFlow {tensorflow().__version__}",))


class _Ported:
    """A converted model and its source, both by the names of the file's tensors."""

    def __init__(self, function: TracedModel, runner: TFLiteRunner, signature: Signature) -> None:
        self._function, self._runner = function, runner
        names = [spec.name for spec in signature.inputs]
        self._own = {n: r.name for n, r in zip(names, function.requests, strict=True)}
        self._outputs = [spec.name for spec in signature.outputs]
        self.requests = tuple(
            replace(request, name=name)
            for name, request in zip(names, function.requests, strict=True)
        )

    def by_tensor(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Inputs that are named as the source names them."""
        return {name: arrays[own] for name, own in self._own.items()}

    def of_source(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        own = {self._own[name]: array for name, array in arrays.items()}
        return dict(zip(self._outputs, self._function.compute(own), strict=True))

    def of_file(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        return self._runner.predict(arrays)


def _of_file(task: ExportTask, options: TFLiteOptions) -> ExportedModel:
    path, info = source.file_info(task.source, options)
    declared = info.signature or Signature(inputs=())
    requests = tuple(map(_whole_bytes, requests_of(declared.inputs, task.inputs, str(path))))
    data = path.read_bytes()
    (task.staging / MODEL_FILE).write_bytes(data)
    runner = TFLiteRunner(data, _requested(declared, requests))
    return _exported(task, _answered(task, requests, runner.predict))


def _whole_bytes(request: InputRequest) -> InputRequest:
    """A byte is a pixel or a quantized number, and has any value."""
    return replace(request, below=BYTE) if _is_unbounded_byte(request) else request


def _is_unbounded_byte(request: InputRequest) -> bool:
    return request.dtype == "uint8" and request.below is None


def _quantized(
    task: ExportTask,
    ported: _Ported,
    quantize: str,
    samples: Sequence[Mapping[str, Array]],
    log: Log,
) -> ExportedModel:
    """How far it is from its source is measured with the samples, where there are any: what lies
    beyond their ranges is cut off."""
    cases = _answered(task, ported.requests, ported.of_file)
    calls = [ported.by_tensor(each) for each in samples[:MEASURED]] or [dict(cases[0].inputs)]
    apart = max(difference(ported.of_source(each), ported.of_file(each)) for each in calls)
    note = f"quantized to {quantize}: {apart:.2g} of the largest output away from its source"
    log.note(note)
    return _exported(task, cases, (f"converted by TensorFlow {tensorflow().__version__}", note))


def _samples(
    function: TracedModel, options: TFLiteOptions, where: str
) -> Sequence[Mapping[str, Array]]:
    """The inputs of each call that ranges are measured with; none where nothing is measured."""
    if options.quantize != "int8":
        if options.calibration is not None:
            raise UsageError("--calibration goes with --quantize int8", where=where)
        return ()
    if options.calibration is None:
        raise UsageError(
            "--quantize int8 measures the ranges of real inputs, and has none",
            where=where,
            hint="give --calibration FILE.npz, an array for each input, samples first",
        )
    specs = inputs.specs(inputs.random_inputs(function.requests, 0))
    path = options.calibration
    samples = calls_by_name(load_arrays(Path(path)), Signature(inputs=specs), path)
    if not samples:
        raise UsageError("has no samples", where=path)
    return samples


def _signature(data: bytes, requests: Sequence[InputRequest]) -> Signature:
    """The file's own, whose inputs the converter keeps in their order."""
    own = read.read_source(BytesSource(MODEL_FILE, data)).signature
    if own is None or len(own.inputs) != len(requests):
        names = ", ".join(request.name for request in requests)
        raise ExportFailed(
            f"the converted model does not take all of {names}",
            hint="an input that no output needs is left out: leave it out of the model too",
        )
    return own


def _requested(declared: Signature, requests: Sequence[InputRequest]) -> Signature:
    pairs = zip(declared.inputs, requests, strict=True)
    fixed = tuple(replace(spec, shape=request.shape) for spec, request in pairs)
    return replace(declared, inputs=fixed)


def _answered(
    task: ExportTask, requests: Sequence[InputRequest], source_model: Compute
) -> tuple[GoldenCase, ...]:
    where = task.source.where

    def compute(arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        try:
            return source_model(arrays)
        except NeopackError:
            raise
        except Exception as error:
            raise ExportFailed(
                f"TensorFlow cannot compute it: {first_line(error)}",
                where=where,
                hint=f"it was given {inputs.shapes_text(arrays)}",
            ) from error

    examples = task.examples(requests)
    return task.golden_cases(requests, examples, compute(examples), compute)


def _exported(
    task: ExportTask, cases: Sequence[GoldenCase], rewrites: tuple[str, ...] = ()
) -> ExportedModel:
    examples, outputs = cases[0].inputs, cases[0].outputs
    return ExportedModel(
        framework="TFLITE",
        members=(Member(name=MODEL_FILE, path=task.staging / MODEL_FILE),),
        signature=Signature(inputs=inputs.specs(examples), outputs=inputs.specs(outputs)),
        goldens=task.save_goldens(cases),
        versions={"tensorflow": tensorflow().__version__, "python": platform.python_version()},
        rewrites=rewrites,
    )
