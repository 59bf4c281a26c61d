"""Prove that Neo's public loader takes an archive, that its compiler builds it for a target, and
that what was built computes the golden outputs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack import facts, runtimes
from neopack.archive.manifest import record_compiler_evidence
from neopack.dataconfig.compiler_options import cpu_options
from neopack.errors import Missing, Unsupported, VerificationFailed
from neopack.facts.code_generation import generated_code, not_generated
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.goldens import ties
from neopack.goldens.arrays import in_dtype
from neopack.goldens.cases import GoldenCase, load_cases
from neopack.outputs.staging import staging_directory
from neopack.proving import comparing
from neopack.proving.proof import Proof, allowed_difference, archived, info_of, packaged
from neopack.rules.randomness import random_parts
from neopack.runtimes import Runtime, Worker, loading, this_cpu
from neopack.runtimes.loading import ConvertedModel
from neopack.values.artifact import Array
from neopack.values.evidence import CompilerEvidence
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.target import Target

__all__ = ["is_compiled_by_tvm", "prove_compiler", "verify_compiler"]

HERE = "llvm"
TREES = "C by Treelite, compiled with gcc"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Build:
    """What was built: the code for the target, the code that computes here, and how long the
    first of them took."""

    code: str
    computed_in: str
    seconds: float


def verify_compiler(
    archive: Path,
    *,
    target: str | None,
    max_difference: float | None,
    log: Log,
    limits: Limits = DEFAULT_LIMITS,
) -> CompilerEvidence:
    """Prove an archive by compiling it, and write the evidence into the manifest beside it.

    Raises ``VerificationFailed`` if the loader refuses the model, or it cannot be built, or
    computes other outputs; ``Unsupported`` for a target that Neo compiles for otherwise; and what
    ``archived`` raises.
    """
    with archived(archive, target, max_difference, limits, log) as (proof, manifest):
        evidence = prove_compiler(proof, log)
    record_compiler_evidence(archive, manifest, evidence)
    return evidence


def is_compiled_by_tvm(framework: str, target: Target, version: str) -> bool:
    """Whether Neo's loader and TVM (or Treelite) are what compiles such a model."""
    return facts.compiler_path(framework, target, version) == "tvm" and not not_generated(target)


def prove_compiler(proof: Proof, log: Log) -> CompilerEvidence:
    """Convert, build and compute. Raises what ``verify_compiler`` does."""
    runtime = _loader_for(proof)
    info = info_of(proof)
    cases = ties.settled(load_cases(proof.goldens), ranks=ties.ranks(info))
    random = proof.random or random_parts(info)
    allowed = allowed_difference(proof, info)
    comparing.refuse_empty(cases, proof.subject)
    with (
        staging_directory() as built,
        runtimes.worker(
            runtime.name, log=log, failure=VerificationFailed, subject=proof.subject
        ) as worker,
    ):
        with log.step("converting by Neo's public loader"):
            start = time.monotonic()
            model = _converted(proof, worker)
            seconds = time.monotonic() - start
        build = _built(proof, runtime, worker, built, log)
        versions, _ = worker.call("versions")
        with log.step("computing the golden inputs"):
            compared, returned = _compared(proof, worker, cases, math.inf if random else allowed)
    comparing.refuse(compared, packaged(proof, by_compiler=True), runtime.name)
    return CompilerEvidence(
        runtime=runtime.name,
        compiler=runtime.description,
        target=proof.target.name,
        framework_version=proof.framework_version,
        exact=runtimes.is_exact(runtime, proof.framework_version),
        versions=versions,
        code=build.code,
        computed_in=build.computed_in,
        operators=model.operators,
        load_seconds=round(seconds, 3),
        build_seconds=round(build.seconds, 3),
        difference=max(output.relative for output in compared.outputs),
        allowed=allowed,
        outputs=compared.outputs,
        cases=compared.cases,
        remarks=(
            *_input_remarks(proof, model.dtypes),
            *_output_remarks(proof, returned),
            *_build_remarks(proof, build),
        ),
        random=random,
    )


def _loader_for(proof: Proof) -> Runtime:
    """The loader's runtime. Raises ``Unsupported`` where Neo does not compile with it."""
    framework, target, version = proof.framework, proof.target, proof.framework_version
    if not is_compiled_by_tvm(framework, target, version):
        other = not_generated(target) or "another compiler takes it"
        raise Unsupported(
            f"Neo compiles {framework} {version} for {target.name} without its loader: {other}",
            where=proof.subject,
            hint="devices and platforms such as linux/arm64 go through the loader",
        )
    runtime = runtimes.closest_loader(framework, version)
    if runtime is None:
        raise Unsupported(f"there is no runtime of Neo's loader for {framework} models")
    return runtime


def _converted(proof: Proof, worker: Worker) -> ConvertedModel:
    model = loading.converted(
        worker,
        framework=proof.framework,
        folder=proof.folder,
        members=proof.members,
        signature=proof.signature,
        config=proof.data_input_config,
    )
    if model.refused:
        raise VerificationFailed(
            f"Neo's public loader refuses it: {model.refused}",
            where=proof.subject,
            hint="neopack explain, given these words, says what they mean",
        )
    return model


# --- building -------------------------------------------------------------------------------


def _built(proof: Proof, runtime: Runtime, worker: Worker, folder: Path, log: Log) -> _Build:
    if proof.framework == "XGBOOST":  # trees become C, whatever it is compiled for
        seconds = _build(proof, runtime, worker, TREES, folder / "trees.so", log)
        return _Build(code=TREES, computed_in=TREES, seconds=seconds)
    stated = cpu_options(proof.compiler_options)
    code = generated_code(proof.target, stated.mcpu, stated.mattr)
    if this_cpu.runs(code):
        seconds = _build(proof, runtime, worker, code.name, None, log)
        return _Build(code=code.name, computed_in=code.name, seconds=seconds)
    seconds = 0.0
    if code.name:
        seconds = _build(proof, runtime, worker, code.name, folder, log)
    here = _build(proof, runtime, worker, HERE, None, log)
    return _Build(code=code.name, computed_in=HERE, seconds=seconds or here)


def _build(
    proof: Proof, runtime: Runtime, worker: Worker, code: str, path: Path | None, log: Log
) -> float:
    """The seconds that it took. Without ``path`` it is ready to compute in the worker."""
    task: Json = {"code": code, "runs": path is None, "path": str(path or "")}
    start = time.monotonic()
    with log.step(f"building for {code}"):
        answer, _ = worker.call("build", task, timeout=loading.BUILD_WITHIN)
    if answer.get("missing"):
        raise Missing(answer["missing"], hint="install it: apt-get install gcc, for example")
    if answer["refused"]:
        raise VerificationFailed(
            f"{runtime.compiler} cannot build it for {code}: {answer['refused']}",
            where=proof.subject,
        )
    return time.monotonic() - start


# --- computing ------------------------------------------------------------------------------


def _compared(
    proof: Proof, worker: Worker, cases: Sequence[GoldenCase], allowed: float
) -> tuple[comparing.ComparedCases, dict[str, str]]:
    """With the dtype of each output as what was built returns it."""
    dtypes = {spec.name: spec.dtype for spec in proof.signature.outputs}
    returned: dict[str, str] = {}

    def compute(inputs: Mapping[str, Array]) -> dict[str, Array]:
        outputs = worker.call("predict", None, arrays=dict(inputs))[1]
        returned.update({name: str(array.dtype) for name, array in outputs.items()})
        return {name: in_dtype(array, dtypes.get(name, "")) for name, array in outputs.items()}

    return comparing.compared(cases, compute, allowed, _told), returned


def _told(case: GoldenCase, computed: Mapping[str, Array]) -> frozenset[str]:
    """What is compiled answers otherwise where integers need more bits than it has."""
    wide = case.exceeds(loading.INTEGER_BITS)
    return frozenset(case.outputs) if wide else ties.told(case, computed)


def _output_remarks(proof: Proof, returned: Mapping[str, str]) -> Iterator[str]:
    for spec in proof.signature.outputs:
        dtype = returned.get(spec.name, spec.dtype)
        if dtype != spec.dtype:
            yield f"the compiled model returns {spec.name!r} as {dtype}, not {spec.dtype}"


def _input_remarks(proof: Proof, dtypes: Mapping[str, str]) -> Iterator[str]:
    for spec in proof.signature.inputs:
        dtype = dtypes.get(spec.name, "")
        if dtypes and not dtype:
            yield f"the compiled model does not take the input {spec.name!r}: nothing needs it"
        elif dtype not in ("", spec.dtype):
            yield f"the compiled model takes the input {spec.name!r} as {dtype}, not {spec.dtype}"


def _build_remarks(proof: Proof, build: _Build) -> Iterator[str]:
    if build.code != build.computed_in:
        code = build.code or f"the code of {proof.target.name} is not known, and"
        why = f"{code} does not run here" if build.code else f"{code} none was generated for it"
        yield f"{why}: the numbers are those of code for this CPU"
    if proof.target.accelerator:
        yield f"code for the CPU only: none was generated for {proof.target.accelerator}"
