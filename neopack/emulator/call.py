"""A request as AWS sees it: service, operation, region and resource."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

__all__ = ["SERVICE_KEY", "Environ", "HttpCall", "UnreadableBody", "read"]

Environ = dict[str, Any]

# the access key of the emulated service itself; faults do not apply to it
SERVICE_KEY = "NEOPACKEMULATOR"
DEFAULT_REGION = "us-east-1"
SMALL = 1 << 20
# the S3 operation, by method and sub-resource in the query
S3_OPERATIONS = (
    ("POST", "uploads", "CreateMultipartUpload"),
    ("POST", "uploadId", "CompleteMultipartUpload"),
    ("POST", "delete", "DeleteObjects"),
    ("PUT", "partNumber", "UploadPart"),
    ("DELETE", "uploadId", "AbortMultipartUpload"),
    ("GET", "uploadId", "ListParts"),
    ("GET", "uploads", "ListMultipartUploads"),
    ("GET", "location", "GetBucketLocation"),
    ("GET", "list-type", "ListObjectsV2"),
)
S3_PLAIN = {
    ("GET", 0): "ListBuckets",
    ("GET", 1): "ListObjects",
    ("GET", 2): "GetObject",
    ("HEAD", 1): "HeadBucket",
    ("HEAD", 2): "HeadObject",
    ("PUT", 1): "CreateBucket",
    ("PUT", 2): "PutObject",
    ("DELETE", 1): "DeleteBucket",
    ("DELETE", 2): "DeleteObject",
}


class UnreadableBody(ValueError):
    """A body whose length or chunks are not what HTTP allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """``resource`` is the path for S3 and for an invocation, else the first name in the body."""

    service: str
    operation: str
    region: str
    access_key: str
    method: str
    path: str
    resource: str
    environ: Environ

    @property
    def ours(self) -> bool:
        """Whether the caller is the emulated service itself."""
        return self.access_key == SERVICE_KEY

    @property
    def bucket(self) -> str:
        return self.path.lstrip("/").split("/", 1)[0]

    def body(self) -> bytes:
        """Return the whole body, which can be read again. Raises ``UnreadableBody``."""
        stream = self.environ["wsgi.input"]
        length = self.environ.get("CONTENT_LENGTH")
        try:
            data: bytes = (
                stream.read(int(length)) if length else stream.read() if _chunked(self) else b""
            )
        except ConnectionError:
            raise
        except (OSError, OverflowError, MemoryError) as error:
            raise UnreadableBody(f"the body cannot be read: {error}") from None
        self.environ["wsgi.input"] = io.BytesIO(data)
        return data

    def json(self) -> Any:
        """Return the body as JSON. Raises ``ValueError``."""
        try:
            return json.loads(self.body() or b"{}")
        except RecursionError:
            raise ValueError("nested too deep") from None


def read(environ: Environ) -> HttpCall:
    """Return the call of a request. Like moto, this uses the scope of its signature."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    access_key, region, service = _scope(environ, query)
    path = unquote(environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace"))
    call = HttpCall(
        service=service,
        operation="",
        region=region,
        access_key=access_key,
        method=environ["REQUEST_METHOD"],
        path=path,
        resource=path,
        environ=environ,
    )
    return _named(call, query)


def _scope(environ: Environ, query: dict[str, list[str]]) -> tuple[str, str, str]:
    """The (access key, region, service) of the signature, in a header or a presigned address."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    credential = header.partition("Credential=")[2].split(",")[0]
    credential = credential or query.get("X-Amz-Credential", [""])[0]
    parts = credential.split("/")
    if len(parts) < 5:
        return "", DEFAULT_REGION, "s3"
    return "/".join(parts[:-4]), parts[-3], parts[-2].lower()


def _named(call: HttpCall, query: dict[str, list[str]]) -> HttpCall:
    from dataclasses import replace

    target = call.environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        name = _first_name(call) if int(call.environ.get("CONTENT_LENGTH") or 0) < SMALL else ""
        return replace(call, operation=target.rpartition(".")[2], resource=name)
    if call.service == "sagemaker":
        return replace(call, service="sagemaker-runtime", operation="InvokeEndpoint")
    if call.service == "s3":
        return replace(call, operation=_s3_operation(call, query))
    try:
        form = parse_qs(call.body().decode("utf-8", "replace")) or query
    except ValueError:  # more fields than any form has, or a body that cannot be read
        form = {}
    return replace(call, operation=form.get("Action", [""])[0], resource="")


def _s3_operation(call: HttpCall, query: dict[str, list[str]]) -> str:
    for method, word, operation in S3_OPERATIONS:
        if call.method == method and word in query:
            return operation
    depth = min(2, len([part for part in call.path.strip("/").split("/", 1) if part]))
    return S3_PLAIN.get((call.method, depth), call.method)


def _first_name(call: HttpCall) -> str:
    """The subject of the request: CompilationJobName, EndpointName, ..."""
    try:
        data = call.json()
    except ValueError:
        return ""
    names = [v for k, v in data.items() if k.endswith("Name")] if isinstance(data, dict) else []
    return names[0] if names and isinstance(names[0], str) else ""


def _chunked(call: HttpCall) -> bool:
    return bool(call.environ.get("wsgi.input_terminated"))
