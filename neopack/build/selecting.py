"""Which models a build is of."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from neopack import facts
from neopack.build.digests import Digests
from neopack.build.keys import MODULES, beside, matches
from neopack.build.refusing import named_files
from neopack.build.since import ChangedFiles, changed_since
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
    digests: Digests,
) -> tuple[BuiltModel, ...]:
    """Those that read, in the last build, what changed since ``revision``. One that was not built
    here before is affected, and so is each where a file of settings changed. A model too many
    costs little: it is up to date."""
    changed = changed_since(revision, project.folder)
    if changed.files & {os.path.realpath(path) for path in project.files}:
        return tuple(models)
    change = _Change(changed, project.folder, digests, keys)
    return tuple(model for model in models if change.affects(model))


class _Change:
    """What changed; of a submodule, its folder."""

    def __init__(
        self,
        changed: ChangedFiles,
        root: Path,
        digests: Digests,
        keys: Mapping[str, Mapping[str, str]],
    ) -> None:
        files = changed.files
        self._files, self._root, self._digests, self._keys = files, root, digests, keys
        self._above = {str(each) for name in files for each in (Path(name), *Path(name).parents)}
        self._folders = tuple(f"{name}/" for name in files if Path(name).is_dir())
        modules = {name for name in files if self._is_module(name)}
        read = {self._place(part) for parts in keys.values() for part in parts}
        self._any_module = bool(modules)
        self._new_module = any(
            self._is_at_the_top(name) for name in (modules & changed.moved) - read
        )

    def affects(self, model: BuiltModel) -> bool:
        parts: set[str] = set()
        for target in model.targets:
            if f"{model.name} {target} package" not in self._keys:
                return True
            for kind in ("package", "compile"):
                parts |= self._keys.get(f"{model.name} {target} {kind}", {}).keys()
        if (MODULES in parts and self._any_module) or self._new_module:
            return True
        places = {self._place(part) for part in parts}
        places |= {self._place(path) for path in self._named(model)}
        return (
            bool(places & self._above)
            or any(place.startswith(self._folders) for place in places)
            or any(self._matches(pattern) for pattern in model.settings.reads)
        )

    def _named(self, model: BuiltModel) -> Iterator[Path]:
        for what, path in named_files(model, self._root):
            yield path
            if what == "source":
                yield from beside(path)
        yield from matches(model.settings.reads, self._root, self._digests)

    def _matches(self, pattern: str) -> bool:
        """Of files that are gone: those that are there were matched as a build does it."""
        root = os.path.realpath(self._root)
        patterns = (pattern, pattern.replace("**/", ""))  # which names no folder, too
        wholes = [os.path.normpath(f"{root}/{each}") for each in patterns]
        return any(fnmatchcase(name, whole) for name in self._files for whole in wholes)

    def _place(self, name: str | Path) -> str:
        return os.path.realpath(self._root / name)

    def _is_module(self, name: str) -> bool:
        return name.endswith(".py") and Path(name).is_relative_to(self._place("."))

    def _is_at_the_top(self, name: str) -> bool:
        """Where it would be imported in place of an installed one of the same name."""
        path = Path(name)
        folder = path.parent.parent if path.name == "__init__.py" else path.parent
        return str(folder) == self._place(".")
