"""Which models a build is of, and what it refuses before any work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from neopack import facts
from neopack.build.keys import source_of, weights_file
from neopack.build.since import changed_since
from neopack.checks.engine import refuse_unknown
from neopack.engines import registry as engines
from neopack.errors import NeopackError, SourceError, UsageError
from neopack.frameworks import callables
from neopack.frameworks import registry as frameworks
from neopack.options import BenchOptions
from neopack.project.model_settings import ModelSettings
from neopack.project.models import BuiltModel
from neopack.project.settings import Project
from neopack.spelling import did_you_mean, nearest_file
from neopack.values.quantization import AUTO

__all__ = ["affected", "refuse_incomplete", "selected"]


def selected(
    project: Project, names: Sequence[str], targets: Sequence[str]
) -> tuple[BuiltModel, ...]:
    """The models that ``names``, or patterns, name, for those of their targets that are among
    ``targets``. Raises ``UsageError`` for one that names nothing."""
    known = [model.name for model in project.models]
    for name in names:
        if not any(fnmatchcase(each, name) for each in known):
            hint = did_you_mean(name, known, f"there are {', '.join(known[:10])}")
            raise UsageError(f"no model {name!r}", where=project.settings.where, hint=hint)
    wanted = [facts.target(name).name for name in targets]
    for target in wanted:
        if not any(target in model.targets for model in project.models):
            raise UsageError(f"no model is built for {target}", where=project.settings.where)
    models = [
        replace(model, targets=tuple(t for t in model.targets if not wanted or t in wanted))
        for model in project.models
        if not names or any(fnmatchcase(model.name, name) for name in names)
    ]
    return tuple(model for model in models if model.targets)


def affected(
    models: Iterable[BuiltModel],
    revision: str,
    project: Project,
    keys: Mapping[str, Mapping[str, str]],
) -> tuple[BuiltModel, ...]:
    """Those that read, in the last build, what changed since ``revision``. One that was not built
    here before is affected, and so is each where a file of settings changed."""
    changed = changed_since(revision, project.folder)
    settings = {project.settings.where, *(model.settings.where for model in project.models)}
    if changed & {Path(name).name for name in settings} or changed & settings:
        return tuple(models)
    return tuple(model for model in models if _is_affected(model, changed, project.folder, keys))


def _is_affected(
    model: BuiltModel, changed: frozenset[str], root: Path, keys: Mapping[str, Mapping[str, str]]
) -> bool:
    places = [*_places(model, root)]
    for target in model.targets:
        parts = keys.get(f"{model.name} {target} package")
        if parts is None:
            return True
        places += parts
    patterns = model.settings.reads
    return any(
        name == place or name.startswith(f"{place.rstrip('/')}/")
        for name in changed
        for place in places
    ) or any(fnmatchcase(name, pattern) for name in changed for pattern in patterns)


def _places(model: BuiltModel, root: Path) -> Iterator[str]:
    for _, path in _named_files(model, root):
        if path.is_relative_to(root):
            yield str(path.relative_to(root))


# --- what is missing ------------------------------------------------------------------------


def refuse_incomplete(models: Iterable[BuiltModel], root: Path) -> None:
    """Raise for a file or a rule that a model names and that does not exist."""
    for model in models:
        settings = model.settings
        label = f"{settings.where}: model {model.name}"
        try:
            refuse_unknown(*settings.ignore)
            _refuse_wrong_words(settings)
        except NeopackError as error:
            error.where = label
            raise
        for what, path in _named_files(model, root):
            if not path.exists():
                raise SourceError(
                    f"{what} {path.relative_to(root) if path.is_relative_to(root) else path}: "
                    "no such file",
                    where=label,
                    hint=nearest_file(path),
                )
        if settings.backend == "sagemaker" and not (settings.role and settings.output):
            raise UsageError(
                "backend sagemaker needs a role and an output", where=label, hint="write both"
            )


def _refuse_wrong_words(settings: ModelSettings) -> None:
    """Refuse now what a late step would refuse after the work of those before it."""
    if settings.framework:
        frameworks.get(settings.framework)
    if settings.compile is not None:
        engines.refuse_unknown_precision(settings.compile.precision)
        if settings.compile.engine not in (None, AUTO):
            engines.get(settings.compile.engine)
    if settings.bench is not None:
        BenchOptions(seconds=settings.bench.seconds, threads=settings.bench.threads)


def _named_files(model: BuiltModel, root: Path) -> Iterator[tuple[str, Path]]:
    settings = model.settings
    source = source_of(settings, root)
    if source.path is not None:
        yield "source", source.path
    elif callables.split(settings.source)[0].endswith(".py"):
        yield "source", root / callables.split(settings.source)[0]
    if settings.weights:
        yield "weights", weights_file(settings.weights, root)
    if settings.example:
        yield "example", root / settings.example
    if settings.code:
        yield "code", root / settings.code
    calibration = settings.compile.calibration if settings.compile else None
    if calibration and calibration != "random" and not callables.looks_like_callable(calibration):
        yield "calibration", root / calibration
