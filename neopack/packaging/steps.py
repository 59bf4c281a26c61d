"""``package`` from the source to the archive: refuse early, export, judge, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neopack import facts
from neopack.checks.engine import refuse_unknown
from neopack.checks.judging import Submission, version_for
from neopack.frameworks import ExportOptions, registry
from neopack.options import PackageOptions
from neopack.packaging import packing
from neopack.packaging.exporting import exported
from neopack.packaging.repackaging import UnpackedSource, unpacked
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
    facts.target(options.target)
    packing.refuse_outputs(path, options)
    named = UnpackedSource(request=request, inputs=inputs, options=options)
    with unpacked(named) as source:
        return _package(source.request, source.inputs, path, source.options, log)


def _package(
    request: SourceRequest,
    inputs: Sequence[InputRequest],
    path: Path,
    options: PackageOptions,
    log: Log,
) -> NeoArchive:
    export = ExportOptions(seed=options.seed, example=options.example)
    target = facts.target(options.target)
    source = resolve(request)
    submission = packing.for_runtime(
        Submission(target=target, framework_version=options.framework_version),
        source.framework,
        options.runtime,
        builds=not options.verify,
    )
    packing.refuse_unsupported(source.framework, submission)
    packing.code_members(options.code)
    version = version_for(source.framework, submission)
    compiler_path = facts.compiler_path(source.framework, target, version)
    export = replace(export, framework_version=version, compiler_path=compiler_path)
    own = registry.framework_options(source, **_own_keywords(options))
    with exported(source, inputs, export, log, own=own) as (model, info):
        return packing.write(model, info, source, submission, path, options, log)


def _own_keywords(options: PackageOptions) -> dict[str, object]:
    """``runtime`` without ``verify`` may also build a PyTorch callable in that version."""
    building = options.runtime if options.runtime and not options.verify else ""
    return {**dict(options.framework_options), "runtime": building}
