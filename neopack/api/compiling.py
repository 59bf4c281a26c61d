"""From an archive to an artifact, and to answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from neopack.api.places import path_of
from neopack.artifacts import answer as answers
from neopack.artifacts.loaded_model import load
from neopack.compiling import local
from neopack.compiling.target_choice import target_of
from neopack.errors import UsageError
from neopack.options import (
    CompileChoices,
    CompileOptions,
    JobOptions,
    Place,
    WaitOptions,
    chosen,
)
from neopack.reports.notebook_log import log as default_log
from neopack.values.artifact import CompiledArtifact
from neopack.values.log import Log, SilentLog


def compile(  # noqa: A001 - Neo's own word
    archive: Place,
    *,
    target: str | None = None,
    output: Place | None = None,
    options: CompileOptions | JobOptions | None = None,
    wait: WaitOptions | None = None,
    log: Log | None = None,
    **choices: Unpack[CompileChoices],
) -> CompiledArtifact:
    """Compile an archive; the artifact's ``path`` is the new archive. Without ``target``, for the
    target that its manifest names; ``UsageError`` where none does.

    Here, with a local engine, the outputs are compared with the golden ones:
    ``VerificationFailed`` where they differ by more than ``max_difference`` (1e-3 of the largest
    in fp32 unless given). With ``JobOptions`` a compilation job of SageMaker does it:
    ``JobFailed`` where the job fails, another ``ServiceError`` where AWS refuses.
    """
    log = log or default_log()
    target = target or target_of(Path(archive), (), "", log)
    if isinstance(options, JobOptions):
        if choices or output is not None:
            raise UsageError("JobOptions say everything about a job", where=str(archive))
        return _by_job(archive, target, options, wait, log)
    return local.compile_archive(
        Path(archive), target, path_of(output), chosen(CompileOptions, options, choices), log
    )


def _by_job(
    archive: Place, target: str, options: JobOptions, wait: WaitOptions | None, log: Log
) -> CompiledArtifact:
    from neopack.sagemaker import following, verbs

    outcomes = verbs.submit(archive, [target], options, wait=wait, log=log)
    following.raise_for(outcomes)
    return following.compiled(outcomes[0])


def run(
    archive: Place, inputs: Mapping[str, Any], *, threads: int | None = None
) -> dict[str, Any]:
    """Load an archive and compute once: arrays in by name, arrays out by name."""
    return load(archive, threads=threads, cache=False).predict(inputs)


def answer(
    archive: Place,
    *,
    inputs: Place | None = None,
    seed: int = 0,
    threads: int | None = None,
    output: Place | None = None,
    force: bool = False,
    log: Log | None = None,
) -> answers.Answer:
    """``run`` from files: the arrays of an .npz, or seeded ones, in; a summary out."""
    return answers.answer(
        Path(archive),
        inputs=path_of(inputs),
        seed=seed,
        threads=threads,
        output=path_of(output),
        force=force,
        log=log or SilentLog(),
    )
