"""Many models for many targets: ``build``, and the cache that it keeps."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from neopack.build import building, upkeep
from neopack.build.cache import Cache
from neopack.build.needed import NeededRuntime
from neopack.build.needed import needed_runtimes as needed_by
from neopack.build.options import BuildChoices, BuildOptions
from neopack.build.results import BuildResult, StepProgress
from neopack.build.store import open_store
from neopack.build.upkeep import CacheContents, Pruned
from neopack.options import Place, chosen
from neopack.project.settings import Project, read_project, read_settings
from neopack.reports.build_files import refuse_unknown_reports, write_build_reports
from neopack.values.log import Log, SilentLog


def build(
    folder: Place = ".",
    *,
    options: BuildOptions | None = None,
    log: Log | None = None,
    show: Callable[[StepProgress], None] | None = None,
    **choices: Unpack[BuildChoices],
) -> BuildResult:
    """Build the models of the ``neopack.toml`` of ``folder``, of which only what changed is done.

    A model that fails is a row of the result, whose ``exit_code`` is the worst of all. ``show`` is
    told of each step. Raises ``UsageError`` for what is wrong with the file or the call.
    """
    project = read_project(Path(folder).resolve())
    refuse_unknown_reports(project.settings.reports, project.settings.where)
    options = chosen(BuildOptions, options, choices)
    result = building.build(
        project, options, os.environ, log or SilentLog(), show or (lambda _: None)
    )
    if options.dry_run:
        return result
    return write_build_reports(result, project.settings.reports, project.folder)


def needed_runtimes(folder: Place = ".") -> tuple[NeededRuntime, ...]:
    """The runtimes that builds of the ``neopack.toml`` of ``folder`` use. Raises what ``build``
    does for what is wrong with the file."""
    return needed_by(read_project(Path(folder).resolve()))


def cache_contents(place: str = "", *, verify: bool = False) -> CacheContents:
    """What the cache holds; with ``verify`` each file is read, and damaged ones are removed."""
    return upkeep.contents(_cache(place), verify=verify)


def prune_cache(place: str = "", *, older: float | None = None, most: int | None = None) -> Pruned:
    """Remove what was not used for ``older`` seconds, then the oldest until ``most`` bytes are
    left. Raises ``UsageError`` without either."""
    return upkeep.prune(_cache(place), older=older, most=most)


def _cache(place: str) -> Cache:
    settings = read_settings(Path.cwd())
    project = Project(settings=settings, models=(), folder=Path.cwd())
    return Cache(open_store(building.cache_place(project, BuildOptions(cache=place), os.environ)))
