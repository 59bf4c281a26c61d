"""Prove a packaged model: load it in the exact version that Neo compiles with, compute the golden
inputs there, and compare the outputs with those of the user's own model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack import facts, runtimes
from neopack.archive.manifest import goldens_of, manifest_of, record_evidence
from neopack.artifacts.load import open_archive, unpack
from neopack.errors import SourceError, Unsupported, UsageError, VerificationFailed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.goldens.arrays import load_goldens
from neopack.goldens.comparison import check_max_difference, difference
from neopack.outputs.staging import staging_directory
from neopack.runtimes import Runtime, install
from neopack.values.artifact import Array
from neopack.values.evidence import Evidence, OutputEvidence
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["ALLOWED", "Proof", "prove", "runtime_for", "verify"]

# the default limit of the relative difference: rounding in another version's kernels
ALLOWED = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The model to prove: its main file, the parts beside it, and the golden numbers."""

    subject: str
    framework: str
    framework_version: str
    model: Path
    parts: Sequence[Path]
    signature: Signature
    goldens: Path
    runtime: str | None = None
    max_difference: float | None = None


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
    ``SourceError`` without golden numbers to compare with, ``Unsupported`` for a ``target`` that
    does not take models of this framework.
    """
    check_max_difference(max_difference)
    if runtime is not None:
        runtimes.get(runtime)  # refuse an unknown name before reading anything
    with log.step("reading"):
        opened = open_archive(archive, limits)
    if opened.compiled is not None:
        raise UsageError(
            "is compiled already",
            where=str(archive),
            hint="verify the archive before it is compiled",
        )
    manifest = manifest_of(archive, opened.scan.content_sha256)
    goldens = goldens_of(archive, opened.scan.content_sha256)
    if manifest is None or goldens is None:
        raise SourceError(
            "has no golden outputs beside it to compare with",
            where=str(archive),
            hint="keep the .neopack.json and .golden.npz that package wrote",
        )
    version = manifest.framework_version
    if target is not None:
        version = _version_of(opened.framework, facts.target(target))
    with staging_directory() as staging:
        model = unpack(opened, staging, limits)
        files = [path for path in staging.rglob("*") if path.is_file() and path != model]
        evidence = prove(
            Proof(
                subject=archive.name,
                framework=opened.framework,
                framework_version=version,
                model=model,
                parts=sorted(files),
                signature=manifest.signature,
                goldens=goldens,
                runtime=runtime,
                max_difference=max_difference,
            ),
            log,
        )
    record_evidence(archive, manifest, evidence)
    return evidence


def _version_of(framework: str, target: Target) -> str:
    """The default version of ``target``. Raises ``Unsupported`` if it lacks the framework."""
    if facts.support(framework, target) is None:
        raise Unsupported(
            f"Neo lists no {framework} models for {target.name}, so there is no version to prove",
            hint=f"neopack targets --framework {framework} lists the targets that take them",
        )
    return facts.default_version(framework, target)


def runtime_for(framework: str, version: str, name: str | None = None) -> Runtime:
    """Return the runtime ``name``, or the closest to what Neo compiles with.

    Raises ``UsageError`` for a runtime of another framework, ``Unsupported`` if there is none.
    """
    if name is not None:
        runtime = runtimes.get(name)
        if runtime.framework != framework:
            raise UsageError(f"{name} runs {runtime.framework}, but this is a {framework} model")
        return runtime
    closest = runtimes.closest(framework, version)
    if closest is None:
        raise Unsupported(f"there is no exact runtime for {framework} models")
    return closest


def prove(proof: Proof, log: Log) -> Evidence:
    """Load and compute in the exact version. Raises ``VerificationFailed`` if that fails."""
    runtime = runtime_for(proof.framework, proof.framework_version, proof.runtime)
    exact = runtimes.is_exact(runtime, proof.framework_version)
    if not exact:
        log.note(_inexact(proof, runtime))
    inputs, golden = load_goldens(proof.goldens)
    _refuse_empty(golden, proof.subject)
    with runtimes.worker(
        runtime.name, log=log, failure=VerificationFailed, subject=proof.subject
    ) as worker:
        with log.step(f"loading in {runtime.name}"):
            start = time.monotonic()
            handle, _ = worker.call("load", _task(proof))
            seconds = time.monotonic() - start
            versions, _ = worker.call("versions")  # including packages that loading imported
        with log.step("computing the golden inputs"):
            _, computed = worker.call("predict", handle, arrays=inputs)
    allowed = ALLOWED if proof.max_difference is None else proof.max_difference
    evidence = Evidence(
        runtime=runtime.name,
        exact=exact,
        versions=versions,
        load_seconds=round(seconds, 3),
        difference=difference(golden, computed),
        allowed=allowed,
        outputs=tuple(_compared(name, golden[name], computed.get(name)) for name in golden),
        stood_in=install.stood_in(runtime),
    )
    _refuse(evidence, proof.subject)
    return evidence


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


def _compared(name: str, golden: Array, computed: Array | None) -> OutputEvidence:
    import numpy as np

    relative = difference({name: golden}, {} if computed is None else {name: computed})
    absolute = float("inf")
    if computed is not None and computed.shape == golden.shape:
        gaps = np.abs(golden.astype(np.float64) - computed.astype(np.float64))
        absolute = float(np.nanmax(gaps, initial=0.0))
    return OutputEvidence(
        name=name,
        dtype="" if computed is None else str(computed.dtype),
        shape=() if computed is None else computed.shape,
        absolute=absolute,
        relative=relative,
    )


def _refuse_empty(golden: Mapping[str, Array], subject: str) -> None:
    if not any(array.size for array in golden.values()):
        raise VerificationFailed(
            "its golden outputs are empty, so there is nothing to compare",
            where=subject,
            hint="package it with --example FILE.npz, inputs that give non-empty outputs",
        )


def _refuse(evidence: Evidence, subject: str) -> None:
    if evidence.difference <= evidence.allowed:
        return
    worst = max(evidence.outputs, key=lambda output: output.relative)
    where = f"output {worst.name!r}"
    if not worst.dtype:
        raise VerificationFailed(f"{evidence.runtime} returns no {where}", where=subject)
    raise VerificationFailed(
        f"{evidence.runtime} computes another {where}: it differs by {worst.relative:.2g} of the "
        f"largest golden number, more than {evidence.allowed:g}",
        where=subject,
        hint=f"accept it with --max-difference {1.1 * evidence.difference:.2g}",
    )
