"""Files from elsewhere: each is compared with its digest, and all of them appear together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from neopack.errors import OutputError, ServiceError
from neopack.outputs.atomic import AtomicOutputs, settle
from neopack.sharing.modelpack import Layer
from neopack.values.log import Log

__all__ = ["INTEGRITY", "Place", "write_files"]

# a download goes on where it was cut, so often without a byte of progress
MOST_CUTS = 4
INTEGRITY = "Integrity"


class Place(Protocol):
    """Where files are read from. ``read`` raises ``ServiceError``; ``is_passing`` tells those
    after which it may be called again, from where the file ends."""

    def read(self, layer: Layer, offset: int) -> Iterator[bytes]: ...
    def is_passing(self, error: ServiceError) -> bool: ...


def write_files(
    place: Place, layers: Sequence[Layer], folder: Path, log: Log, *, force: bool
) -> int:
    """Write the files that are not there; return how many bytes were received.

    Raises ``OutputError`` for another file of the same name without ``force``, before anything is
    received, and ``ServiceError`` for other bytes than the digest says: then nothing is written.
    """
    absent = [layer for layer in layers if not _is_here(folder / layer.name, layer)]
    for layer in absent:
        path = folder / layer.name
        if path.exists() and not force:
            raise OutputError(
                "already exists, and is another file", where=str(path), hint="give --force"
            )
    with AtomicOutputs(force=force) as outputs:
        for layer in absent:
            with log.step(f"receiving {layer.name}", layer.bytes):
                _receive(place, layer, outputs.open(folder / layer.name), log)
    return sum(layer.bytes for layer in absent)


def _is_here(path: Path, layer: Layer) -> bool:
    settle(path)
    if not path.is_file() or path.stat().st_size != layer.bytes:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == layer.sha256


def _receive(place: Place, layer: Layer, out: BinaryIO, log: Log) -> None:
    digest, cuts = hashlib.sha256(), 0
    while True:
        before = out.tell()
        try:
            for data in place.read(layer, before):
                if out.tell() + len(data) > layer.bytes:
                    raise _another(layer)
                out.write(data)
                digest.update(data)
                log.advance(len(data))
            break  # the whole, or all that there is
        except ServiceError as error:
            cuts = 0 if out.tell() > before else cuts + 1
            if not place.is_passing(error) or cuts >= MOST_CUTS:
                raise
    if digest.hexdigest() != layer.sha256:
        raise _another(layer)


def _another(layer: Layer) -> ServiceError:
    return ServiceError(
        "is not the file whose digest was pushed: nothing is written",
        code=INTEGRITY,
        where=layer.name,
        hint="pull again; if that does not help, push it again",
    )
