"""Faults put in on purpose: nothing lost, nothing paid twice, no orphan left unsaid."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cloud import BUCKET, LONG, ROLE, Cloud
from desk import Desk

import neopack as package
from neopack.archive.read import scan
from neopack.emulator import Emulator, Fault, Span, Timeline
from neopack.errors import Interrupted, ServiceError
from neopack.facts import target
from neopack.options import Connection, JobOptions, WaitOptions
from neopack.sagemaker import account as accounts_of_aws
from neopack.sagemaker import jobs as jobs_of_aws
from neopack.sagemaker import upload as uploads
from neopack.sagemaker.account import Account
from neopack.sagemaker.following import JobOutcome, Waiting
from neopack.sagemaker.jobs import SubmittedJob
from neopack.sagemaker.location import Location
from neopack.sagemaker.request import JobInput, JobRequest, JobSettings, build
from neopack.sagemaker.submitting import submit
from neopack.sagemaker.watch import Pace, Watch
from neopack.values.log import SilentLog

NOW = Pace(first=0, most=0, worst=0, spacing=0)
ASKED = JobOptions(role=ROLE, output=f"s3://{BUCKET}/neo")


class Told(SilentLog):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(text)


def call_after(count: int, then: Callable[[], None]) -> Callable[[float], None]:
    """A sleep that does something else the n-th time."""
    slept = [0]

    def sleep(seconds: float) -> None:
        slept[0] += 1
        if slept[0] == count:
            then()

    return sleep


# --- passing faults ---------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["throttle", "cut response", "lose reply"])
@pytest.mark.parametrize(
    "operation",
    ["HeadBucket", "PutObject", "CreateCompilationJob", "DescribeCompilationJob", "GetObject"],
)
def test_a_fault_that_passes_is_not_even_seen(cloud: Cloud, effect: str, operation: str) -> None:
    cloud.aws.fault(Fault(effect=effect, operation=operation))  # type: ignore[arg-type]
    answer = cloud.compile()
    assert answer.code == 0, answer.err
    assert len(cloud.made()) == 1
    assert Path("onnx-ml_c5.tar.gz").is_file()


def test_a_lost_answer_is_no_second_job(cloud: Cloud) -> None:
    cloud.aws.fault(Fault(effect="lose reply", operation="CreateCompilationJob"))
    answer = cloud.compile()
    assert answer.code == 0, answer.err
    assert "was there already" in answer.err
    assert len(cloud.made()) == 1


@pytest.mark.parametrize("operation", ["CreateCompilationJob", "DescribeCompilationJob"])
def test_an_answer_that_is_too_slow_is_asked_for_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """A job whose answer came too late was made all the same: it is found, not made again."""
    monkeypatch.setattr(accounts_of_aws, "READ_TIMEOUT", 0.5)
    cloud.aws.fault(Fault(effect="slow", operation=operation, seconds=2.0))
    answer = cloud.compile()
    assert answer.code == 0, answer.err
    assert len(cloud.aws.seen(operation=operation)) > 1
    assert len(cloud.made()) == 1


def test_a_service_that_never_answers_in_time_is_told(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts_of_aws, "READ_TIMEOUT", 0.2)
    monkeypatch.setattr(accounts_of_aws, "ATTEMPTS", 2)
    cloud.aws.fault(Fault(effect="slow", service="sagemaker", seconds=1.0, times=0))
    answer = cloud.compile()
    assert answer.code == 5, answer.err
    assert "Read timeout" in answer.err
    assert "the same command goes on" in answer.err


def test_an_outage_in_the_middle_is_waited_for(cloud: Cloud) -> None:
    # more than boto3 itself tries again
    cloud.aws.fault(
        Fault(effect="error", operation="DescribeCompilationJob", after=3, times=15, status=503),
        Fault(effect="throttle", operation="DescribeCompilationJob", after=3, times=15),
    )
    answer = cloud.compile()
    assert answer.code == 0, answer.err
    assert "still waiting" in answer.err


def test_a_download_goes_on_where_it_was_cut(cloud: Cloud) -> None:
    cloud.aws.fault(Fault(effect="cut response", operation="GetObject", times=3, bytes=500))
    answer = cloud.compile()
    assert answer.code == 0, answer.err
    assert cloud.jobs("attach", "onnx.ml_c5.job.json").code == 0


# --- faults that do not pass --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        ("expired token", "sign in again"),
        ("skewed clock", "clock"),
        ("denied", "neopack init aws"),
    ],
)
def test_nothing_is_sent_without_credentials(cloud: Cloud, effect: str, words: str) -> None:
    cloud.aws.fault(Fault(effect=effect, service="sts", times=0))  # type: ignore[arg-type]
    answer = cloud.compile()
    assert answer.code == 5
    assert words in answer.errors[0]
    assert not cloud.aws.seen("s3", "PutObject")


def test_no_credentials_at_all(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    answer = cloud.compile()
    assert answer.code == 5
    assert "no AWS credentials (aws configure" in answer.errors[0]
    assert "nope" in cloud.compile("--profile", "nope").errors[0]


def test_no_region(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    answer = cloud.compile()
    assert answer.code == 2
    assert "no region is known (--region, or AWS_DEFAULT_REGION)" in answer.errors[0]


def test_nobody_answers(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    answer = cloud.compile()
    assert answer.code == 5
    assert "is the network there?" in answer.errors[0]


@pytest.mark.parametrize(
    ("service", "operation"),
    [("s3", "HeadBucket"), ("iam", "GetRole"), ("logs", "GetLogEvents"), ("s3", "HeadObject")],
)
def test_what_one_may_not_look_at_stops_nothing(
    cloud: Cloud, service: str, operation: str
) -> None:
    times = 1 if operation == "HeadObject" else 0
    cloud.aws.fault(Fault(effect="denied", service=service, operation=operation, times=times))
    answer = cloud.compile("--logs")
    assert answer.code == 0, answer.err


@pytest.mark.parametrize(
    ("effect", "words"),
    [("denied", "the caller lacks s3:GetObject"), ("expired token", "the token has expired")],
)
def test_a_reason_is_given_where_s3_gives_none(cloud: Cloud, effect: str, words: str) -> None:
    """HEAD is answered without a body: what was uploaded stays, the artifact is not fetched."""
    fault = Fault(effect=effect, operation="HeadObject", times=0)  # type: ignore[arg-type]
    cloud.aws.fault(fault)
    answer = cloud.compile()
    assert answer.code == 5
    assert words in answer.errors[0]
    assert "is not what was sent" not in answer.err
    assert (cloud.calls("CreateCompilationJob") == 1) == (effect == "denied")


def test_who_may_not_create_is_told(cloud: Cloud) -> None:
    cloud.aws.fault(Fault(effect="denied", operation="CreateCompilationJob", times=0))
    answer = cloud.compile()
    assert answer.code == 5
    assert "neopack init aws writes the policies" in answer.errors[0]
    assert cloud.made() == []


def test_credentials_that_end_while_waiting(cloud: Cloud) -> None:
    fault = Fault(effect="expired token", service="sagemaker", operation="Describe*", after=3)
    cloud.aws.fault(replace(fault, times=0))
    answer = cloud.compile()
    assert answer.code == 5
    (name,) = record_names()
    assert f"{name} goes on: neopack jobs attach onnx.ml_c5.job.json" in answer.errors[0]
    cloud.script()
    assert cloud.jobs("attach", "onnx.ml_c5.job.json", "--poll", "0").code == 0
    assert cloud.made() == [name]


def test_credentials_that_are_renewed_while_waiting(cloud: Cloud) -> None:
    cloud.aws.fault(
        Fault(effect="expired token", service="sagemaker", operation="Describe*", after=2)
    )
    answer = cloud.compile()
    assert answer.code == 0, answer.err


def record_names() -> list[str]:
    import json

    return [json.loads(path.read_text())["job"] for path in Path().glob("*.job.json")]


# --- interrupts ---------------------------------------------------------------------------------


def go(
    cloud: Cloud, sleep: Callable[[float], None], *, stop: bool = False
) -> tuple[JobOutcome, ...]:
    waiting = Waiting(pace=replace(NOW, sleep=sleep), stop_on_interrupt=stop)
    return submit(cloud.archive, ["ml_c5", "ml_m5"], ASKED, waiting, SilentLog())


def interrupt() -> None:
    raise Interrupted("interrupted by SIGINT")


def test_an_interrupt_leaves_the_jobs(cloud: Cloud) -> None:
    cloud.script(timeline=LONG)
    with pytest.raises(Interrupted) as left:
        go(cloud, call_after(2, interrupt))
    receipts = "onnx.ml_c5.job.json onnx.ml_m5.job.json"
    assert left.value.hint == f"neopack jobs attach {receipts}"
    assert "goes on" in left.value.message
    assert not cloud.aws.seen("sagemaker", "StopCompilationJob")
    cloud.aws.advance(4000)
    answer = cloud.jobs("attach", *receipts.split(), "--poll", "0")
    assert answer.code == 5  # 3600 s are more than MaxRuntimeInSeconds
    assert "time" in answer.errors[0]


def test_an_interrupt_that_stops_them(cloud: Cloud) -> None:
    cloud.script(timeline=LONG)
    with pytest.raises(Interrupted, match="is being stopped"):
        go(cloud, call_after(2, interrupt), stop=True)
    assert cloud.calls("StopCompilationJob") == 2


def test_an_answer_that_nobody_waited_for_is_told(cloud: Cloud) -> None:
    cloud.script(timeline=LONG)
    create = jobs_of_aws.create

    def interrupted(account: Account, request: JobRequest) -> SubmittedJob:
        create(account, request)
        raise Interrupted("interrupted by SIGINT")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(jobs_of_aws, "create", interrupted)
        with pytest.raises(Interrupted) as left:
            go(cloud, lambda _: None)
    (name,) = cloud.made()
    assert f"{name} may have been made, 1 not submitted" in left.value.message
    assert left.value.hint == "neopack jobs attach onnx.ml_c5.job.json"


def test_a_deleted_record_ends_the_wait(cloud: Cloud) -> None:
    def delete() -> None:
        sagemaker = cloud.aws.client("sagemaker")
        for name in cloud.made():
            sagemaker.stop_compilation_job(CompilationJobName=name)
            while (
                sagemaker.describe_compilation_job(CompilationJobName=name)["CompilationJobStatus"]
                != "STOPPED"
            ):
                pass
            sagemaker.delete_compilation_job(CompilationJobName=name)

    cloud.script(timeline=LONG)
    outcomes = go(cloud, call_after(2, delete))
    assert {outcome.job.status for outcome in outcomes} == {"STOPPED"}
    assert all("deleted" in outcome.job.reason for outcome in outcomes)


# --- uploads ------------------------------------------------------------------------------------


@pytest.fixture
def large(desk: Desk) -> uploads.Payload:
    """Three parts that do not compress."""
    path = desk.path / "large.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=0) as tar:
        entry = tarfile.TarInfo("model.onnx")
        entry.size = 40 * uploads.MIB
        tar.addfile(entry, io.BytesIO(os.urandom(entry.size)))
    scanned = scan(path)
    return uploads.Payload(
        path=path,
        bytes=scanned.archive_bytes,
        sha256=scanned.sha256,
        content_sha256=scanned.content_sha256,
    )


TO = Location.of(f"s3://{BUCKET}/neo/large.tar.gz")


def test_an_upload_in_parts(cloud: Cloud, large: uploads.Payload) -> None:
    account = Account(Connection())
    made = uploads.upload(account, large, TO, SilentLog())
    assert made.sent == large.bytes
    assert cloud.calls("UploadPart") == 3
    stored = cloud.aws.client("s3").get_object(Bucket=BUCKET, Key=TO.key)["Body"].read()
    assert stored == large.path.read_bytes()
    assert uploads.upload(account, large, TO, SilentLog()).sent == 0
    assert cloud.calls("UploadPart") == 3


def test_an_upload_goes_on_where_it_was_cut(cloud: Cloud, large: uploads.Payload) -> None:
    dead = Fault(effect="cut request", operation="UploadPart", after=2, times=0, bytes=1 << 20)
    cloud.aws.fault(dead)
    told = Told()
    with pytest.raises(ServiceError, match="uploading part"):
        uploads.upload(Account(Connection()), large, TO, told)
    assert any("the same command goes on from there" in line for line in told.lines)
    cloud.script()
    made = uploads.upload(Account(Connection()), large, TO, SilentLog())
    assert 0 < made.sent < large.bytes
    stored = cloud.aws.client("s3").get_object(Bucket=BUCKET, Key=TO.key)["Body"].read()
    assert stored == large.path.read_bytes()
    uploading = cloud.aws.client("s3").list_multipart_uploads(Bucket=BUCKET)
    assert not uploading.get("Uploads")


def test_an_upload_whose_last_answer_is_lost_is_done(cloud: Cloud, large: uploads.Payload) -> None:
    cloud.aws.fault(Fault(effect="lose reply", operation="CompleteMultipartUpload"))
    assert uploads.upload(Account(Connection()), large, TO, SilentLog()).sent == large.bytes
    stored = cloud.aws.client("s3").get_object(Bucket=BUCKET, Key=TO.key)["Body"].read()
    assert stored == large.path.read_bytes()


def test_two_processes_upload_one_archive(cloud: Cloud, large: uploads.Payload) -> None:
    cloud.aws.fault(Fault(effect="slow", operation="UploadPart", seconds=4))
    told = Told()
    with ThreadPoolExecutor(1) as other:
        first = other.submit(uploads.upload, Account(Connection()), large, TO, told)
        while not cloud.aws.seen("s3", "UploadPart"):
            assert not first.done()
        # the other process finds the upload that is under way, and ends it
        assert uploads.upload(Account(Connection()), large, TO, SilentLog()).sent > 0
        assert first.result(60).location == TO
    assert not any("unfinished" in line for line in told.lines)
    stored = cloud.aws.client("s3").get_object(Bucket=BUCKET, Key=TO.key)["Body"].read()
    assert stored == large.path.read_bytes()
    assert not cloud.aws.client("s3").list_multipart_uploads(Bucket=BUCKET).get("Uploads")


def test_parts_of_other_bytes_are_sent_again(cloud: Cloud, large: uploads.Payload) -> None:
    s3 = cloud.aws.client("s3")
    begun = s3.create_multipart_upload(Bucket=BUCKET, Key=TO.key)
    s3.upload_part(
        Bucket=BUCKET,
        Key=TO.key,
        UploadId=begun["UploadId"],
        PartNumber=1,
        Body=bytes(uploads.PART),
    )
    made = uploads.upload(Account(Connection()), large, TO, SilentLog())
    assert made.sent == large.bytes
    assert s3.get_object(Bucket=BUCKET, Key=TO.key)["Body"].read() == large.path.read_bytes()


def test_another_object_at_the_place_is_not_taken_for_ours(
    cloud: Cloud, large: uploads.Payload
) -> None:
    cloud.aws.client("s3").put_object(Bucket=BUCKET, Key=TO.key, Body=b"other")
    assert uploads.upload(Account(Connection()), large, TO, SilentLog()).sent == large.bytes


# --- figures ------------------------------------------------------------------------------------


def test_a_hundred_jobs_cost_a_call_a_second(aws: Emulator, cloud: Cloud) -> None:
    """Time is the sleeps' own; the emulator's clock goes with it."""
    minutes = Timeline(starting=Span(seconds=60), running=Span(seconds=240))
    cloud.script(timeline=minutes, running_jobs=100)
    account = Account(Connection())
    running = {}
    for number in range(100):
        subject = JobInput(
            stem="many",
            content_sha256=f"{number:064x}",
            framework="ONNX",
            framework_version="",
            target=target("ml_c5"),
        )
        place = Location.of(f"s3://{BUCKET}/x")
        request = build(subject, JobSettings(role=ROLE, output=place, region="us-west-2"))
        running[request.name] = jobs_of_aws.create(account, request).job
    time = [0.0]

    def sleep(seconds: float) -> None:
        time[0] += seconds
        aws.advance(seconds)

    before = len(aws.seen("sagemaker"))
    pace = Pace(now=lambda: time[0], sleep=sleep)
    watch = Watch(account, running=running, pace=pace, log=SilentLog())
    *_, last = watch.states()
    assert {job.status for job in last.values()} == {"FAILED"}  # there is no such archive
    calls = len(aws.seen("sagemaker")) - before
    assert 100 < calls <= time[0] + 1


def test_the_pace_grows_and_is_spread() -> None:
    pace = Pace()
    assert pace.interval(5, 10) == 5
    grown = [5.0]
    for _ in range(6):
        grown.append(pace.interval(grown[-1], 61))
    assert grown[1] == 7.5
    assert grown[-1] == 30
    assert all(4 <= pace.spread(5) <= 6 for _ in range(100))
    assert len({pace.spread(5) for _ in range(100)}) > 50


def test_python_users_get_an_artifact(cloud: Cloud) -> None:
    made = package.compile(
        cloud.archive,
        target="ml_c5",
        options=JobOptions(role=ROLE, output=f"s3://{BUCKET}/p"),
        wait=WaitOptions(poll=0),
    )
    assert made.engine == "sagemaker"
    assert made.path == Path("onnx-ml_c5.tar.gz")
    assert made.options["kind"] == "emulated"
