"""Recognize the artifact of a compilation job by its files, the files beside it and its source."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.archive.read import ArchiveScan, MemberSource
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.artifacts.emulated import EmulatedMark
from neopack.artifacts.load import job_manifest
from neopack.artifacts.own_names import MANIFEST, MARK, is_own, own_member
from neopack.errors import Malformed
from neopack.facts.artifacts import artifact_kind, doubled, has_sign
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.rules.rule import Returned

__all__ = ["Artifact", "artifact_manifest", "look"]

CODE = "code/"
META = "compiled.meta"
SUFFIX = ".tar.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """``target`` and ``framework`` are empty if they are unknown."""

    returned: Returned
    target: str = ""
    framework: str = ""


def look(
    scanned: ArchiveScan, source: ArchiveScan | None, limits: Limits = DEFAULT_LIMITS
) -> Artifact | None:
    """Return ``scanned`` as an artifact, or None if there is no sign that a job wrote it.

    ``source`` is the archive that went into the job, if known.
    """
    names = scanned.file_names()
    manifest = artifact_manifest(scanned, limits)
    mark = _mark(scanned, limits)
    if manifest is None and mark is None and source is None and not has_sign(names):
        return None
    kind = artifact_kind([name for name in names if not is_own(name)])
    local = manifest is not None and manifest.job is None
    returned = Returned(
        kind=f"artifact of {manifest.engine}" if manifest and local else kind.name if kind else "",
        runtime=kind.runtime if kind and not local else "",
        lacking=kind.lacking if kind and not local else (),
        untouched=_untouched(scanned, source) or _declared_untouched(manifest, mark),
        maker=_maker(manifest, mark),
        doubled=doubled(names, kind.runtime) if kind and not local else {},
        device=_device(scanned, limits),
        unsafe_options=_unsafe_options(manifest) if manifest and local else (),
    )
    return Artifact(
        returned=returned,
        target=manifest.target if manifest else mark.target if mark else _target_in(scanned),
        framework=manifest.framework if manifest else mark.framework if mark else "",
    )


def artifact_manifest(scanned: ArchiveScan, limits: Limits) -> ArtifactManifest | None:
    """The manifest in an artifact of a local engine, or beside one of a job; None without one."""
    name = own_member(MANIFEST, scanned.file_names())
    if not name:
        return job_manifest(scanned)
    where = f"{scanned.path.name}:{name}"
    return ArtifactManifest.loads(_whole(scanned, name, limits), where, limits)


def _mark(scanned: ArchiveScan, limits: Limits) -> EmulatedMark | None:
    name = own_member(MARK, scanned.file_names())
    if not name:
        return None
    where = f"{scanned.path.name}:{name}"
    return EmulatedMark.loads(_whole(scanned, name, limits), where, limits)


def _device(scanned: ArchiveScan, limits: Limits) -> str:
    """Requirements.TargetDeviceType of the .meta file, or "" if it has none."""
    if META not in scanned.file_names():
        return ""
    try:
        meta = read_json(_whole(scanned, META, limits), META, limits)
    except Malformed:
        return ""
    needs = meta.get("Requirements") if isinstance(meta, dict) else None
    device = needs.get("TargetDeviceType") if isinstance(needs, dict) else None
    return device if isinstance(device, str) else ""


def _whole(scanned: ArchiveScan, name: str, limits: Limits) -> bytes:
    with MemberSource(scanned, name, limits) as source:
        limits.hold("record_bytes", source.size, where=source.name)
        return source.read(0, source.size)


def _untouched(scanned: ArchiveScan, source: ArchiveScan | None) -> bool:
    names = [
        name
        for name in scanned.file_names()
        if not is_own(name) and not name.removeprefix("./").startswith(CODE)
    ]
    digests = set(source.digests.values()) if source else set()
    return bool(names) and all(scanned.digests[name] in digests for name in names)


def _declared_untouched(manifest: ArtifactManifest | None, mark: EmulatedMark | None) -> bool:
    job = manifest.job if manifest else None
    return (job is not None and job.kind == "not compiled") or (
        mark is not None and not mark.engine
    )


def _maker(manifest: ArtifactManifest | None, mark: EmulatedMark | None) -> str:
    if mark is not None:
        return "neopack's emulator of AWS"
    if manifest is None or (manifest.job is not None and not manifest.job.endpoint):
        return ""
    return (
        f"whatever answers at {manifest.job.endpoint}"
        if manifest.job
        else f"{manifest.engine}, here"
    )


def _unsafe_options(manifest: ArtifactManifest) -> tuple[str, ...]:
    from neopack.engines import registry as engines

    known = manifest.engine in engines.names()
    return engines.unsafe_options(manifest.engine, manifest.options) if known else ()


def _target_in(scanned: ArchiveScan) -> str:
    """``ml_c5`` from net-ml_c5.tar.gz, which is how the service names artifacts."""
    return scanned.path.name.removesuffix(SUFFIX).rpartition("-")[2]
