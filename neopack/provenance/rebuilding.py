"""``rebuild``: package an archive again from what its manifest says, compile it again where it is
an artifact, and compare the bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from neopack.archive.manifest import Manifest
from neopack.archive.read import ArchiveScan, scan
from neopack.compiling.local import compile_archive
from neopack.errors import Malformed, SourceError, Unsupported, UsageError, first_line
from neopack.formats.file_names import require_inner_name
from neopack.frameworks import callables
from neopack.options import CompileOptions, PackageOptions, chosen
from neopack.outputs.staging import staging_directory
from neopack.packaging.resolving import SourceRequest
from neopack.packaging.steps import package_source
from neopack.provenance.lineage import Lineage, trace
from neopack.provenance.options import RebuildOptions
from neopack.provenance.result import Rebuilt
from neopack.provenance.sources import changed_sources, changed_versions
from neopack.values.json import AnyJson
from neopack.values.log import Log
from neopack.values.origin import Origin

__all__ = ["rebuild"]

# options of package that are paths
PATHS = ("code", "example", "calibration")
PICKLE = "trust_pickle"


def rebuild(path: Path, options: RebuildOptions, log: Log) -> Rebuilt:
    """Package the sources in the project again, in a place of its own, for the same target, and
    compare. The user's code is run, as ``package`` runs it. An artifact is compiled by the same
    engine in the same precision, with the defaults of all else.

    Raises ``Unsupported`` where the manifests do not tell enough,
    ``SourceError`` for sources that are not there, ``UsageError`` where what it would run is not
    of the project, and what ``package`` does.
    """
    lineage = trace(path)
    _refuse_not_told(lineage)
    manifest, origin = _told(path, lineage.own_manifest)
    _refuse_elsewhere(path, origin)
    _refuse_untrusted(path, origin, options)
    changed, absent = changed_sources(origin, options.project)
    if absent:
        raise SourceError(
            f"was made from {_listed(absent)}, not in {options.project.resolve()}",
            where=path.name,
            hint="--project says where they are",
        )
    for name in changed:
        log.warn(f"{name} is another one than the archive was made from")
    with staging_directory() as folder:
        to = (folder / "rebuilt" / manifest.archive.name).resolve()
        _package(manifest, origin, to, options.project, log)
        again = _compiled(to, lineage, log)
    return Rebuilt(
        path=str(path),
        sha256=lineage.scan.sha256,
        rebuilt_sha256=again.sha256,
        same=again.sha256 == lineage.scan.sha256,
        changed=changed,
        versions=changed_versions({**origin.packages, **_recorded(manifest)}),
        members=tuple(_differing(lineage.scan, again)),
    )


def _refuse_not_told(lineage: Lineage) -> None:
    """Raise ``Unsupported`` for an artifact whose manifest does not tell how to compile again."""
    if not lineage.is_artifact:
        return
    compiled, why = lineage.compiled, ""
    if compiled is None:
        why = "no manifest tells how it was compiled"
    elif compiled.job is not None:
        why = "a job compiled it"
    elif compiled.quantization is not None:
        why = "it was quantized, by data that its manifest does not name"
    elif compiled.signature.batches:
        why = "it was compiled for a range of batches"
    if why:
        hint = "rebuild the archive that it was compiled from"
        raise Unsupported(f"is not made again: {why}", where=str(lineage.path), hint=hint)


def _told(path: Path, manifest: Manifest | None) -> tuple[Manifest, Origin]:
    if manifest is None or manifest.origin is None:
        raise Unsupported(
            "has no manifest beside it that says what it was made from",
            where=str(path),
            hint="the archive and its .neopack.json belong beside it; package writes them",
        )
    if manifest.origin.kind == "object":
        raise Unsupported(
            f"was packaged from a live object, a {manifest.origin.source}",
            where=str(path),
            hint="package module:callable, which can be called again",
        )
    return manifest, manifest.origin


def _refuse_elsewhere(path: Path, origin: Origin) -> None:
    """A manifest names nothing outside of the project. Raises ``Unsafe``."""
    where = callables.split(origin.source)[0]
    named = [where if origin.kind == "callable" and where.endswith(".py") else ""]
    named += [origin.source] if origin.kind == "file" else []
    named += [origin.weights]
    named += [str(origin.options[each]) for each in PATHS if origin.options.get(each)]
    for each in filter(None, named):
        require_inner_name(each, f"{path.name}'s manifest")


def _refuse_untrusted(path: Path, origin: Origin, options: RebuildOptions) -> None:
    """Code of the project is the user's own; a manifest may be anybody's."""
    if options.trust_manifest:
        return
    what = ""
    if origin.kind == "callable" and not _is_of_project(origin, options.project):
        what = f"{origin.source}, which is not in {options.project.resolve()}"
    elif origin.options.get(PICKLE):
        what = "a pickle"
    if what:
        raise UsageError(
            f"its manifest says to run {what}",
            where=str(path),
            hint="--trust-manifest runs it, if you know who wrote the manifest",
        )


def _is_of_project(origin: Origin, project: Path) -> bool:
    where, _ = callables.split(origin.source)
    if where.endswith(".py"):
        return True
    module = project.joinpath(*where.split("."))
    return module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()


def _package(manifest: Manifest, origin: Origin, to: Path, project: Path, log: Log) -> None:
    with contextlib.chdir(project):
        request = SourceRequest(
            model=origin.source,
            framework=origin.framework or None,
            arguments=origin.arguments,
            weights=Path(origin.weights) if origin.weights else None,
        )
        choices = {
            **origin.options,
            "target": manifest.target,
            "framework": origin.framework or None,
            "framework_version": manifest.framework_version or None,
        }
        options = _chosen(choices, to.name)
        package_source(request, origin.inputs, to, options, log)


def _compiled(archive: Path, lineage: Lineage, log: Log) -> ArchiveScan:
    """The artifact that is compiled from it, or the archive itself where that was rebuilt. Whether
    the engine was named in the command is part of an artifact, and nothing tells it: without the
    name first."""
    before = lineage.compiled
    if before is None:
        return scan(archive)
    to = archive.with_name("compiled") / lineage.path.name
    for engine in (None, before.engine):
        options = CompileOptions(engine=engine, precision=before.precision, force=True)
        compile_archive(archive, before.target, to, options, log)
        again = scan(to)
        if again.sha256 == lineage.scan.sha256:
            break
    return again


def _chosen(choices: Mapping[str, AnyJson], name: str) -> PackageOptions:
    """Raises ``Malformed`` for options that nobody gave ``package``."""
    try:
        return chosen(PackageOptions, None, choices)
    except (TypeError, ValueError, UsageError) as error:
        what = f"its manifest has options that package does not take: {first_line(error)}"
        raise Malformed(what, where=name) from None


def _recorded(manifest: Manifest) -> dict[str, str]:
    """The versions of installed packages; Python is not one."""
    return {name: v for name, v in manifest.versions.items() if name not in ("python", "neopack")}


def _differing(first: ArchiveScan, second: ArchiveScan) -> Iterator[str]:
    names = sorted(first.digests.keys() | second.digests.keys())
    yield from (name for name in names if first.digests.get(name) != second.digests.get(name))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
