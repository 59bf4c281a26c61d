"""Prove a packaged model: load it in the exact version that Neo compiles with, compute the golden
inputs there, and compare the outputs with those of the user's own model."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack import facts, runtimes
from neopack.archive.manifest import goldens_of, manifest_of, record_evidence
from neopack.artifacts.load import open_archive, unpack
from neopack.errors import SourceError, Unsupported, UsageError, VerificationFailed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.frameworks import registry
from neopack.goldens.cases import load_cases
from neopack.goldens.comparison import check_max_difference
from neopack.outputs.staging import staging_directory
from neopack.proving import comparing
from neopack.rules.randomness import random_parts
from neopack.runtimes import Runtime, install
from neopack.values.artifact import Array
from neopack.values.evidence import Evidence
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["ALLOWED", "Proof", "prove", "runtime_for", "verify"]

# the default limit of the relative difference: rounding in another version's kernels
ALLOWED = 1e-4
ALLOWED_HALF = 2e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The model to prove: its main file, the parts beside it, and the golden numbers. ``archived``
    says that it is in an archive already."""

    subject: str
    framework: str
    framework_version: str
    model: Path
    parts: Sequence[Path]
    signature: Signature
    goldens: Path
    runtime: str | None = None
    max_difference: float | None = None
    random: tuple[str, ...] = ()
    archived: bool = False


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
                random=manifest.random,
                archived=True,
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

    Raises ``UsageError`` for a runtime of another framework and for one of Neo's loader,
    ``Unsupported`` if there is none.
    """
    if name is not None:
        runtime = runtimes.get(name)
        if runtime.framework != framework:
            raise UsageError(f"{name} runs {runtime.framework}, but this is a {framework} model")
        if runtime.compiler:
            raise UsageError(f"{name} has Neo's public loader: it converts models, and runs none")
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
    cases = load_cases(proof.goldens)
    info = _info(proof)
    random = proof.random or random_parts(info)
    allowed = _allowed(proof, info) if proof.max_difference is None else proof.max_difference
    comparing.refuse_empty(cases, proof.subject)
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
            compared = comparing.compared(cases, compute, math.inf if random else allowed)
    comparing.refuse(compared, _packaged(proof), runtime.name)
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


def _info(proof: Proof) -> ModelInfo:
    """What the packaged bytes tell."""
    files, name = comparing.files_of(proof.model, proof.parts)
    return registry.get(proof.framework).read(files, name, DEFAULT_LIMITS)


def _allowed(proof: Proof, info: ModelInfo) -> float:
    """Of a model with float16 inside, whose numbers have 11 bits, more than of others."""
    dtypes = {*info.dtypes, *(spec.dtype for spec in proof.signature.outputs)}
    return ALLOWED_HALF if "float16" in dtypes else ALLOWED


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


def _packaged(proof: Proof) -> comparing.Packaged:
    return comparing.Packaged(
        subject=proof.subject,
        framework=proof.framework,
        model=proof.model,
        parts=proof.parts,
        signature=proof.signature,
        archived=proof.archived,
    )
