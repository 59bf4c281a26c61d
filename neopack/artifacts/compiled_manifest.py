"""The manifest of a compiled artifact: engine, options and source. It is a member of an artifact
of a local engine (``own_names``), and ``<archive>.compiled.json`` beside an artifact of a job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neopack.errors import Malformed
from neopack.formats.codec import from_json, to_json
from neopack.formats.file_names import require_inner_name
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.goldens.signature_limits import refuse_impossible
from neopack.values.artifact import CompiledArtifact
from neopack.values.json import Json
from neopack.values.quantization import PRECISIONS, Quantization, Trial
from neopack.values.signature import Signature

__all__ = ["BESIDE", "ArtifactManifest", "JobRecord", "beside"]

SCHEMA = 1
WHAT = "a local compilation by neopack, not a Neo job"
# nothing is added to a job's artifact: DLR refuses a second .json (neo-ai/neo-ai-dlr@457aabf)
BESIDE = ".compiled.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """The compilation job that wrote an artifact; times are ISO 8601 in UTC.

    ``received_sha256`` is the digest of the file as the service wrote it, ``service_digest`` the
    service's own (BLAKE2, in an undocumented form); ``kind`` follows from its files.
    """

    name: str
    arn: str
    region: str
    endpoint: str = ""
    created: str = ""
    started: str = ""
    ended: str = ""
    image: str = ""
    artifact: str = ""
    service_digest: str = ""
    received_sha256: str = ""
    derived_config: str = ""
    framework_version: str = ""
    compiler_options: str = ""
    role: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactManifest:
    """``difference`` is that from the source model's golden outputs, relative to the largest.
    ``digests`` are the members' SHA-256; there are none in what older versions wrote.
    ``compilation`` is the SHA-256 of all that the artifact follows from, if that is known."""

    schema: int = SCHEMA
    what: str = WHAT
    engine: str
    engine_version: str
    target: str
    precision: str
    framework: str
    members: tuple[str, ...]
    signature: Signature
    options: Mapping[str, Json] = field(default_factory=dict)
    difference: float | None = None
    quantization: Quantization | None = None
    trials: tuple[Trial, ...] = ()
    source_sha256: str = ""
    archive_sha256: str = ""
    job: JobRecord | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    compilation: str = ""

    @classmethod
    def of(
        cls, artifact: CompiledArtifact, framework: str, source_sha256: str
    ) -> ArtifactManifest:
        return cls(
            engine=artifact.engine,
            engine_version=artifact.engine_version,
            target=artifact.target,
            precision=artifact.precision,
            framework=framework,
            members=tuple(member.name for member in artifact.members),
            signature=artifact.signature,
            options=artifact.options,
            difference=artifact.difference,
            quantization=artifact.quantization,
            trials=artifact.trials,
            source_sha256=source_sha256,
            digests={member.name: _sha256(member.path) for member in artifact.members},
        )

    def dumps(self) -> bytes:
        return json.dumps(to_json(self), indent=2, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def loads(cls, text: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> ArtifactManifest:
        data = read_json(text, where, limits)
        schema = data.get("schema") if isinstance(data, dict) else None
        if schema != SCHEMA:
            raise Malformed(f"has schema {schema!r}; this neopack reads {SCHEMA}", where=where)
        try:
            manifest = from_json(cls, data)
        except Malformed as error:
            error.where = ": ".join(part for part in (where, error.where) if part)
            raise
        for name in manifest.members:
            require_inner_name(name, where)
        if len(set(manifest.members)) < len(manifest.members):
            raise Malformed("names a member twice", where=where)
        if manifest.job is None and not manifest.members:
            raise Malformed("names no members", where=where, hint="compile the archive again")
        if manifest.precision not in PRECISIONS:
            known = ", ".join(PRECISIONS)
            raise Malformed(
                f"has precision {manifest.precision!r:.40}", where=where, hint=f"there are {known}"
            )
        refuse_impossible(manifest.signature, where)
        return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def beside(archive: Path) -> Path:
    """Return the path of the manifest of a job's artifact: ``dir/net-ml_c5.compiled.json``."""
    return archive.with_name(archive.name.removesuffix(".gz").removesuffix(".tar") + BESIDE)
