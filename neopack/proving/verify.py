"""Prove a packaged model: load it in the exact version that Neo compiles with, compute the golden
inputs there, and compare the outputs with those of the user's own model."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path

from neopack import runtimes
from neopack.archive.manifest import record_evidence
from neopack.errors import Unsupported, UsageError, VerificationFailed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.goldens import ties
from neopack.goldens.cases import load_cases
from neopack.proving import comparing
from neopack.proving.proof import Proof, allowed_difference, archived, info_of, packaged
from neopack.rules.randomness import random_parts
from neopack.runtimes import Runtime, install
from neopack.values.artifact import Array
from neopack.values.evidence import Evidence
from neopack.values.json import Json
from neopack.values.log import Log

__all__ = ["prove", "runtime_for", "verify"]


def verify(
    archive: Path,
    *,
    runtime: str | None,
    target: str | None,
    max_difference: float | None,
    log: Log,
    limits: Limits = DEFAULT_LIMITS,
) -> Evidence:
    """Prove an archive, and write the evidence into the manifest beside it.

    Raises ``VerificationFailed`` if the version cannot load the model or computes other outputs,
    and what ``archived`` raises.
    """
    if runtime is not None:
        runtimes.get(runtime)  # refuse an unknown name before reading anything
    with archived(archive, target, max_difference, limits, log) as (proof, manifest):
        evidence = prove(proof, runtime, log)
    record_evidence(archive, manifest, evidence)
    return evidence


def runtime_for(framework: str, version: str, name: str | None = None) -> Runtime:
    """Return the runtime ``name``, or the closest to what Neo compiles with.

    Raises ``UsageError`` for a runtime of another framework and for one of Neo's loader,
    ``Unsupported`` if there is none.
    """
    if name is not None:
        runtime = runtimes.get(name)
        if runtime.framework != framework:
            raise UsageError(f"{name} runs {runtime.framework}, but this is a {framework} model")
        if runtime.compiler:
            raise UsageError(
                f"{name} has Neo's public loader: it converts models, and runs none",
                hint="neopack verify ARCHIVE --compiler uses it",
            )
        return runtime
    closest = runtimes.closest(framework, version)
    if closest is None:
        loader = runtimes.closest_loader(framework, version) is not None
        raise Unsupported(
            f"there is no exact runtime for {framework} models",
            hint="neopack verify ARCHIVE --compiler proves them by Neo's loader" if loader else "",
        )
    return closest


def prove(proof: Proof, runtime_name: str | None, log: Log) -> Evidence:
    """Load and compute in the exact version. Raises ``VerificationFailed`` if that fails."""
    runtime = runtime_for(proof.framework, proof.framework_version, runtime_name)
    exact = runtimes.is_exact(runtime, proof.framework_version)
    if not exact:
        log.note(_inexact(proof, runtime))
    info = info_of(proof)
    cases = ties.settled(load_cases(proof.goldens), ranks=ties.ranks(info))
    random = proof.random or random_parts(info)
    allowed = allowed_difference(proof, info)
    comparing.refuse_empty(cases, proof.subject)
    told = comparing.told_of(cases, info, packaged(proof))
    with runtimes.worker(
        runtime.name, log=log, failure=VerificationFailed, subject=proof.subject
    ) as worker:
        with log.step(f"loading in {runtime.name}"):
            start = time.monotonic()
            handle, _ = worker.call("load", _task(proof))
            seconds = time.monotonic() - start
            for remark in handle.get("remarks", ()):
                log.note(remark)
            versions, _ = worker.call("versions")  # including packages that loading imported

        def compute(inputs: Mapping[str, Array]) -> dict[str, Array]:
            return worker.call("predict", handle, arrays=dict(inputs))[1]

        with log.step("computing the golden inputs"):
            compared = comparing.compared(cases, compute, math.inf if random else allowed, told)
    comparing.refuse(compared, packaged(proof), runtime.name)
    return Evidence(
        runtime=runtime.name,
        exact=exact,
        framework_version=proof.framework_version,
        versions=versions,
        load_seconds=round(seconds, 3),
        difference=max(output.relative for output in compared.outputs),
        allowed=allowed,
        outputs=compared.outputs,
        cases=compared.cases,
        stood_in=install.stood_in(runtime),
        random=random,
    )


def _inexact(proof: Proof, runtime: Runtime) -> str:
    version = f"{proof.framework} {proof.framework_version}"
    return f"Neo compiles with {version}, which has no runtime; proving in {runtime.name}"


def _task(proof: Proof) -> Json:
    return {
        "path": str(proof.model),
        "parts": [str(path) for path in proof.parts],
        "inputs": [spec.name for spec in proof.signature.inputs],
        "outputs": [spec.name for spec in proof.signature.outputs],
    }
