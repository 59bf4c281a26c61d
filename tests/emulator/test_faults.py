"""Faults put in on purpose, as boto3 meets them, and the calls that the emulator noted."""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from orders import BUCKET, bucket, create, order

from neopack.emulator import Emulator, Fault
from neopack.errors import UsageError

ONCE: dict[str, Any] = {"retries": {"total_max_attempts": 1}}
MORE: dict[str, Any] = {"retries": {"mode": "standard", "total_max_attempts": 3}}
CUT = (ConnectionClosedError, EndpointConnectionError, HTTPClientError)


def code_of(error: ClientError) -> tuple[str, int]:
    told = error.response
    return told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]


# effect, service, call, what the client is told
TOLD = {
    "throttled SageMaker": ("throttle", "sagemaker", ("ThrottlingException", 400)),
    "throttled S3": ("throttle", "s3", ("SlowDown", 503)),
    "throttled STS": ("throttle", "sts", ("Throttling", 400)),
    "an error of SageMaker's": ("error", "sagemaker", ("InternalFailure", 500)),
    "an error of S3's": ("error", "s3", ("InternalError", 500)),
    "an expired token at SageMaker": (
        "expired token", "sagemaker", ("ExpiredTokenException", 400),
    ),
    "an expired token at S3": ("expired token", "s3", ("ExpiredToken", 400)),
    "an expired token at STS": ("expired token", "sts", ("ExpiredToken", 403)),
    "denied by SageMaker": ("denied", "sagemaker", ("AccessDeniedException", 400)),
    "denied by S3": ("denied", "s3", ("AccessDenied", 403)),
    "denied by STS": ("denied", "sts", ("AccessDenied", 403)),
    "denied by the logs": ("denied", "logs", ("AccessDeniedException", 400)),
    "a skewed clock at S3": ("skewed clock", "s3", ("RequestTimeTooSkewed", 403)),
    "a skewed clock at SageMaker": (
        "skewed clock", "sagemaker", ("InvalidSignatureException", 400),
    ),
    "a skewed clock at STS": ("skewed clock", "sts", ("SignatureDoesNotMatch", 403)),
}  # fmt: skip


def ask(aws: Emulator, service: str, **config: Any) -> Any:
    """The cheapest call of a service."""
    client = aws.client(service, **config)
    verbs = {
        "sagemaker": "list_compilation_jobs",
        "s3": "list_buckets",
        "sts": "get_caller_identity",
        "iam": "list_roles",
        "logs": "describe_log_groups",
    }
    return getattr(client, verbs[service])()


@pytest.mark.parametrize("name", TOLD)
def test_each_service_says_it_in_its_own_words(name: str, aws: Emulator) -> None:
    effect, service, told = TOLD[name]
    aws.fault(Fault(effect=effect, service=service))  # type: ignore[arg-type]
    with pytest.raises(ClientError) as caught:
        ask(aws, service, **ONCE)
    assert code_of(caught.value) == told
    ask(aws, service, **ONCE)  # once means once
    assert [call["effect"] for call in aws.seen(service)] == [effect, ""]


def test_503_is_the_service_that_is_not_there(aws: Emulator) -> None:
    aws.fault(Fault(effect="error", status=503))
    with pytest.raises(ClientError) as caught:
        ask(aws, "sagemaker", **ONCE)
    assert code_of(caught.value) == ("ServiceUnavailable", 503)


def test_boto3_outlives_two_throttles(aws: Emulator) -> None:
    aws.fault(Fault(effect="throttle", operation="List*", times=2))
    ask(aws, "sagemaker", **MORE)
    assert [call["status"] for call in aws.seen("sagemaker")] == [400, 400, 200]


def test_a_fault_waits_its_turn(aws: Emulator) -> None:
    aws.fault(Fault(effect="denied", service="sts", after=2, times=0))
    ask(aws, "sts")
    ask(aws, "sts")
    for _ in range(3):
        with pytest.raises(ClientError):
            ask(aws, "sts")


def test_a_fault_meets_only_what_it_names(aws: Emulator) -> None:
    aws.fault(Fault(effect="denied", operation="CreateCompilationJob", resource="bad-*", times=0))
    create(aws, "good")
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:Create"):
        create(aws, "bad-one")


def test_a_script_replaces_the_faults(aws: Emulator) -> None:
    aws.fault(Fault(effect="denied", times=0))
    aws.script()
    ask(aws, "sts")


def test_the_service_itself_meets_no_fault(aws: Emulator) -> None:
    bucket(aws)
    aws.script(faults=[Fault(effect="error", service="s3", times=0)])
    create(aws)
    seen = len(aws.seen())
    aws.advance(10)
    assert (
        "S3 object does not exist"
        in aws.client("sagemaker").describe_compilation_job(CompilationJobName="job")[
            "FailureReason"
        ]
    )
    assert len(aws.seen()) == seen + 1


# --- connections ----------------------------------------------------------------------------


def test_a_request_is_cut_while_it_is_sent(aws: Emulator) -> None:
    bucket(aws)
    aws.fault(Fault(effect="cut request", operation="PutObject", bytes=100_000))
    client = aws.client("s3", **ONCE)
    with pytest.raises(CUT):
        client.put_object(Bucket=BUCKET, Key="model", Body=bytes(5_000_000))
    assert "Contents" not in client.list_objects_v2(Bucket=BUCKET)
    aws.client("s3", **MORE).put_object(Bucket=BUCKET, Key="model", Body=bytes(5_000_000))


def test_a_part_is_cut_and_the_upload_goes_on(aws: Emulator, tmp_path: Path) -> None:
    bucket(aws)
    aws.fault(Fault(effect="cut request", operation="UploadPart", after=1, bytes=1000))
    path = tmp_path / "large"
    path.write_bytes(bytes(20 << 20))
    aws.client("s3", **MORE).upload_file(str(path), BUCKET, "large")
    assert aws.client("s3").head_object(Bucket=BUCKET, Key="large")["ContentLength"] == 20 << 20
    assert [call["status"] for call in aws.seen("s3", "UploadPart")].count(0) == 1


def test_an_answer_is_cut_within_its_body(aws: Emulator) -> None:
    bucket(aws)
    client = aws.client("s3", **ONCE)
    client.put_object(Bucket=BUCKET, Key="model", Body=bytes(1_000_000))
    aws.fault(Fault(effect="cut response", operation="GetObject", bytes=300_000))
    got = client.get_object(Bucket=BUCKET, Key="model")["Body"]
    with pytest.raises((IncompleteReadError, ResponseStreamingError, *CUT)):
        got.read()


def test_a_reply_is_lost_after_the_work_was_done(aws: Emulator) -> None:
    """The retry finds the name in use, by the very job that it asked for."""
    aws.fault(Fault(effect="lose reply", operation="CreateCompilationJob"))
    client = aws.client("sagemaker", **MORE)
    with pytest.raises(client.exceptions.ResourceInUse):
        client.create_compilation_job(**order())
    assert [c["status"] for c in aws.seen("sagemaker", "CreateCompilationJob")] == [0, 400]
    assert len(client.list_compilation_jobs()["CompilationJobSummaries"]) == 1


def test_a_slow_answer_runs_into_the_client_s_patience(aws: Emulator) -> None:
    aws.fault(Fault(effect="slow", service="sagemaker", seconds=1.0))
    with pytest.raises(ReadTimeoutError):
        ask(aws, "sagemaker", read_timeout=0.2, **ONCE)
    start = time.monotonic()
    ask(aws, "sagemaker", **ONCE)
    assert time.monotonic() - start < 60


def test_a_slow_answer_does_not_outlive_a_reset(aws: Emulator) -> None:
    aws.fault(Fault(effect="slow", operation="CreateCompilationJob", seconds=1.0))
    client = aws.client("sagemaker", read_timeout=0.2, **ONCE)
    with pytest.raises(ReadTimeoutError):
        client.create_compilation_job(**order())
    aws.reset()
    aws.fault(Fault(effect="slow", operation="ListCompilationJobs", seconds=1.0))
    ask(aws, "sagemaker")  # comes after the other's time
    assert not ask(aws, "sagemaker")["CompilationJobSummaries"]


# --- regions --------------------------------------------------------------------------------


def test_a_bucket_answers_in_its_own_region_only(aws: Emulator) -> None:
    bucket(aws, "far-away", "eu-west-1")
    scope = "KEY/20261121/us-west-2/s3/aws4_request"
    asked = http.client.HTTPConnection(aws.url.removeprefix("http://"))
    asked.request("GET", "/far-away/k", headers={"Authorization": f"AWS4 Credential={scope}, x"})
    with asked.getresponse() as answer:
        assert answer.status == 301
        assert answer.headers["x-amz-bucket-region"] == "eu-west-1"
        assert b"<Code>PermanentRedirect</Code>" in answer.read()
    asked.close()


def test_boto3_follows_a_bucket_to_its_region(aws: Emulator) -> None:
    bucket(aws, "far-away", "eu-west-1")
    client = aws.client("s3")
    assert client.head_bucket(Bucket="far-away")["BucketRegion"] == "eu-west-1"
    client.put_object(Bucket="far-away", Key="k", Body=b"1")
    assert client.get_object(Bucket="far-away", Key="k")["Body"].read() == b"1"
    assert 301 in [call["status"] for call in aws.seen("s3")]


def test_a_bucket_made_anew_may_be_elsewhere(aws: Emulator) -> None:
    bucket(aws, "moving", "eu-west-1")
    there = aws.client("s3", region="eu-west-1")
    there.head_bucket(Bucket="moving")
    there.delete_bucket(Bucket="moving")
    bucket(aws, "moving", "us-west-2")
    aws.client("s3", **ONCE).head_bucket(Bucket="moving")


# --- integrity ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"ContentMD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest"),
        ({"ChecksumSHA256": "A" * 43 + "="}, "BadDigest"),
        ({"ChecksumCRC32": "AAAAAA=="}, "BadDigest"),
    ],
)
def test_a_body_that_is_not_the_checksum_s_is_refused(
    aws: Emulator, header: dict[str, str], code: str
) -> None:
    bucket(aws)
    with pytest.raises(ClientError) as caught:
        aws.client("s3", **ONCE).put_object(Bucket=BUCKET, Key="k", Body=b"model", **header)
    assert code_of(caught.value) == (code, 400)
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket=BUCKET)


def test_a_body_that_was_changed_on_its_way_is_refused(aws: Emulator) -> None:
    def changed(request: Any, **_: Any) -> None:
        request.body = b"m0del"

    bucket(aws)
    client = aws.client("s3", **ONCE)
    client.meta.events.register("before-send.s3.PutObject", changed)
    with pytest.raises(ClientError, match=r"XAmzContentSHA256Mismatch|BadDigest"):
        client.put_object(Bucket=BUCKET, Key="k", Body=b"model")


# --- telling the emulator -------------------------------------------------------------------


def test_a_reset_forgets_all(aws: Emulator) -> None:
    bucket(aws)
    create(aws)
    aws.reset()
    assert aws.client("s3").list_buckets()["Buckets"] == []
    assert aws.client("sagemaker").list_compilation_jobs()["CompilationJobSummaries"] == []
    assert [call["operation"] for call in aws.seen()] == ["ListBuckets", "ListCompilationJobs"]


def test_a_script_that_makes_no_sense_is_refused(aws: Emulator) -> None:
    with pytest.raises(UsageError, match="effect"):
        aws.fault(Fault(effect="explode"))  # type: ignore[arg-type]
    ask(aws, "sts")


def test_the_calls_are_noted(aws: Emulator) -> None:
    bucket(aws)
    create(aws)
    last = aws.seen()[-1]
    assert last["service"] == "sagemaker"
    assert last["operation"] == "CreateCompilationJob"
    assert last["resource"] == "job"
    assert last["region"] == "us-west-2"
    assert last["status"] == 200
