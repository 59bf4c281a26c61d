"""Access of the emulated service to buckets, artifacts and logs, through its own port."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack.emulator.call import SERVICE_KEY
from neopack.errors import Malformed

__all__ = ["LOG_GROUP", "NoSuchObject", "ObjectPlace", "Storage", "place"]

LOG_GROUP = "/aws/sagemaker/CompilationJobs"
US_EAST_1 = "us-east-1"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
# https://bucket.s3.region.amazonaws.com/key, or the bucket as the first part of the path
HOSTED = re.compile(r"https://(?P<bucket>[^/]+?)\.s3[.-][^/]*/(?P<key>.*)")
PATHS = re.compile(r"(?:s3://|https://[^/]+/)(?P<bucket>[^/]+)/?(?P<key>.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlace:
    bucket: str
    key: str


class NoSuchObject(Exception):
    """S3 refused a call; ``code`` is its error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def place(uri: str) -> ObjectPlace:
    """Return the bucket and the key of an S3 URI, ``s3://`` or ``https://``."""
    match = HOSTED.fullmatch(uri) or PATHS.fullmatch(uri)
    return (
        ObjectPlace(bucket=match["bucket"], key=match["key"])
        if match
        else ObjectPlace(bucket="", key="")
    )


class Storage:
    """Reads and writes objects and logs. Raises ``NoSuchObject`` if S3 refuses."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def furnish(self, buckets: Mapping[str, str], roles: Sequence[str]) -> None:
        """Create the buckets and roles of a script. Raises ``Malformed`` for one that AWS refuses
        too, such as a bucket whose name has two letters."""
        for name, region in buckets.items():
            where = {} if region == US_EAST_1 else {"LocationConstraint": region}
            extra = {"CreateBucketConfiguration": where} if where else {}
            with _furnished(f"bucket {name!r} in {region}"):
                self._client("s3", region).create_bucket(Bucket=name, **extra)
        for name in roles:
            with _furnished(f"role {name!r}"):
                self._client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)

    def region(self, bucket: str) -> str:
        with _said():
            answer = self._client("s3").get_bucket_location(Bucket=bucket)
        return answer.get("LocationConstraint") or US_EAST_1

    def role(self, name: str) -> Mapping[str, Any]:
        """A role as GetRole describes it."""
        with _said():
            described: Mapping[str, Any] = self._client("iam").get_role(RoleName=name)["Role"]
        return described

    def key(self, key_id: str, region: str) -> None:
        with _said():
            self._client("kms", region).describe_key(KeyId=key_id)

    def head(self, at: ObjectPlace) -> None:
        with _said():
            self._client("s3").head_object(Bucket=at.bucket, Key=at.key)

    def fetch(self, at: ObjectPlace, to: Path) -> None:
        with _said():
            self._client("s3").download_file(at.bucket, at.key, str(to))

    def store(self, path: Path, at: ObjectPlace, key_id: str = "") -> None:
        extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else None
        with _said():
            self._client("s3").upload_file(str(path), at.bucket, at.key, ExtraArgs=extra)

    def log(self, region: str, stream: str, lines: Sequence[str], at: float) -> None:
        """Add lines to the stream of a job; a failure to write the log does not fail the job."""
        logs = self._client("logs", region)
        client_error = _client_error()
        with suppress(client_error):
            logs.create_log_group(logGroupName=LOG_GROUP)
        with suppress(client_error):
            logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
        events = [{"timestamp": int(at * 1000), "message": line} for line in lines]
        with suppress(client_error):
            logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=events)

    def _client(self, service: str, region: str = US_EAST_1) -> Any:
        with self._lock:  # boto3's default session is not thread-safe
            if (service, region) not in self._clients:
                self._clients[service, region] = _made(service, region, self._url)
            return self._clients[service, region]


def _made(service: str, region: str, url: str) -> Any:
    import boto3
    from botocore.config import Config

    session = boto3.session.Session(
        aws_access_key_id=SERVICE_KEY, aws_secret_access_key=SERVICE_KEY, region_name=region
    )
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2})
    return session.client(service, endpoint_url=url, config=config)


def _client_error() -> type[Exception]:
    from botocore.exceptions import ClientError

    found: type[Exception] = ClientError
    return found


class _said:  # noqa: N801 - reads as the context manager that it is
    """boto3's ClientError as ``NoSuchObject``."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and isinstance(error, _refused()):
            raise _lacking(error) from None


@contextmanager
def _furnished(what: str) -> Iterator[None]:
    """What is wrong with ``what``, in the words of the service or of boto3."""
    from botocore.exceptions import BotoCoreError

    try:
        with _said():
            yield
    except (NoSuchObject, BotoCoreError, ValueError) as error:
        # boto3 says what is wrong with an argument in a line below
        said = str(error).strip().splitlines()[-1]
        raise Malformed(f"{what}: {said}", where="script") from None


def _refused() -> tuple[type[Exception], ...]:
    from boto3.exceptions import S3UploadFailedError

    return (_client_error(), S3UploadFailedError)


def _lacking(error: BaseException) -> NoSuchObject:
    told = getattr(error, "response", None) or getattr(error.__context__, "response", {})
    inner = told.get("Error", {})
    return NoSuchObject(str(inner.get("Code", "Unknown")), str(inner.get("Message", error)))
