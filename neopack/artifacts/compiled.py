"""What a compilation job handed back, told by its files, what lies beside it, and what went in."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.archive.read import ArchiveScan, MemberSource
from neopack.artifacts.compiled_manifest import ARTIFACT_MANIFEST, ArtifactManifest
from neopack.artifacts.emulated import EMULATED, EmulatedMark
from neopack.artifacts.load import job_manifest
from neopack.errors import Malformed
from neopack.facts.artifacts import artifact_kind, doubled, has_sign
from neopack.formats.codec import parsed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.rules.rule import Returned

__all__ = ["Artifact", "look"]

CODE = "code/"
META = "compiled.meta"
SUFFIX = ".tar.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """``target`` and ``framework`` are empty where nothing tells them."""

    returned: Returned
    target: str = ""
    framework: str = ""


def look(
    scanned: ArchiveScan, source: ArchiveScan | None, limits: Limits = DEFAULT_LIMITS
) -> Artifact | None:
    """The artifact that ``scanned`` is, made from ``source`` where that is known; None where
    nothing says that any job made it."""
    names = scanned.file_names()
    made = _manifest(scanned, limits)
    mark = _mark(scanned, limits)
    if made is None and mark is None and source is None and not has_sign(names):
        return None
    kind = artifact_kind([name for name in names if name not in (EMULATED, ARTIFACT_MANIFEST)])
    local = made is not None and made.job is None
    returned = Returned(
        kind=f"artifact of {made.engine}" if made and local else kind.name if kind else "",
        runtime=kind.runtime if kind and not local else "",
        lacking=kind.lacking if kind and not local else (),
        untouched=_untouched(scanned, source) or _said_untouched(made),
        maker=_maker(made, mark),
        doubled=doubled(names, kind.runtime) if kind and not local else {},
        device=_device(scanned, limits),
    )
    return Artifact(
        returned=returned,
        target=made.target if made else mark.target if mark else _target_in(scanned),
        framework=made.framework if made else mark.framework if mark else "",
    )


def _manifest(scanned: ArchiveScan, limits: Limits) -> ArtifactManifest | None:
    if ARTIFACT_MANIFEST not in scanned.file_names():
        return job_manifest(scanned)
    where = f"{scanned.path.name}:{ARTIFACT_MANIFEST}"
    return ArtifactManifest.loads(_whole(scanned, ARTIFACT_MANIFEST, limits), where)


def _mark(scanned: ArchiveScan, limits: Limits) -> EmulatedMark | None:
    if EMULATED not in scanned.file_names():
        return None
    where = f"{scanned.path.name}:{EMULATED}"
    return EmulatedMark.loads(_whole(scanned, EMULATED, limits), where)


def _device(scanned: ArchiveScan, limits: Limits) -> str:
    """Requirements.TargetDeviceType of the .meta file; empty where it does not say."""
    if META not in scanned.file_names():
        return ""
    try:
        said = parsed(_whole(scanned, META, limits), META)
    except Malformed:
        return ""
    needs = said.get("Requirements") if isinstance(said, dict) else None
    device = needs.get("TargetDeviceType") if isinstance(needs, dict) else None
    return device if isinstance(device, str) else ""


def _whole(scanned: ArchiveScan, name: str, limits: Limits) -> bytes:
    with MemberSource(scanned, name, limits) as source:
        limits.hold("record_bytes", source.size, where=source.name)
        return source.read(0, source.size)


def _untouched(scanned: ArchiveScan, source: ArchiveScan | None) -> bool:
    names = [n for n in scanned.file_names() if not n.removeprefix("./").startswith(CODE)]
    given = set(source.digests.values()) if source else set()
    return bool(names) and all(scanned.digests[name] in given for name in names)


def _said_untouched(made: ArtifactManifest | None) -> bool:
    return made is not None and made.job is not None and made.job.kind == "not compiled"


def _maker(made: ArtifactManifest | None, mark: EmulatedMark | None) -> str:
    if mark is not None:
        return "neopack's emulator of AWS"
    if made is None or (made.job is not None and not made.job.endpoint):
        return ""
    return f"whatever answers at {made.job.endpoint}" if made.job else f"{made.engine}, here"


def _target_in(scanned: ArchiveScan) -> str:
    """``ml_c5`` of net-ml_c5.tar.gz, as the service names what it writes."""
    return scanned.path.name.removesuffix(SUFFIX).rpartition("-")[2]
