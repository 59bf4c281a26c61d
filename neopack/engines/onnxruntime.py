"""ONNX Runtime: models of trees for x86-64 CPUs, as ONNX models that neopack writes itself.

The artifact is that model, ``compiled.onnx``, and where C is compiled here the trees as machine
code too (``tree_code``), which is faster. XGBoost and a compiler are not needed to run it. A local
compilation, never a Neo job.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from neopack import distributions
from neopack.engines import ArtifactOption, Availability, EngineVerdict, registry, tree_code
from neopack.errors import EngineFailed, Missing, first_line
from neopack.outputs.atomic import refuse_full
from neopack.values.artifact import Array, CompilationRequest, CompiledArtifact, Runner
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.model import Member
from neopack.values.signature import Signature

__all__ = ["OnnxRuntime", "engine"]

MODEL = "compiled.onnx"
PROVIDERS = ["CPUExecutionProvider"]
ONLY_ERRORS = 3
# the largest relative difference from the golden outputs that passes unasked: of sums in float32
# that are added in another order
ALLOWED = 1e-5
# rows that one thread computes at once; fewer are not worth a second thread
ROWS = 256


class OnnxRuntime:
    name = "onnxruntime"
    integer_bits = 64
    artifact_options: tuple[ArtifactOption, ...] = ()

    def available(self) -> Availability:
        return Availability(version=_version(), install=registry.install_hint(self.name))

    def supports(self, request: CompilationRequest) -> EngineVerdict:
        return registry.verdict(self.name, request)

    def compile(self, request: CompilationRequest, out: Path, log: Log) -> CompiledArtifact:
        path = out / MODEL
        refuse_full(path, size=request.model.stat().st_size)
        shutil.copyfile(request.model, path)
        with log.step("loading what was written"):
            _refuse_misfit(_session(path), request.signature)
        with log.step("building the trees"):
            _build_trees(path, out, log)
        return CompiledArtifact(
            engine=self.name,
            engine_version=_version() or "",
            target=request.target.name,
            precision=request.precision,
            members=tuple(
                Member(name=each.name, path=each) for each in (path, *tree_code.parts(out))
            ),
            signature=request.signature,
        )

    def allowed_difference(self, precision: str) -> float:
        return ALLOWED

    def load(
        self,
        folder: Path,
        signature: Signature,
        options: Mapping[str, Json],
        threads: int | None,
    ) -> Runner:
        return OnnxRuntimeRunner(folder, signature, options, threads)


class OnnxRuntimeRunner:
    """One session, in which every call computes in its own thread. Many rows are shared out among
    threads: a row of trees is computed apart from others, and alike in any company."""

    def __init__(
        self,
        folder: Path,
        signature: Signature,
        options: Mapping[str, Json],
        threads: int | None = None,
    ) -> None:
        self.signature = signature
        self._session = _session(folder / MODEL)
        _refuse_misfit(self._session, signature)
        (self._input,) = (each.name for each in self._session.get_inputs())
        (self._name,) = (spec.name for spec in signature.inputs)
        self._outputs = [spec.name for spec in signature.outputs]
        self._kernel = _kernel(folder, signature)
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._threads)

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        rows = inputs[self._name]
        if len(rows) < 2 * ROWS or self._threads == 1:
            answers = self._computed(rows)
        else:
            answers = self._computed_in_parts(rows)
        return dict(zip(self._outputs, answers, strict=True))

    def _computed(self, rows: Array) -> list[Array]:
        if self._kernel is not None:
            return self._kernel.computed(rows, self._outputs)
        answers: list[Array] = self._session.run(self._outputs, {self._input: rows})
        return answers

    def _computed_in_parts(self, rows: Array) -> list[Array]:
        import numpy as np

        parts = np.array_split(rows, min(self._threads, len(rows) // ROWS))
        answers = list(self._pool.map(self._computed, parts))
        return [np.concatenate(each) for each in zip(*answers, strict=True)]


def _build_trees(model: Path, out: Path, log: Log) -> None:
    try:
        if not tree_code.build(model, out):
            log.note("these trees stay with ONNX Runtime alone, which is slower for many rows")
    except Missing as error:
        log.note(f"ONNX Runtime alone computes the trees, slower for many rows: {error.message}")


def _kernel(folder: Path, signature: Signature) -> tree_code.TreeKernel | None:
    (rows,) = signature.inputs
    if not tree_code.is_built(folder):
        return None
    return tree_code.TreeKernel(folder, rows.shape[1] or 0, _session)


def _refuse_misfit(session: Any, signature: Signature) -> None:
    """Raise ``EngineFailed`` unless the model has one input, and the signature's outputs."""
    inputs, outputs = session.get_inputs(), {each.name for each in session.get_outputs()}
    lacking = {spec.name for spec in signature.outputs} - outputs
    if lacking:
        raise EngineFailed(f"the compiled model has no output {min(lacking)!r}")
    if len(inputs) != 1 or len(signature.inputs) != 1:
        raise EngineFailed(
            f"the compiled model has {len(inputs)} inputs and its manifest "
            f"{len(signature.inputs)}, where trees have one"
        )


def _session(path: Path) -> Any:
    runtime = _onnxruntime()
    options = runtime.SessionOptions()
    # its own threads would add up a row's trees in another order
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ONLY_ERRORS
    try:
        return runtime.InferenceSession(str(path), options, providers=PROVIDERS)
    except Exception as error:
        raise EngineFailed(f"ONNX Runtime cannot load the model: {first_line(error)}") from error


def _version() -> str | None:
    return distributions.version("onnxruntime") or distributions.version("onnxruntime-gpu")


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise Missing(
            f"ONNX Runtime is not installed ({error})", hint=registry.install_hint("onnxruntime")
        ) from None
    return onnxruntime


engine = OnnxRuntime()
