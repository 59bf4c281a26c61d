"""``neopack.json`` inside a compiled archive: what compiled it, how, and from what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from neopack.codec import from_json, to_json
from neopack.errors import Malformed
from neopack.types import CompiledArtifact, Json, Signature

__all__ = ["ARTIFACT_MANIFEST", "ArtifactManifest"]

ARTIFACT_MANIFEST = "neopack.json"
SCHEMA = 1
WHAT = "a local compilation by neopack, not a Neo job"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactManifest:
    """``difference`` is from the source model's golden outputs, relative to the largest."""

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
    source_sha256: str = ""

    @classmethod
    def of(cls, made: CompiledArtifact, framework: str, source_sha256: str) -> ArtifactManifest:
        return cls(
            engine=made.engine,
            engine_version=made.engine_version,
            target=made.target,
            precision=made.precision,
            framework=framework,
            members=tuple(member.name for member in made.members),
            signature=made.signature,
            options=made.options,
            difference=made.difference,
            source_sha256=source_sha256,
        )

    def dumps(self) -> bytes:
        return json.dumps(to_json(self), indent=2, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def loads(cls, text: bytes, where: str) -> ArtifactManifest:
        try:
            data = json.loads(text)
        except ValueError as error:
            raise Malformed(f"is no JSON: {error}", where=where) from None
        found = data.get("schema") if isinstance(data, dict) else None
        if found != SCHEMA:
            raise Malformed(f"has schema {found!r}; this neopack reads {SCHEMA}", where=where)
        try:
            return from_json(cls, data)
        except Malformed as error:
            error.where = ": ".join(part for part in (where, error.where) if part)
            raise
