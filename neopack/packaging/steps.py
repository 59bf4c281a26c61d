"""``package`` from the source to the archive: refuse early, export, judge, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neopack import facts
from neopack.checks.engine import refuse_unknown
from neopack.checks.judging import Submission, version_for
from neopack.frameworks import ExportSettings
from neopack.options import PackageOptions
from neopack.packaging import packing
from neopack.packaging.exporting import exported
from neopack.packaging.resolving import SourceRequest, resolve
from neopack.values.artifact import NeoArchive
from neopack.values.log import Log
from neopack.values.signature import InputRequest

__all__ = ["package_source"]


def package_source(
    request: SourceRequest,
    inputs: Sequence[InputRequest],
    path: Path,
    options: PackageOptions,
    log: Log,
) -> NeoArchive:
    """Write the archive, its manifest and its golden numbers, or nothing."""
    refuse_unknown(*options.ignore)
    settings = _export_settings(options)
    target = facts.target(options.target)
    packing.refuse_outputs(path, force=options.force)
    source = resolve(request)
    submission = packing.for_runtime(
        Submission(target=target, framework_version=options.framework_version),
        source.framework,
        options.runtime,
        settings,
    )
    packing.refuse_unsupported(source.framework, submission)
    packing.code_members(options.code)
    version = version_for(source.framework, submission)
    settings = replace(settings, framework_version=version)
    with exported(source, inputs, settings, log) as (model, info):
        return packing.write(model, info, source, submission, path, options, log)


def _export_settings(options: PackageOptions) -> ExportSettings:
    """``runtime`` without ``verify`` may also build a PyTorch callable in that version."""
    building = options.runtime if options.runtime and not options.verify else ""
    return ExportSettings(
        seed=options.seed,
        example=options.example,
        runtime=building,
        **dict(options.framework_options),  # type: ignore[arg-type]
    )
