"""Which runtimes the builds of a project use, before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from neopack import facts, runtimes
from neopack.build.refusing import refuse_incomplete
from neopack.checks.judging import Submission, version_for
from neopack.errors import NeopackError
from neopack.frameworks import registry
from neopack.packaging.packing import for_runtime
from neopack.packaging.resolving import SourceRequest, resolve
from neopack.project.model_settings import ModelSettings
from neopack.project.models import BuiltModel
from neopack.project.settings import Project
from neopack.proving.compiler import is_compiled_by_tvm
from neopack.runtimes import Runtime

__all__ = ["NeededRuntime", "needed_runtimes"]

TVM = "tvm"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededRuntime:
    """``models`` are those that use it. ``disk`` is its size in MB; runtimes that share an
    environment share it too."""

    name: str
    disk: int
    models: tuple[str, ...]


def needed_runtimes(project: Project) -> tuple[NeededRuntime, ...]:
    """What proofs, compilations and exports of this project's models start. No model is loaded.

    A file that PyTorch before 1.4 wrote needs one more, which only its bytes tell. Raises what
    ``build`` does for files that do not exist, and for a source of no known framework.
    """
    refuse_incomplete(project.models, project.folder)
    users: dict[str, dict[str, None]] = {}
    with chdir(project.folder):
        for model in project.models:
            for runtime in _of_model(model):
                users.setdefault(runtime.name, {})[model.name] = None
    return tuple(
        NeededRuntime(name=name, disk=runtimes.get(name).disk, models=tuple(models))
        for name, models in sorted(users.items())
    )


def _of_model(model: BuiltModel) -> Iterator[Runtime]:
    settings = model.settings
    try:
        framework = _framework(settings)
    except NeopackError as error:
        error.where = error.where or f"{settings.where}: model {model.name}"
        raise
    exporter = registry.exports_in(framework)
    if exporter:
        yield runtimes.get(exporter)
    for target in model.targets:
        yield from _of_target(settings, framework, target)


def _of_target(settings: ModelSettings, framework: str, target: str) -> Iterator[Runtime]:
    building = settings.runtime if settings.verify == "no" else None
    said = Submission(target=facts.target(target), framework_version=settings.framework_version)
    submission = for_runtime(said, framework, building, builds=True)
    version = version_for(framework, submission)
    if settings.verify in ("framework", "both") or building:
        proof = runtimes.get(settings.runtime) if settings.runtime else None
        proof = proof or runtimes.closest(framework, version)
        yield from (proof,) if proof else ()
    compiles = settings.verify in ("compiler", "both") and is_compiled_by_tvm(
        framework, submission.target, version
    )
    if compiles or (settings.compile is not None and settings.compile.engine == TVM):
        loader = runtimes.closest_loader(framework, version if compiles else "")
        yield from (loader,) if loader else ()


def _framework(settings: ModelSettings) -> str:
    request = SourceRequest(
        model=settings.source,
        framework=settings.framework,
        arguments=dict(settings.arguments),
        weights=Path(settings.weights) if settings.weights else None,
    )
    return resolve(request).framework
