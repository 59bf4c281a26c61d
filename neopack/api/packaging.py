"""From a model to its archive: ``inspect``, ``package``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias, Unpack

from neopack import facts
from neopack.api.places import path_of
from neopack.artifacts import inspecting
from neopack.artifacts.inspecting import Inspection
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.frameworks import ExportOptions
from neopack.goldens.inputs import requests_of
from neopack.options import (
    PackageChoices,
    PackageOptions,
    Place,
    chosen,
)
from neopack.packaging import exporting, packing, resolving
from neopack.packaging.steps import package_source, package_targets
from neopack.reports.notebook_log import log as default_log
from neopack.values.artifact import NeoArchive
from neopack.values.json import Json
from neopack.values.log import Log, SilentLog
from neopack.values.signature import InputRequest

Inputs: TypeAlias = Mapping[str, Sequence[int | str]] | Sequence[InputRequest]


def inspect(
    model: Any,
    *,
    inputs: Inputs = (),
    framework: str | None = None,
    weights: Place | None = None,
    arguments: Mapping[str, Json] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    log: Log | None = None,
) -> Inspection:
    """Say what a file, an archive, a callable or a live model is.

    Files are read without their framework and without running anything. A callable and a live
    model are exported first, in a child process, and need ``inputs`` for that.
    """
    if isinstance(model, str | PathLike) and Path(model).exists():
        return inspecting.inspect_path(Path(model), limits)
    source = resolving.resolve(
        resolving.SourceRequest(
            model=model,
            framework=framework,
            arguments=arguments or {},
            weights=path_of(weights),
        )
    )
    requests = requests_of(inputs)
    with exporting.exported(source, requests, ExportOptions(), log or SilentLog()) as (_, info):
        return Inspection(subject=source.where, form=info.format, info=info)


def package(
    model: Any,
    *,
    path: Place,
    inputs: Inputs = (),
    weights: Place | None = None,
    arguments: Mapping[str, Json] | None = None,
    options: PackageOptions | None = None,
    log: Log | None = None,
    **choices: Unpack[PackageChoices],
) -> NeoArchive:
    """Write the archive that Neo takes for a target, its manifest and its golden numbers.

    ``model`` is a live model, ``module:callable``, ``file.py:callable`` or a file. ``inputs`` maps
    names to shapes, or is a sequence of ``InputRequest``. ``weights`` is a state_dict, and
    ``arguments`` go to the callable. Nothing is written where a rule finds an error
    (``CheckFailed``, ``Unsupported``) or anything else fails.
    """
    options = chosen(PackageOptions, options, choices)
    request = resolving.SourceRequest(
        model=model,
        framework=options.framework,
        arguments=arguments or {},
        weights=path_of(weights),
    )
    return package_source(request, requests_of(inputs), Path(path), options, log or default_log())


def package_for(
    targets: Sequence[str],
    model: Any,
    *,
    path: Place,
    inputs: Inputs = (),
    weights: Place | None = None,
    arguments: Mapping[str, Json] | None = None,
    options: PackageOptions | None = None,
    log: Log | None = None,
    **choices: Unpack[PackageChoices],
) -> tuple[NeoArchive, ...]:
    """``package`` for each of several targets, as ``<stem>.<target>.tar.gz``; for one target as
    ``path`` itself. Names of targets and outputs that exist are refused before the first is
    written. Targets that Neo compiles for in the same version and by the same compiler share one
    export."""
    options = chosen(PackageOptions, options, choices)
    paths = packing.paths_for(Path(path), [facts.target(name) for name in targets])
    request = resolving.SourceRequest(
        model=model,
        framework=options.framework,
        arguments=arguments or {},
        weights=path_of(weights),
    )
    log = log or default_log()
    with closing(package_targets(request, requests_of(inputs), paths, options, log)) as packaged:
        return tuple(each.result() for each in packaged)
