"""Which models a build is of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from neopack import facts
from neopack.build.refusing import named_files
from neopack.build.since import changed_since
from neopack.errors import UsageError
from neopack.project.models import BuiltModel
from neopack.project.settings import Project
from neopack.spelling import did_you_mean

__all__ = ["affected", "selected"]


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
    for _, path in named_files(model, root):
        if path.is_relative_to(root):
            yield str(path.relative_to(root))
