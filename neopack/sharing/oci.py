"""Push to and pull from a registry: blobs by digest, and the manifest that names them last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from neopack.errors import Malformed, ServiceError
from neopack.sharing.belonging import belonging
from neopack.sharing.modelpack import MANIFEST_TYPE, Layer, digest_of, layers_of, pack_of
from neopack.sharing.pulling import INTEGRITY, write_files
from neopack.sharing.reference import Reference
from neopack.sharing.registry import MOST_TEXT, NETWORK, Registry, reaching, refuse_status
from neopack.sharing.results import Pulled, Pushed
from neopack.values.log import Log

__all__ = ["pull", "push"]

CHUNK = 1 << 20
# one request up to this size; larger blobs go in parts, and on where a connection was cut
PART = 16 << 20
MOST_CUTS = 4
BYTES = {"Content-Type": "application/octet-stream"}


def push(path: Path, url: str, log: Log) -> Pushed:
    """Send what the registry does not have, and then name it. Raises ``ServiceError``."""
    reference = Reference.of(url)
    if reference.digest:
        reference = Reference.of(url.partition("@")[0])
    files = belonging(path)
    pack = pack_of([layer for _, layer in files])
    sent = 0
    with closing(Registry(reference)) as registry:
        for file, layer in files:
            sent += _send_file(registry, file, layer, log)
        config = digest_of(pack.config)
        if not _has(registry, config):
            _put(registry, _begun(registry), config, pack.config)
        _name(registry, pack.manifest)
    return Pushed(
        url=str(reference),
        digest=digest_of(pack.manifest),
        files=tuple(layer.name for _, layer in files),
        bytes=sum(layer.bytes for _, layer in files),
        sent=sent,
    )


def pull(url: str, folder: Path, log: Log, *, force: bool) -> Pulled:
    """Write the files that the manifest names, all or none. Raises ``ServiceError``."""
    reference = Reference.of(url)
    with closing(Registry(reference)) as registry:
        manifest = _manifest(registry)
        layers = layers_of(manifest, str(reference))
        received = write_files(_Blobs(registry), layers, folder, log, force=force)
    return Pulled(
        url=str(reference),
        digest=digest_of(manifest),
        path=folder / layers[0].name,
        files=tuple(folder / layer.name for layer in layers),
        bytes=sum(layer.bytes for layer in layers),
        received=received,
    )


# --- sending --------------------------------------------------------------------------------


def _send_file(registry: Registry, path: Path, layer: Layer, log: Log) -> int:
    if _has(registry, layer.digest):
        log.note(f"{layer.name} is there already: nothing to send")
        return 0
    with log.step(f"sending {layer.name}", layer.bytes):
        at = _begun(registry)
        if layer.bytes > PART:
            at = _send_parts(registry, at, path, layer, log)
            _put(registry, at, layer.digest, b"")
        else:
            _put(registry, at, layer.digest, path.read_bytes())
            log.advance(layer.bytes)
    return layer.bytes


def _has(registry: Registry, digest: str) -> bool:
    with registry.send("HEAD", f"{registry.reference.base}/blobs/{digest}") as answer:
        if answer.status_code == 404:
            return False
        refuse_status(answer, registry.reference, "looking for a blob")
        return True


def _begun(registry: Registry) -> str:
    """The place of a new upload."""
    url = f"{registry.reference.base}/blobs/uploads/"
    with registry.send("POST", url, headers={"Content-Length": "0"}) as answer:
        refuse_status(answer, registry.reference, "beginning an upload")
        return _location(answer, url, registry)


def _location(answer: Any, url: str, registry: Registry) -> str:
    location = str(answer.headers.get("Location", ""))
    if not location:
        raise ServiceError(
            "the registry names no place to upload to", code="Protocol",
            where=str(registry.reference),
        )  # fmt: skip
    return urljoin(url, location)


def _send_parts(registry: Registry, at: str, path: Path, layer: Layer, log: Log) -> str:
    """Return the place where the upload is to be completed."""
    offset = cuts = 0
    with path.open("rb") as stream:
        while offset < layer.bytes:
            stream.seek(offset)
            data = stream.read(PART)
            headers = {**BYTES, "Content-Range": f"{offset}-{offset + len(data) - 1}"}
            try:
                with registry.send("PATCH", at, headers=headers, data=data) as answer:
                    refuse_status(answer, registry.reference, f"sending {layer.name}")
                    at = _location(answer, at, registry)
            except ServiceError as error:
                cuts += 1
                if error.code != NETWORK or cuts > MOST_CUTS:
                    raise
                at, there = _reached(registry, at)
                log.advance(there - offset)
                offset = there
                continue
            log.advance(len(data))
            offset, cuts = offset + len(data), 0
    return at


def _reached(registry: Registry, at: str) -> tuple[str, int]:
    """Where an upload goes on, and how much of it the registry has."""
    with registry.send("GET", at) as answer:
        refuse_status(answer, registry.reference, "looking for the upload")
        last = answer.headers.get("Range", "").rpartition("-")[2]
        count = int(last) + 1 if last.isdecimal() and last != "0" else 0
        return urljoin(at, answer.headers.get("Location", at)), count


def _put(registry: Registry, at: str, digest: str, data: bytes) -> None:
    """Complete an upload; the registry compares the digest."""
    url = f"{at}{'&' if '?' in at else '?'}digest={digest}"
    headers = {**BYTES, "Content-Length": str(len(data))}
    with registry.send("PUT", url, headers=headers, data=data) as answer:
        refuse_status(answer, registry.reference, "completing an upload")


def _name(registry: Registry, manifest: bytes) -> None:
    reference = registry.reference
    url, headers = f"{reference.base}/manifests/{reference.tag}", {"Content-Type": MANIFEST_TYPE}
    with registry.send("PUT", url, headers=headers, data=manifest) as answer:
        refuse_status(answer, reference, "naming what was sent")
        _refuse_digest(answer.headers, manifest, registry)


# --- receiving ------------------------------------------------------------------------------


def _manifest(registry: Registry) -> bytes:
    reference = registry.reference
    url = f"{reference.base}/manifests/{reference.name}"
    with registry.send("GET", url, headers={"Accept": MANIFEST_TYPE}) as answer:
        refuse_status(answer, reference, "reading the manifest")
        data = bytearray()
        with reaching(reference):
            for part in answer.iter_content(CHUNK):
                data += part
                if len(data) > MOST_TEXT:
                    raise Malformed("its manifest is too large", where=str(reference))
        _refuse_digest(answer.headers, bytes(data), registry)
    return bytes(data)


def _refuse_digest(headers: Mapping[str, str], data: bytes, registry: Registry) -> None:
    """What was named by its digest must have it, and what the registry says must be so."""
    said = headers.get("Docker-Content-Digest", "")
    named = registry.reference.digest
    for digest in (said if said.startswith("sha256:") else "", named):
        if digest and digest != digest_of(data):
            raise ServiceError(
                f"its manifest has another digest than {digest:.19}",
                code=INTEGRITY,
                where=str(registry.reference),
                hint="do not trust the registry, or what is between",
            )


class _Blobs:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def read(self, layer: Layer, offset: int) -> Iterator[bytes]:
        """The rest of the blob; a registry that knows no ranges sends it all again."""
        reference = self._registry.reference
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        url = f"{reference.base}/blobs/{layer.digest}"
        with self._registry.send("GET", url, headers=headers) as answer:
            refuse_status(answer, reference, f"receiving {layer.name}")
            skip = offset if answer.status_code == 200 else 0
            with reaching(reference):
                for data in answer.iter_content(CHUNK):
                    rest = data[skip:]
                    skip = max(0, skip - len(data))
                    if rest:
                        yield rest

    def is_passing(self, error: ServiceError) -> bool:
        return error.code == NETWORK
