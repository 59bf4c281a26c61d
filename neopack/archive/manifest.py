"""The manifest: the content of an archive, how to submit it, and the evidence that it works.

The manifest lies beside the archive, never inside, because Neo counts members. ``model.tar.gz``
has ``model.neopack.json`` and ``model.golden.npz``. The manifest contains neither times nor paths
of this machine, so the same input gives the same manifest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from neopack import facts
from neopack.archive.write import MemberDigest
from neopack.errors import Malformed, UsageError
from neopack.formats.codec import from_json, to_json
from neopack.formats.file_names import require_file_name, require_inner_name
from neopack.formats.json_text import read_json
from neopack.goldens.signature_limits import refuse_impossible
from neopack.outputs.atomic import AtomicOutputs, settle
from neopack.values.evidence import CompilerEvidence, Evidence
from neopack.values.json import AnyJson
from neopack.values.origin import Origin
from neopack.values.signature import Signature

__all__ = [
    "ArchiveRecord",
    "GoldenRecord",
    "Manifest",
    "golden_path",
    "goldens_of",
    "manifest_of",
    "manifest_path",
    "read_manifest",
    "record_compiler_evidence",
    "record_evidence",
    "record_origin",
    "stem",
]

SCHEMA = 1
LARGEST = 16 << 20
# empty where the API takes none
VERSION = re.compile(r"(?:\w[\w.+-]{0,31})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRecord:
    """The archive itself. ``content_sha256`` is the digest of the tar inside the gzip."""

    name: str
    bytes: int
    sha256: str
    content_sha256: str
    members: tuple[MemberDigest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRecord:
    name: str
    sha256: str
    seed: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """``data_input_config`` and ``compiler_options`` are the exact strings of the API call.
    ``random`` is what makes the model random, in words; nothing for a model that is not.
    ``origin`` is None in what older versions wrote."""

    schema: int = SCHEMA
    framework: str
    framework_version: str
    target: str
    archive: ArchiveRecord
    signature: Signature
    goldens: GoldenRecord
    data_input_config: str | None = None
    compiler_options: str | None = None
    source: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    origin: Origin | None = None
    evidence: tuple[Evidence, ...] = ()
    compiler: tuple[CompilerEvidence, ...] = ()

    def dumps(self) -> bytes:
        text = json.dumps(to_json(self), indent=2, ensure_ascii=False) + "\n"
        return text.encode("utf-8", "backslashreplace")  # a file's name need not be UTF-8


def stem(archive: Path) -> str:
    """``resnet50`` for ``dir/resnet50.tar.gz``."""
    return archive.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz")


def manifest_path(archive: Path) -> Path:
    return archive.with_name(f"{stem(archive)}.neopack.json")


def golden_path(archive: Path) -> Path:
    return archive.with_name(f"{stem(archive)}.golden.npz")


def manifest_of(archive: Path, content_sha256: str) -> Manifest | None:
    """Return the manifest beside ``archive``, or None if it belongs to other content."""
    manifest = read_manifest(archive)
    of_this = manifest is not None and manifest.archive.content_sha256 == content_sha256
    return manifest if of_this else None


def read_manifest(archive: Path) -> Manifest | None:
    """Return the manifest beside ``archive``, or None if there is none. Raises ``Malformed``,
    ``Unsafe`` where it names files elsewhere."""
    settle(archive)
    path = manifest_path(archive)
    if not path.is_file():
        return None
    try:
        manifest = from_json(Manifest, _load(path))
    except Malformed as error:
        error.where = ": ".join(dict.fromkeys(part for part in (str(path), error.where) if part))
        raise
    for name in (manifest.archive.name, manifest.goldens.name):
        require_file_name(name, str(path))
    for member in manifest.archive.members:
        require_inner_name(member.name, str(path))
    for material in manifest.origin.materials if manifest.origin else ():
        require_inner_name(material.path, str(path))
    refuse_impossible(manifest.signature, str(path))
    _refuse_words(manifest, path)
    return manifest


def _refuse_words(manifest: Manifest, path: Path) -> None:
    """Raise for a version or a framework that Neo cannot have."""
    version = manifest.framework_version
    if not VERSION.fullmatch(version):
        raise Malformed(
            f"{version!r:.60} is not a framework version",
            where=str(path),
            hint="package the model again",
        )
    try:
        facts.framework(manifest.framework)
    except UsageError as error:
        error.where = f"{path}: framework"
        raise


def goldens_of(archive: Path, content_sha256: str) -> Path | None:
    """Return the path of the golden numbers beside ``archive``, or None if there are none. Raises
    ``Malformed`` if they belong to another archive."""
    manifest, path = read_manifest(archive), golden_path(archive)
    if manifest is None or not path.is_file():
        return None
    if manifest.archive.content_sha256 != content_sha256:
        raise Malformed(
            "the manifest beside it belongs to another archive",
            where=str(archive),
            hint="package the model again, or move the stray .neopack.json away",
        )
    with path.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != manifest.goldens.sha256:
            raise Malformed(
                "is not the file of golden numbers that its manifest names",
                where=str(path),
                hint="package the model again",
            )
    return path.resolve()


def record_evidence(archive: Path, manifest: Manifest, evidence: Evidence) -> None:
    """Write evidence into the manifest beside ``archive``, replacing that of the same runtime.
    Evidence that differs only in the time it took leaves the manifest as it is."""
    seconds = evidence.load_seconds
    if any(evidence == replace(known, load_seconds=seconds) for known in manifest.evidence):
        return
    others = tuple(e for e in manifest.evidence if e.runtime != evidence.runtime)
    _rewrite(archive, replace(manifest, evidence=(*others, evidence)))


def record_compiler_evidence(
    archive: Path, manifest: Manifest, evidence: CompilerEvidence
) -> None:
    """Write evidence into the manifest beside ``archive``, replacing that of the same runtime and
    target. Evidence that differs only in the time it took leaves the manifest as it is."""
    loading, building = evidence.load_seconds, evidence.build_seconds
    if any(
        evidence == replace(known, load_seconds=loading, build_seconds=building)
        for known in manifest.compiler
    ):
        return
    own = (evidence.runtime, evidence.target)
    others = tuple(e for e in manifest.compiler if (e.runtime, e.target) != own)
    _rewrite(archive, replace(manifest, compiler=(*others, evidence)))


def record_origin(archive: Path, manifest: Manifest, origin: Origin) -> None:
    """Write what the same archive was made from now into the manifest beside it."""
    if origin != manifest.origin:
        _rewrite(archive, replace(manifest, origin=origin))


def _rewrite(archive: Path, manifest: Manifest) -> None:
    with AtomicOutputs(force=True) as outputs:
        outputs.open(manifest_path(archive)).write(manifest.dumps())


def _load(path: Path) -> AnyJson:
    if path.stat().st_size > LARGEST:
        raise Malformed(f"is larger than {LARGEST} bytes", where=str(path))
    data = read_json(path.read_bytes(), str(path))
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        raise Malformed(
            f"has manifest schema {schema!r}; this neopack reads {SCHEMA}", where=str(path)
        )
    return data
