"""The document that names what was pushed: an OCI image manifest in the form of ModelPack.

Specification: CNCF ModelPack, github.com/modelpack/model-spec, media types, annotations and the
schema of the config, and OCI image-spec 1.1, "Image Manifest" (2026-11). The config of ModelPack
takes no keys but its own, so neopack's manifest is a layer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.file_names import require_file_name
from neopack.values.json import AnyJson

__all__ = ["MANIFEST_TYPE", "Layer", "Pack", "digest_of", "layers_of", "pack_of"]

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.model.config.v1+json"
MODEL = "application/vnd.cncf.model.weight.v1.tar+gzip"
DESCRIPTION = "application/vnd.cncf.model.weight.config.v1.raw"
DATA = "application/vnd.cncf.model.dataset.v1.raw"
FILE = "org.cncf.model.filepath"
MOST_LAYERS = 64
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A file: ``sha256`` is that of its bytes, ``plain_sha256`` that of the tar inside."""

    name: str
    sha256: str
    bytes: int
    plain_sha256: str

    @property
    def digest(self) -> str:
        return f"sha256:{self.sha256}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """The bytes of the two documents. The same files give the same bytes: no times."""

    manifest: bytes
    config: bytes


def pack_of(layers: Sequence[Layer]) -> Pack:
    """The documents for these files, of which the first is the archive or artifact."""
    name = layers[0].name
    config = _dumped(
        {
            "descriptor": {"name": name.removesuffix(".tar.gz")},
            "config": {"format": "sagemaker-neo"},
            "modelfs": {"type": "layers", "diffIds": [f"sha256:{x.plain_sha256}" for x in layers]},
        }
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "config": _described(CONFIG_TYPE, digest_of(config), len(config)),
        "layers": [
            {**_described(_type(x.name), x.digest, x.bytes), "annotations": {FILE: x.name}}
            for x in layers
        ],
    }
    return Pack(manifest=_dumped(manifest), config=config)


def layers_of(data: bytes, where: str) -> tuple[Layer, ...]:
    """The files that a manifest names. Raises ``Malformed`` for what is not a ModelPack, and
    ``Unsafe`` for a name that leads elsewhere."""
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed("its manifest is not JSON", where=where) from None
    if not isinstance(manifest, dict) or manifest.get("artifactType") != ARTIFACT_TYPE:
        raise Malformed(
            "is not a model: its manifest is of another type than ModelPack", where=where
        )
    rows = manifest.get("layers")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_LAYERS:
        raise Malformed("its manifest has no list of layers", where=where)
    layers = tuple(_layer(row, where) for row in rows)
    if len({layer.name for layer in layers}) < len(layers):
        raise Malformed("its manifest names a file twice", where=where)
    return layers


def _layer(row: AnyJson, where: str) -> Layer:
    row = row if isinstance(row, dict) else {}
    annotations = row.get("annotations")
    name = annotations.get(FILE) if isinstance(annotations, dict) else None
    digest, size = row.get("digest"), row.get("size")
    if not isinstance(name, str):
        raise Malformed(f"a layer has no {FILE}", where=where)
    if not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
        raise Malformed(f"its {name:.80} has no digest by SHA-256", where=where)
    if type(size) is not int or size < 0:
        raise Malformed(f"its {name:.80} has no size", where=where)
    sha256 = digest.removeprefix("sha256:")
    return Layer(name=require_file_name(name, where), sha256=sha256, bytes=size, plain_sha256="")


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _type(name: str) -> str:
    return MODEL if name.endswith(".tar.gz") else DESCRIPTION if name.endswith(".json") else DATA


def _described(media_type: str, digest: str, size: int) -> dict[str, AnyJson]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _dumped(document: Mapping[str, AnyJson]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
