"""An archive to S3: once, whole, checked, and on where it was cut.

The key names the content, so an object that is there is the one, and an upload that was cut is
found by its key. Parts are checked by S3 against their SHA-256 (S3 user guide, "Checking object
integrity", 2026); of the whole, S3 keeps only a digest of digests, so our own goes along.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from neopack.errors import Interrupted, ServiceError
from neopack.sagemaker.account import CONNECTIONS, Account
from neopack.sagemaker.location import Location
from neopack.sagemaker.seam import is_missing, status_of, translated
from neopack.values.json import AnyJson
from neopack.values.log import Log

__all__ = ["Payload", "Uploaded", "upload"]

MIB = 1 << 20
# below, one request; above, parts
SINGLE = 16 * MIB
PART = 16 * MIB
# S3 takes 10 000 parts
MOST_PARTS = 9_000
THREADS = min(8, CONNECTIONS)
DIGEST = "neopack-content-sha256"
# of an upload that another process has completed or aborted, or whose parts it has replaced
ENDED = frozenset({"NoSuchUpload", "InvalidPart"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A file and its digests: ``sha256`` of its bytes, ``content_sha256`` of the tar inside."""

    path: Path
    bytes: int
    sha256: str
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """``sent`` counts the bytes of this call: 0 where the object was there."""

    location: Location
    bytes: int
    sent: int


# of an object: this one, another or none, or not to be seen
_State: TypeAlias = Literal["there", "another", "absent", "hidden"]
# the id of an upload that was cut, and its parts by number
_Unfinished: TypeAlias = tuple[str, dict[int, AnyJson]]


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    offset: int
    length: int


def upload(
    account: Account, payload: Payload, to: Location, log: Log, *, kms_key: str = ""
) -> Uploaded:
    """Put the file at ``to`` unless it is there. Raises ``ServiceError``; what was sent stays,
    and the next call goes on from there."""
    if _is_there(account, payload, to, summed=True):
        log.note(f"{to} is there already: nothing to upload")
        return Uploaded(location=to, bytes=payload.bytes, sent=0)
    with log.step(f"uploading {payload.path.name}", payload.bytes):
        if payload.bytes <= SINGLE:
            _put(account, payload, to, kms_key, log)
            sent = payload.bytes
        else:
            cut = _found_upload(account, to)
            sent = _put_or_resume(account, payload, to, kms_key, log, cut)
            if cut is not None and _state(account, payload, to) == "another":
                # somebody else's unfinished upload: its object says nothing of its content
                sent = _put_in_parts(account, payload, to, kms_key, log, None)
    _refuse_another(account, payload, to, log)
    return Uploaded(location=to, bytes=payload.bytes, sent=sent)


def _refuse_another(account: Account, payload: Payload, to: Location, log: Log) -> None:
    state = _state(account, payload, to)
    if state == "hidden":  # S3 has checked what it was sent
        log.note(f"may not look at {to} (s3:GetObject, s3:ListBucket); going on")
    elif state != "there":
        raise ServiceError(f"{to} is not what was sent", code="Integrity", hint="try again")


def _put_or_resume(
    account: Account,
    payload: Payload,
    to: Location,
    kms_key: str,
    log: Log,
    cut: _Unfinished | None,
) -> int:
    """Send what is missing. Where another process has ended the same upload meanwhile, its object
    will do, or else a new upload."""
    try:
        return _put_in_parts(account, payload, to, kms_key, log, cut)
    except ServiceError as error:
        if error.code not in ENDED:
            raise
        if _is_there(account, payload, to):
            log.note(f"{to} is there: another process has uploaded it")
            return 0
        return _put_in_parts(account, payload, to, kms_key, log, None)


def _is_there(account: Account, payload: Payload, at: Location, *, summed: bool = False) -> bool:
    return _state(account, payload, at, summed=summed) == "there"


def _state(account: Account, payload: Payload, at: Location, *, summed: bool = False) -> _State:
    """Whether the object has the size and the digests of the file. With ``summed``, S3 must have
    computed them of its bytes: metadata can be copied to others."""
    try:
        with translated(f"looking for {at}"):
            head = account.client("s3").head_object(
                Bucket=at.bucket, Key=at.key, ChecksumMode="ENABLED"
            )
    except ServiceError as error:
        # without s3:ListBucket a missing object is told as forbidden
        if is_missing(error) or status_of(error) == "denied":
            return "absent" if is_missing(error) else "hidden"
        raise
    known: Mapping[str, str] = head.get("Metadata", {})
    own = _extras(payload, "")["Metadata"]
    if head["ContentLength"] != payload.bytes or any(known.get(k) != own[k] for k in own):
        return "another"
    if summed and not _is_sum(head.get("ChecksumSHA256", ""), payload):
        return "another"
    return "there"


def _is_sum(checksum: str, payload: Payload) -> bool:
    """Whether S3's checksum is of the file: of its bytes, or of the checksums of equal parts, with
    their count behind it (S3 user guide, "Checking object integrity", 2026)."""
    whole = checksum.partition("-")[0]
    if whole == base64.b64encode(bytes.fromhex(payload.sha256)).decode():
        return True
    if payload.bytes <= SINGLE:
        return False
    with payload.path.open("rb") as stream:
        lengths = [part.length for part in _parts(payload.bytes, {})]
        digests = b"".join(hashlib.sha256(stream.read(length)).digest() for length in lengths)
    return whole == base64.b64encode(hashlib.sha256(digests).digest()).decode()


def _extras(payload: Payload, kms_key: str) -> dict[str, AnyJson]:
    metadata = {DIGEST: payload.content_sha256, "neopack-sha256": payload.sha256}
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    return {"Metadata": metadata, "ContentType": "application/gzip", **encrypted}


def _put(account: Account, payload: Payload, to: Location, kms_key: str, log: Log) -> None:
    checksum = base64.b64encode(bytes.fromhex(payload.sha256)).decode()
    with translated(f"uploading to {to}"), payload.path.open("rb") as stream:
        account.client("s3").put_object(
            Bucket=to.bucket,
            Key=to.key,
            Body=stream,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=checksum,
            **_extras(payload, kms_key),
        )
    log.advance(payload.bytes)


# --- in parts -------------------------------------------------------------------------------


def _put_in_parts(
    account: Account,
    payload: Payload,
    to: Location,
    kms_key: str,
    log: Log,
    found: _Unfinished | None,
) -> int:
    """The bytes that had to be sent: all, but for the parts of an upload that was cut."""
    upload_id, present = found or (_begin(account, payload, to, kms_key), {})
    parts = list(_parts(payload.bytes, present))
    sender = _Sender(account, payload.path, to, upload_id, present, log)
    try:
        done = _in_threads(sender, parts)
    except (ServiceError, Interrupted, KeyboardInterrupt) as error:
        if not (isinstance(error, ServiceError) and error.code in ENDED):
            log.warn(
                f"{sender.kept / MIB:.0f} of {payload.bytes / MIB:.0f} MiB stay in S3 as the "
                f"unfinished upload {upload_id}; the same command goes on from there"
            )
        raise
    ordered = [done[part.number] for part in parts]
    _complete(account, payload, to, upload_id, ordered)
    return sender.sent


def _complete(
    account: Account, payload: Payload, to: Location, upload_id: str, parts: list[AnyJson]
) -> None:
    """Make the object of its parts. S3 takes minutes for a large one; where the answer was lost,
    the upload that boto3 tries to complete again is gone, and the object there."""
    try:
        with translated(f"completing {to}"):
            account.client("s3").complete_multipart_upload(
                Bucket=to.bucket, Key=to.key, UploadId=upload_id, MultipartUpload={"Parts": parts}
            )
    except ServiceError as error:
        answered = status_of(error) in {"denied", "credentials", "throttled"}
        if answered or not _is_there(account, payload, to):
            raise


def _in_threads(sender: _Sender, parts: list[_Part]) -> dict[int, AnyJson]:
    """All parts, several at a time; after the first failure no other is begun."""
    done: dict[int, AnyJson] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(sender.send, part) for part in parts]
        try:
            wait(running, return_when=FIRST_EXCEPTION)
            for part, future in zip(parts, running, strict=True):
                if future.done() and not future.cancelled():
                    done[part.number] = future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return done


class _Sender:
    """Sends parts, or finds them sent. ``sent`` and ``kept`` count bytes."""

    def __init__(
        self,
        account: Account,
        path: Path,
        to: Location,
        upload_id: str,
        present: Mapping[int, AnyJson],
        log: Log,
    ) -> None:
        self._s3 = account.client("s3")
        self._path, self._to, self._upload_id = path, to, upload_id
        self._present, self._log = present, log
        self._lock = threading.Lock()
        self.sent = self.kept = 0

    def send(self, part: _Part) -> AnyJson:
        """The part as CompleteMultipartUpload wants it named."""
        with self._path.open("rb") as stream:
            stream.seek(part.offset)
            data = stream.read(part.length)
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        known = self._present.get(part.number)
        if known is not None and _same(known, data, checksum):
            return self._count(part, known["ETag"], checksum, sent=0)
        with translated(f"uploading part {part.number} of {self._to}"):
            answer = self._s3.upload_part(
                Bucket=self._to.bucket,
                Key=self._to.key,
                UploadId=self._upload_id,
                PartNumber=part.number,
                Body=data,
                ChecksumSHA256=checksum,
            )
        return self._count(part, answer["ETag"], checksum, sent=part.length)

    def _count(self, part: _Part, tag: str, checksum: str, *, sent: int) -> AnyJson:
        with self._lock:
            self.sent += sent
            self.kept += part.length
            self._log.advance(part.length)
        return {"PartNumber": part.number, "ETag": tag, "ChecksumSHA256": checksum}


def _same(known: AnyJson, data: bytes, checksum: str) -> bool:
    """Whether a part that is there is this one: by its checksum, else by MD5, its ETag."""
    if known["Size"] != len(data):
        return False
    if "ChecksumSHA256" in known:
        return bool(known["ChecksumSHA256"] == checksum)
    return bool(known["ETag"].strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest())


def _parts(size: int, present: Mapping[int, AnyJson]) -> Iterator[_Part]:
    """Equal parts; as long as those that are there."""
    length = max(PART, -(-size // MOST_PARTS))
    if present and 1 in present and present[1]["Size"] >= 5 * MIB:
        length = present[1]["Size"]
    for number, offset in enumerate(range(0, size, length), 1):
        yield _Part(number, offset, min(length, size - offset))


def _begin(account: Account, payload: Payload, to: Location, kms_key: str) -> str:
    with translated(f"beginning the upload to {to}"):
        answer = account.client("s3").create_multipart_upload(
            Bucket=to.bucket,
            Key=to.key,
            ChecksumAlgorithm="SHA256",
            **_extras(payload, kms_key),
        )
    return str(answer["UploadId"])


def _found_upload(account: Account, to: Location) -> _Unfinished | None:
    """The newest upload to that key that was cut, with its parts; None where there is none, or
    where the caller may not look."""
    try:
        with translated(f"looking for unfinished uploads to {to}"):
            answer = account.client("s3").list_multipart_uploads(Bucket=to.bucket, Prefix=to.key)
            mine = [one for one in answer.get("Uploads", ()) if one["Key"] == to.key]
            if not mine:
                return None
            newest = max(mine, key=lambda one: str(one.get("Initiated", "")))["UploadId"]
            return str(newest), _listed(account.client("s3"), to, newest)
    except ServiceError as error:
        if status_of(error) == "denied" or is_missing(error):
            return None
        raise


def _listed(s3: Any, to: Location, upload_id: str) -> dict[int, AnyJson]:
    pages = s3.get_paginator("list_parts").paginate(
        Bucket=to.bucket, Key=to.key, UploadId=upload_id
    )
    return {part["PartNumber"]: part for page in pages for part in page.get("Parts", ())}
