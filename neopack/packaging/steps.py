"""``package`` from the source to the archive: refuse early, export, judge, write."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts, runtimes
from neopack.checks.engine import refuse_unknown
from neopack.checks.judging import Submission, version_for
from neopack.errors import NeopackError
from neopack.frameworks import ExportOptions, registry
from neopack.options import PackageOptions
from neopack.packaging import batch_range, packing
from neopack.packaging.exporting import exported
from neopack.packaging.origins import origin_of
from neopack.packaging.repackaging import UnpackedSource, unpacked
from neopack.packaging.resolving import SourceRequest, resolve
from neopack.proving.verify import runtime_for
from neopack.values.artifact import NeoArchive
from neopack.values.log import Log
from neopack.values.model import ModelSource
from neopack.values.reads import Reads
from neopack.values.signature import InputRequest

__all__ = ["Packaged", "package_source", "package_targets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """What became of one target: its archive, or the error that kept it from being written.
    ``reads`` is None where the export did not come to an end, or was not recorded."""

    target: str
    archive: NeoArchive | None = None
    error: NeopackError | None = None
    reads: Reads | None = None

    def result(self) -> NeoArchive:
        """The archive. Raises what kept it from being written."""
        if self.error is not None:
            raise self.error
        assert self.archive is not None  # noqa: S101 - one of the two is there
        return self.archive


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How one target is packaged: those with the same ``export`` share one."""

    target: str
    path: Path
    options: PackageOptions
    submission: Submission
    export: ExportOptions


def package_source(
    request: SourceRequest,
    inputs: Sequence[InputRequest],
    path: Path,
    options: PackageOptions,
    log: Log,
) -> NeoArchive:
    """Write the archive, its manifest and its golden numbers, or nothing."""
    try:
        (packaged,) = package_targets(request, inputs, {options.target: path}, options, log)
        return packaged.result()
    finally:
        runtimes.drop_warm()


def package_targets(
    request: SourceRequest,
    inputs: Sequence[InputRequest],
    paths: Mapping[str, Path],
    options: PackageOptions,
    log: Log,
    *,
    proof_follows: bool = False,
) -> Generator[Packaged]:
    """Write an archive for each target, at the path that it has in ``paths``. Targets that Neo
    compiles for in the same version and by the same compiler share one export. Where
    ``proof_follows`` in this process, its runtime starts beside the export.

    Raises for what is wrong with the call or the source; one target that takes no such model does
    not keep the others from their archives.
    """
    refuse_unknown(*options.ignore)
    batch_range.refuse_unlike(inputs)
    each = {facts.target(name).name: path for name, path in paths.items()}
    for target, path in each.items():
        packing.refuse_outputs(path, replace(options, target=target))
    named = UnpackedSource(request=request, inputs=inputs, options=options)
    with unpacked(named) as unpacked_source:
        source = resolve(unpacked_source.request)
        packing.code_members(unpacked_source.options.code)
        plans: dict[ExportOptions, list[_Plan]] = {}
        for target, path in each.items():
            try:
                plan = _planned(source, replace(unpacked_source.options, target=target), path)
            except NeopackError as error:
                yield Packaged(target=target, error=unpacked_source.named(error))
            else:
                plans.setdefault(plan.export, []).append(plan)
        for group in plans.values():
            if proof_follows or options.verify:
                _warm_runtime(source.framework, group[0])
            for packaged in _exported(source, named, unpacked_source, group, log):
                if packaged.error is not None:
                    unpacked_source.named(packaged.error)
                yield packaged


def _planned(source: ModelSource, options: PackageOptions, path: Path) -> _Plan:
    target = facts.target(options.target)
    submission = packing.for_runtime(
        Submission(target=target, framework_version=options.framework_version),
        source.framework,
        options.runtime,
        builds=not options.verify,
    )
    packing.refuse_unsupported(source.framework, submission)
    version = version_for(source.framework, submission)
    return _Plan(
        target=target.name,
        path=path,
        options=options,
        submission=submission,
        export=ExportOptions(
            seed=options.seed,
            example=options.example,
            framework_version=version,
            compiler_path=facts.compiler_path(source.framework, target, version),
        ),
    )


def _warm_runtime(framework: str, plan: _Plan) -> None:
    with suppress(NeopackError):  # it is told when it is needed
        version = plan.export.framework_version
        runtimes.warm(runtime_for(framework, version, plan.options.runtime).name)


def _exported(
    source: ModelSource,
    named: UnpackedSource,
    unpacked_source: UnpackedSource,
    plans: Sequence[_Plan],
    log: Log,
) -> Iterator[Packaged]:
    """One export, and what each target makes of it."""
    first, inputs = plans[0], unpacked_source.inputs
    left = list(plans)
    try:
        own = registry.framework_options(source, **_own_keywords(first.options))
        with exported(source, inputs, first.export, log, own=own) as (model, info):
            origin = origin_of(named, unpacked_source, source, model.reads)
            _tell_changed(model.reads, log)
            while left:
                plan, reads = left[0], model.reads
                try:
                    archive = packing.write(
                        model, info, source, plan.submission, plan.path, plan.options, log, origin
                    )
                except NeopackError as error:
                    packaged = Packaged(target=plan.target, error=error, reads=reads)
                else:
                    batch_range.tell(archive, inputs, log)
                    packaged = Packaged(target=plan.target, archive=archive, reads=reads)
                del left[0]
                yield packaged
    except NeopackError as error:
        for plan in left:
            yield Packaged(target=plan.target, error=error)


def _tell_changed(reads: Reads | None, log: Log) -> None:
    for path in reads.changed if reads else ():
        log.warn(f"{Path(path).name} changed while the model was exported: package it again")


def _own_keywords(options: PackageOptions) -> dict[str, object]:
    """``runtime`` without ``verify`` may also build a PyTorch callable in that version."""
    building = options.runtime if options.runtime and not options.verify else ""
    return {**dict(options.framework_options), "runtime": building}
