"""Push to and pull from S3: the files as they are, and, written last, the document that names
them, ``NAME.pushed.json``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neopack.archive.manifest import stem
from neopack.errors import ServiceError, UsageError
from neopack.options import Connection
from neopack.sagemaker.account import Account
from neopack.sagemaker.location import Location
from neopack.sagemaker.seam import is_missing, is_passing, translated
from neopack.sagemaker.upload import Payload, upload
from neopack.sharing.belonging import belonging
from neopack.sharing.modelpack import Layer, digest_of, layers_of, pack_of
from neopack.sharing.pulling import write_files
from neopack.sharing.results import Pulled, Pushed
from neopack.values.log import Log

__all__ = ["pull", "push"]

INDEX = ".pushed.json"
MOST_INDEX = 1 << 20
CHUNK = 1 << 20


def push(path: Path, url: str, connection: Connection, log: Log) -> Pushed:
    """Put the files below the prefix ``url``. An object that is there with the same digest is not
    sent again, and a cut upload goes on. Raises ``ServiceError``."""
    account, folder = Account(connection), Location.of(url)
    files = belonging(path)
    sent = 0
    for file, layer in files:
        payload = Payload(
            path=file, bytes=layer.bytes, sha256=layer.sha256, content_sha256=layer.plain_sha256
        )
        sent += upload(account, payload, folder / layer.name, log).sent
    layers = [layer for _, layer in files]
    index = pack_of(layers).manifest
    at = folder / f"{stem(path)}{INDEX}"
    with translated(f"uploading to {at}"):
        account.client("s3").put_object(
            Bucket=at.bucket, Key=at.key, Body=index, ContentType="application/json"
        )
    return Pushed(
        url=str(folder / path.name),
        digest=digest_of(index),
        files=tuple(layer.name for layer in layers),
        bytes=sum(layer.bytes for layer in layers),
        sent=sent,
    )


def pull(url: str, folder: Path, connection: Connection, log: Log, *, force: bool) -> Pulled:
    """Write the files that were pushed as ``url``, which names the archive or artifact."""
    at = Location.of(url)
    if not at.name.endswith(".tar.gz"):
        raise UsageError(f"{url} does not name a .tar.gz", hint="s3://bucket/prefix/NAME.tar.gz")
    parent = Location(bucket=at.bucket, key=at.key.rpartition("/")[0])
    place = _Bucket(Account(connection), parent)
    index = place.index(f"{stem(Path(at.name))}{INDEX}")
    layers = layers_of(index, url)
    received = write_files(place, layers, folder, log, force=force)
    return Pulled(
        url=url,
        digest=digest_of(index),
        path=folder / layers[0].name,
        files=tuple(folder / layer.name for layer in layers),
        bytes=sum(layer.bytes for layer in layers),
        received=received,
    )


class _Bucket:
    def __init__(self, account: Account, folder: Location) -> None:
        self._s3, self._folder = account.client("s3"), folder

    def index(self, name: str) -> bytes:
        at = self._folder / name
        try:
            with translated(f"reading {at}"):
                answer = self._s3.get_object(Bucket=at.bucket, Key=at.key)
                data: bytes = answer["Body"].read(MOST_INDEX)
        except ServiceError as error:
            if is_missing(error):
                error.hint = "neopack push writes it beside what it pushes: is the URL right?"
            raise
        return data

    def read(self, layer: Layer, offset: int) -> Iterator[bytes]:
        at = self._folder / layer.name
        with translated(f"downloading {at}"):
            rest = {"Range": f"bytes={offset}-"} if offset else {}
            answer = self._s3.get_object(Bucket=at.bucket, Key=at.key, **rest)
            while data := answer["Body"].read(CHUNK):
                yield data

    def is_passing(self, error: ServiceError) -> bool:
        return is_passing(error)
