"""The files that belong to an archive or artifact: its manifest, golden numbers and evidence."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from neopack.archive.manifest import golden_path, manifest_path, read_manifest
from neopack.artifacts.compiled_manifest import ArtifactManifest, beside
from neopack.errors import Malformed, NotRecognized, UsageError
from neopack.provenance.lineage import SIGNATURE, files_beside, place_beside
from neopack.sharing.modelpack import Layer

__all__ = ["belonging"]

SUFFIX = ".tar.gz"
CHUNK = 1 << 20


def belonging(path: Path) -> tuple[tuple[Path, Layer], ...]:
    """The file and those beside it that belong to it, with their digests.

    Raises ``UsageError`` for a file that does not exist or is of another kind, and ``Malformed``
    where it is not the one that its manifest describes.
    """
    if not path.is_file():
        raise UsageError("no such file", where=str(path))
    if not path.name.endswith(SUFFIX):
        raise UsageError(
            "does not end in .tar.gz", where=str(path), hint="name an archive or an artifact"
        )
    signature = place_beside(path, SIGNATURE)
    paths = (*files_beside(path), *((signature,) if signature.is_file() else ()))
    layers = tuple((each, _layer(each)) for each in paths)
    _refuse_another(path, {layer.name: layer.sha256 for _, layer in layers})
    return layers


def _layer(path: Path) -> Layer:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    plain = _plain_sha256(path) if path.name.endswith(SUFFIX) else sha256
    return Layer(name=path.name, sha256=sha256, bytes=path.stat().st_size, plain_sha256=plain)


def _plain_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with gzip.open(path) as stream:
            while data := stream.read(CHUNK):
                digest.update(data)
    except (OSError, EOFError, zlib.error):
        raise NotRecognized("is not a whole .tar.gz", where=str(path)) from None
    return digest.hexdigest()


def _refuse_another(path: Path, digests: dict[str, str]) -> None:
    """What its own manifest says must be so, or those who pull it get what nobody proved."""
    expected: dict[Path, str] = {}
    if manifest_path(path).is_file() and (manifest := read_manifest(path)) is not None:
        expected[path] = manifest.archive.sha256
        expected[golden_path(path)] = manifest.goldens.sha256
    if beside(path).is_file():
        compiled = ArtifactManifest.loads(beside(path).read_bytes(), str(beside(path)))
        expected[path] = compiled.archive_sha256
    for file, sha256 in expected.items():
        if sha256 and digests.get(file.name, sha256) != sha256:
            raise Malformed(
                "is not the file that its manifest describes",
                where=str(file),
                hint="package or compile it again",
            )
