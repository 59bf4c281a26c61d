"""OpenVINO: PyTorch, ONNX, TensorFlow, Keras, TensorFlow Lite and MXNet models for x86-64 CPUs.

The artifact is OpenVINO's own IR (``compiled.xml``, ``compiled.bin``) with float32 weights;
the precision it computes in is set when it is loaded (docs.openvino.ai, "Precision Control",
2026). A local compilation, never a Neo job.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from neopack import distributions
from neopack.distributions import install_hint
from neopack.engines import (
    ArtifactOption,
    Availability,
    EngineVerdict,
    QuantizationOrder,
    registry,
)
from neopack.errors import EngineFailed, Missing, Unsupported, first_line
from neopack.outputs.atomic import refuse_full
from neopack.values.artifact import Array, CompilationRequest, CompiledArtifact, Runner
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.model import Member
from neopack.values.signature import Batches, Signature, TensorSpec

__all__ = ["OpenVino", "engine"]

GRAPH, WEIGHTS = "compiled.xml", "compiled.bin"
SAVED_MODELS = ("saved_model.pb", "saved_model.pbtxt")
# neopack's word -> OpenVINO's property value, and the capability a CPU must have for it
PRECISIONS = {
    "fp32": ("f32", "FP32"),
    "bf16": ("bf16", "BF16"),
    "fp16": ("f16", "FP16"),
    # what is not quantized is in fp32
    "int8": ("f32", "INT8"),
    "int8-weights": ("f32", "FP32"),
}
# the lines that name operators in the report on a model that is not wholly converted
UNCONVERTED = re.compile(
    r"No (?:conversion rule|translator) found for (?:operations: )?(.+?)(?: node\.)?$",
    re.MULTILINE,
)
REFUSED = re.compile(r"Conversion is failed for: (.+)")
# the largest relative difference from golden outputs that passes unasked; those of int8 may lie
# outside the ranges that were calibrated: a metric of real data decides
ALLOWED = {
    "fp32": 1e-3,
    "bf16": 5e-2,
    "fp16": 1e-2,
    "int8": float("inf"),
    "int8-weights": 5e-2,
}


class OpenVino:
    name = "openvino"
    # its CPU plugin computes int64 as int32
    integer_bits = 32
    artifact_options = (
        ArtifactOption(name="PERFORMANCE_HINT", values=("LATENCY",)),
        ArtifactOption(
            name="INFERENCE_PRECISION_HINT",
            values=tuple(dict.fromkeys(value for value, _ in PRECISIONS.values())),
        ),
    )

    def available(self) -> Availability:
        return Availability(
            version=distributions.version("openvino"), install=registry.install_hint(self.name)
        )

    def supports(self, request: CompilationRequest) -> EngineVerdict:
        if request.compiler_options:
            why_not = "openvino reads no CompilerOptions: it finds the CPU when a model is loaded"
            return EngineVerdict(takes=False, why_not=why_not)
        return registry.verdict(self.name, request)

    def compile(self, request: CompilationRequest, out: Path, log: Log) -> CompiledArtifact:
        openvino = _openvino()
        properties = _properties(request.precision)
        with log.step("converting"):
            model = _convert(openvino, request)
            model = _fix_outputs(openvino, model, request.signature)
            _fix_inputs(openvino, model, request)
            refuse_full(out / WEIGHTS, size=request.model.stat().st_size)
            openvino.save_model(model, str(out / GRAPH), compress_to_fp16=False)
        return CompiledArtifact(
            engine=self.name,
            engine_version=str(openvino.__version__).split("-")[0],
            target=request.target.name,
            precision=request.precision,
            members=_members(out),
            signature=request.signature,
            options=properties,
        )

    def quantize(
        self, reference: CompiledArtifact, order: QuantizationOrder, out: Path, log: Log
    ) -> tuple[CompiledArtifact, tuple[str, ...]]:
        from neopack.engines.openvino_int8 import Ports, quantized

        openvino = _openvino()
        properties = _properties(order.precision)
        graph, weights = (str(member.path) for member in reference.members)
        names = [_port_name(at) for at in range(len(reference.signature.inputs))]
        with log.step("quantizing"):
            model = openvino.Core().read_model(graph, weights)
            small, kept = quantized(model, order, Ports(reference.signature, names), log)
            openvino.save_model(small, str(out / GRAPH), compress_to_fp16=False)
        artifact = replace(
            reference,
            precision=order.precision,
            members=_members(out),
            options=properties,
            difference=None,
        )
        return artifact, kept

    def allowed_difference(self, precision: str) -> float:
        return ALLOWED[precision]

    def load(
        self,
        folder: Path,
        signature: Signature,
        options: Mapping[str, Json],
        threads: int | None,
        streams: int | None = None,
        cache: Path | None = None,
    ) -> Runner:
        properties: dict[str, Json] = {**options}
        if threads:
            # who computes with a share of the cores has neighbors, whose threads OpenVINO would
            # bind to the same cores, the first ones
            properties |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        if streams:
            properties["NUM_STREAMS"] = streams
        if cache:  # without weights, which the files in the folder have
            properties |= {"CACHE_DIR": str(cache), "CACHE_MODE": "OPTIMIZE_SIZE"}
        return OpenVinoRunner(folder, signature, properties)


class OpenVinoRunner:
    """One compiled model, latency first, with as many inference requests as compute at once.

    A request that computes refuses others, so callers wait for a free one.
    """

    def __init__(
        self,
        folder: Path,
        signature: Signature,
        properties: Mapping[str, Json],
    ) -> None:
        openvino = _openvino()
        self.signature = signature
        _refuse_lacking(properties)
        try:
            # the weights lie beside the graph, under its name; only models from files are cached
            graph, own = str(folder / GRAPH), dict(properties)
            self._compiled = _in_a_thread(lambda: openvino.Core().compile_model(graph, "CPU", own))
        except RuntimeError as error:
            raise EngineFailed(
                f"OpenVINO cannot load the artifact: {first_line(error)}"
            ) from error
        self._free: SimpleQueue[Any] = SimpleQueue()
        for _ in range(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")):
            request = self._compiled.create_infer_request()
            # in OpenVINO 2026.4, threads that read the first array of a process at once wait for
            # each other for ever
            _ = [tensor.data for tensor in request.input_tensors]
            self._free.put(request)

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        arrays = {_port_name(i): inputs[spec.name] for i, spec in enumerate(self.signature.inputs)}
        names = [spec.name for spec in self.signature.outputs]
        request = self._free.get()
        try:
            answers = request.infer(arrays)
            # the next call of the request gives the same buffers again
            return {name: answers[i].copy() for i, name in enumerate(names)}
        except RuntimeError as error:
            raise EngineFailed(
                f"OpenVINO cannot compute the artifact: {first_line(error)}",
                hint="its graph does not fit its manifest: compile the archive again",
            ) from error
        finally:
            self._free.put(request)


def _members(out: Path) -> tuple[Member, ...]:
    return tuple(Member(name=name, path=out / name) for name in (GRAPH, WEIGHTS))


def _in_a_thread(compile_model: Callable[[], Any]) -> Any:
    """What it returns, computed in a thread that ends.

    OpenVINO 2026.4 gives the thread that compiles a signal stack and frees it with the model, in
    any order. A Ctrl-C that reaches the thread later ends the process with SIGSEGV.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(compile_model).result()


def _convert(openvino: Any, request: CompilationRequest) -> Any:
    try:
        if request.framework == "PYTORCH":
            return _convert_torchscript(openvino, request)
        if request.framework == "KERAS":
            return _convert_keras(openvino, request)
        # a SavedModel is its directory
        saved = request.model.name in SAVED_MODELS
        return openvino.convert_model(str(request.model.parent if saved else request.model))
    except Missing:
        raise
    except Exception as error:
        raise EngineFailed(
            f"OpenVINO cannot convert the model: {_reason(error)}",
            hint="a Neo job may: --backend sagemaker",
        ) from error


def _reason(error: Exception) -> str:
    """What is not converted, which OpenVINO says after where it checks that."""
    lacking, refused = UNCONVERTED.findall(str(error)), REFUSED.findall(str(error))
    if lacking:
        return f"it has no rule for {'; '.join(lacking)}"
    return f"it refuses what {'; '.join(refused)} takes" if refused else first_line(error)


def _convert_torchscript(openvino: Any, request: CompilationRequest) -> Any:
    try:
        import torch
    except ImportError:
        raise Missing(
            "OpenVINO reads TorchScript through torch", hint=install_hint("torch")
        ) from None
    module = torch.jit.load(str(request.model), map_location="cpu").eval()
    shapes = [
        (
            _partial_shape(openvino, spec, request.batches),
            openvino.Type(spec.dtype) if spec.dtype else openvino.Type.f32,
        )
        for spec in request.signature.inputs
    ]
    return openvino.convert_model(module, input=shapes)


def _convert_keras(openvino: Any, request: CompilationRequest) -> Any:
    """An .h5 file through the Keras that is installed, traced in TensorFlow."""
    keras, tf = _keras_on_tensorflow()
    model = keras.models.load_model(str(request.model), compile=False, safe_mode=True)

    def function(*inputs: Any) -> dict[str, Any]:
        answer = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
        # named by their place: OpenVINO sorts outputs by name
        return {f"output{i:04}": one for i, one in enumerate(keras.tree.flatten(answer))}

    free = [None] if request.batches else []
    specs = [
        tf.TensorSpec([*free, *spec.shape[len(free) :]], spec.dtype)
        for spec in request.signature.inputs
    ]
    traced = tf.function(function, input_signature=specs, autograph=False)
    return openvino.convert_model(traced.get_concrete_function())


def _keras_on_tensorflow() -> tuple[Any, Any]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras
        import tensorflow as tf
    except ImportError as error:
        raise Missing(
            f"OpenVINO reads .h5 files through Keras on TensorFlow ({error})",
            hint=f"{install_hint('keras')} tensorflow-cpu",
        ) from None
    if keras.backend.backend() != "tensorflow":
        raise Missing(
            f"OpenVINO reads .h5 files through Keras on TensorFlow, not {keras.backend.backend()}",
            hint="set KERAS_BACKEND=tensorflow",
        )
    return keras, tf


def _partial_shape(openvino: Any, spec: TensorSpec, batches: Batches | None) -> Any:
    dims = [-1 if dim is None else dim for dim in spec.shape]
    first = [openvino.Dimension(*batches)] if batches else dims[:1]
    return openvino.PartialShape([*first, *dims[1:]])


def _fix_inputs(openvino: Any, model: Any, request: CompilationRequest) -> None:
    """Freeze the shapes, as Neo does, but for a range of batches, and name the inputs by their
    place in the signature."""
    signature = request.signature
    if len(model.inputs) != len(signature.inputs):
        raise EngineFailed(
            f"the model has {len(model.inputs)} inputs and its manifest {len(signature.inputs)}",
            hint="package the model again",
        )
    by_name = _by_name(model.inputs)
    ports = [by_name.get(s.name, model.inputs[i]) for i, s in enumerate(signature.inputs)]
    for index, port in enumerate(ports):
        port.get_tensor().set_names({_port_name(index)})
    model.reshape(
        {
            port: _partial_shape(openvino, spec, request.batches)
            for port, spec in zip(ports, signature.inputs, strict=True)
        }
    )


def _fix_outputs(openvino: Any, model: Any, signature: Signature) -> Any:
    """The outputs in the signature's order, where their names tell; TensorFlow's have none."""
    by_name = _by_name(model.outputs)
    names = [spec.name for spec in signature.outputs]
    if not set(names) <= set(by_name) or len(names) != len(model.outputs):
        return model
    results = [by_name[name].get_node() for name in names]
    return openvino.Model(results, model.get_parameters(), model.get_friendly_name())


def _by_name(ports: Any) -> dict[str, Any]:
    """By the names of their tensors, which TensorFlow ends in :0."""
    return {name.removesuffix(":0"): port for port in ports for name in port.get_names()}


def _port_name(index: int) -> str:
    return f"neopack.input{index}"


def _properties(precision: str) -> dict[str, Json]:
    """Properties for compile_model; refuses what this CPU would not really compute in."""
    value, capability = PRECISIONS[precision]
    able = _openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if capability not in able:
        raise Unsupported(
            f"this CPU does not compute in {precision}", hint=f"it can: {', '.join(sorted(able))}"
        )
    return {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": value}


def _refuse_lacking(properties: Mapping[str, Json]) -> None:
    """Refuse bits that this CPU lacks: an artifact may come from another one, and OpenVINO would
    compute in others without a word."""
    hint = properties.get("INFERENCE_PRECISION_HINT")
    for precision in ("bf16", "fp16"):
        if PRECISIONS[precision][0] == hint:
            _properties(precision)


def _openvino() -> Any:
    """OpenVINO without its telemetry, which forks processes that try to reach the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as error:
        raise Missing(
            f"OpenVINO is not installed ({error})", hint=registry.install_hint("openvino")
        ) from None
    return openvino


engine = OpenVino()
