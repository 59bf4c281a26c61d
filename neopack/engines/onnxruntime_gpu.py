"""ONNX Runtime on an NVIDIA GPU, by its CUDA and TensorRT providers.

ONNX models, MXNet's as neopack writes them, and TorchScript as PyTorch writes it. The artifact is
an ONNX model, ``compiled.onnx``, in float16 where that is the precision. A local compilation,
never a Neo job. Options of the providers: onnxruntime.ai, "CUDA Execution Provider" and "TensorRT
Execution Provider" (2026).
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from neopack import distributions
from neopack.distributions import install_hint
from neopack.engines import ArtifactOption, Availability, EngineVerdict, registry
from neopack.errors import EngineFailed, Missing, Unsupported, first_line
from neopack.outputs.atomic import refuse_full
from neopack.values.artifact import Array, CompilationRequest, CompiledArtifact, Runner
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.model import Member
from neopack.values.signature import Signature

__all__ = ["OnnxRuntimeGpu", "engine", "has_gpu", "providers"]

MODEL = "compiled.onnx"
DISTRIBUTION = "onnxruntime-gpu"
CUDA, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"
# a folder for each GPU, which NVIDIA's driver keeps
DRIVER = Path("/proc/driver/nvidia/gpus")
NO_GPU = "there is no NVIDIA GPU here"
OPSET = 17
ONLY_ERRORS = 3
# the largest relative difference from the golden outputs that passes unasked; factors in TF32 have
# as many bits as in float16
ALLOWED = {"fp32": 1e-3, "tf32": 1e-2, "fp16": 1e-2}
Provider: TypeAlias = tuple[str, dict[str, str]]


def has_gpu() -> bool:
    return DRIVER.is_dir() and any(DRIVER.iterdir())


def providers(precision: str, available: Sequence[str]) -> list[Provider]:
    """Those that compute a model, the first that can.

    TensorRT rounds to TF32 unless an environment variable forbids it, so it computes fp16 alone.
    Raises ``Unsupported`` where ONNX Runtime has none for GPUs.
    """
    if CUDA not in available:
        raise Unsupported(
            "ONNX Runtime has no CUDA provider here", hint=registry.install_hint(DISTRIBUTION)
        )
    chosen: list[Provider] = []
    if precision == "fp16" and TENSORRT in available:
        chosen.append((TENSORRT, {"trt_fp16_enable": "1"}))
    chosen.append((CUDA, {"use_tf32": str(int(precision == "tf32"))}))
    return chosen


class OnnxRuntimeGpu:
    name = DISTRIBUTION
    integer_bits = 64
    artifact_options = (ArtifactOption(name="gpu", values=tuple(ALLOWED)),)

    def available(self) -> Availability:
        found = distributions.version(DISTRIBUTION)
        return Availability(version=found, install=registry.install_hint(self.name))

    def supports(self, request: CompilationRequest) -> EngineVerdict:
        verdict = registry.verdict(self.name, request)
        if verdict.takes and not has_gpu():
            return EngineVerdict(takes=False, why_not=f"{self.name}: {NO_GPU}")
        return verdict

    def compile(self, request: CompilationRequest, out: Path, log: Log) -> CompiledArtifact:
        path = out / MODEL
        refuse_full(path, size=request.model.stat().st_size)
        with log.step("converting"):
            _write(request, path)
        return CompiledArtifact(
            engine=self.name,
            engine_version=distributions.version(DISTRIBUTION) or "",
            target=request.target.name,
            precision=request.precision,
            members=(Member(name=MODEL, path=path),),
            signature=request.signature,
            options={"gpu": request.precision},
        )

    def allowed_difference(self, precision: str) -> float:
        return ALLOWED[precision]

    def load(
        self,
        folder: Path,
        signature: Signature,
        options: Mapping[str, Json],
        threads: int | None,
    ) -> Runner:
        return GpuRunner(folder, signature, str(options.get("gpu", "fp32")), threads)


class GpuRunner:
    """One session; ONNX Runtime lets threads share it."""

    def __init__(
        self, folder: Path, signature: Signature, precision: str, threads: int | None
    ) -> None:
        if not has_gpu():
            raise Unsupported(NO_GPU, hint="load it on a machine that has one")
        self.signature = signature
        self._session = _session(folder / MODEL, precision, threads)
        self._outputs = [spec.name for spec in signature.outputs]

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        return dict(
            zip(self._outputs, self._session.run(self._outputs, dict(inputs)), strict=True)
        )


def _session(path: Path, precision: str, threads: int | None) -> Any:
    runtime = _onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = ONLY_ERRORS
    if threads:
        options.intra_op_num_threads = threads
    chosen = providers(precision, runtime.get_available_providers())
    try:
        session = runtime.InferenceSession(str(path), options, providers=chosen)
    except Exception as error:
        raise EngineFailed(f"ONNX Runtime cannot load the model: {first_line(error)}") from error
    # it goes on with the CPU where CUDA does not start
    if CUDA not in session.get_providers():
        raise Unsupported("ONNX Runtime cannot use the GPU here", hint="is its CUDA the driver's?")
    return session


def _write(request: CompilationRequest, path: Path) -> None:
    """The model as ONNX, in float16 where that is asked; inputs and outputs keep their dtypes."""
    if request.framework == "PYTORCH":
        _write_torchscript(request, path)
    else:
        shutil.copyfile(request.model, path)
    if request.precision == "fp16":
        import onnx
        from onnxruntime.transformers.float16 import convert_float_to_float16

        small = convert_float_to_float16(onnx.load(str(path)), keep_io_types=True)
        onnx.save(small, str(path))


def _write_torchscript(request: CompilationRequest, path: Path) -> None:
    """By PyTorch's exporter of TorchScript, which its newer one does not take."""
    try:
        import torch
    except ImportError:
        raise Missing("TorchScript is read by torch", hint=install_hint("torch")) from None
    specs = request.signature.inputs
    examples = tuple(torch.zeros(spec.shape, dtype=getattr(torch, spec.dtype)) for spec in specs)
    try:
        with warnings.catch_warnings():  # that the exporter is the older one
            warnings.simplefilter("ignore")
            torch.onnx.export(
                torch.jit.load(str(request.model), map_location="cpu").eval(),
                examples,
                str(path),
                input_names=[spec.name for spec in specs],
                output_names=[spec.name for spec in request.signature.outputs],
                opset_version=OPSET,
                dynamo=False,
            )
    except Exception as error:
        raise EngineFailed(f"PyTorch cannot write it as ONNX: {first_line(error)}") from error


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise Missing(
            f"ONNX Runtime is not installed ({error})", hint=registry.install_hint(DISTRIBUTION)
        ) from None
    return onnxruntime


engine = OnnxRuntimeGpu()
