"""Check the checksums of S3 uploads, which S3 refuses if they are wrong but moto ignores."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable

from neopack.emulator.call import HttpCall
from neopack.emulator.replies import AwsError, Reply, refusal

__all__ = ["refused"]

UPLOADS = frozenset({"PutObject", "UploadPart"})
# a body in signed chunks has checksums between and after them, which moto reads
CHUNKED = "STREAMING-"
# by WSGI's names of the headers; CRC32C and CRC64NVME are not checked
CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "HTTP_CONTENT_MD5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    "HTTP_X_AMZ_CHECKSUM_CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "HTTP_X_AMZ_CHECKSUM_SHA1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "HTTP_X_AMZ_CHECKSUM_SHA256": lambda body: hashlib.sha256(body).digest(),
}


def refused(call: HttpCall) -> Reply | None:
    """Return an error for an upload with a wrong checksum, MD5 or payload hash, or None."""
    if call.operation not in UPLOADS or call.service != "s3":
        return None
    signed = call.environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if signed.startswith(CHUNKED):
        return None
    body = call.body()
    if len(signed) == hashlib.sha256().digest_size * 2 and signed != _hex(body):
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        return refusal("s3", AwsError("XAmzContentSHA256Mismatch", message))
    for name, compute in CHECKSUMS.items():
        if name in call.environ and call.environ[name] != _text(compute(body)):
            kind = name.rpartition("_")[2]
            message = f"The {kind} you specified did not match the calculated checksum."
            return refusal("s3", AwsError("BadDigest", message))
    return None


def _hex(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
