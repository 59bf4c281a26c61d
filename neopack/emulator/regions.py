"""S3 serves a bucket only in its own region, and redirects calls from other regions."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from neopack.emulator.call import HttpCall
from neopack.emulator.replies import AwsError, Reply, refusal

if TYPE_CHECKING:
    from neopack.emulator.app import Wsgi

__all__ = ["Buckets"]

CONSTRAINT = re.compile(rb"<LocationConstraint[^>]*>([^<]*)<")
HOME = "us-east-1"
# operations that work in every region
EVERYWHERE = frozenset({"CreateBucket", "GetBucketLocation", "ListBuckets"})


class Buckets:
    """The region of each bucket, asked from moto once."""

    def __init__(self, moto: Wsgi) -> None:
        self._moto = moto
        self._regions: dict[str, str] = {}
        self._lock = threading.Lock()

    def elsewhere(self, call: HttpCall) -> Reply | None:
        """Return 301 PermanentRedirect for a call to a bucket of another region, or None."""
        if call.service != "s3" or call.ours or call.operation in EVERYWHERE or not call.bucket:
            return None
        if call.operation == "DeleteBucket":
            self.forget(call.bucket)
        region = self._region(call)
        if region in ("", call.region):
            return None
        return _redirect(region, head=call.method == "HEAD")

    def forget(self, bucket: str = "") -> None:
        with self._lock:
            if bucket:
                self._regions.pop(bucket, None)
            else:
                self._regions.clear()

    def _region(self, call: HttpCall) -> str:
        """The region of the bucket, or "" if it does not exist, which moto will report."""
        with self._lock:
            region = self._regions.get(call.bucket)
        if region is not None:
            return region
        answer = self._asked(call)
        if answer:
            with self._lock:
                self._regions[call.bucket] = answer
        return answer

    def _asked(self, call: HttpCall) -> str:
        import io

        statuses: list[str] = []
        environ = {
            **call.environ,
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/{call.bucket}",
            "QUERY_STRING": "location",
            "wsgi.input": io.BytesIO(),
            "CONTENT_LENGTH": "0",
        }
        environ.pop("wsgi.input_terminated", None)
        body = b"".join(self._moto(environ, lambda status, *_: statuses.append(status)))
        if not statuses[0].startswith("200"):
            return ""
        match = CONSTRAINT.search(body)
        return (match[1].decode() if match else "") or HOME


def _redirect(region: str, *, head: bool) -> Reply:
    message = (
        "The bucket you are attempting to access must be addressed using the specified "
        "endpoint. Please send all future requests to this endpoint."
    )
    reply = refusal("s3", AwsError("PermanentRedirect", message, 301))
    headers = {**reply.headers, "x-amz-bucket-region": region}
    return Reply(status=301, headers=headers, body=b"" if head else reply.body)
