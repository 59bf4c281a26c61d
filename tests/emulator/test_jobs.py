"""Compilation jobs of the emulator, over HTTP through boto3: states, time, ends, lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from orders import BUCKET, create, ended, upload

from neopack.emulator import Emulator, EmulatorScript, JobScript, Span, Timeline
from neopack.emulator.reasons import known


def described(aws: Emulator, name: str = "job") -> dict[str, Any]:
    answer: dict[str, Any] = aws.client("sagemaker").describe_compilation_job(
        CompilationJobName=name
    )
    return answer


def status(aws: Emulator, name: str = "job") -> str:
    return str(described(aws, name)["CompilationJobStatus"])


def names(aws: Emulator, **asked: Any) -> list[str]:
    answer = aws.client("sagemaker").list_compilation_jobs(**asked)
    return [job["CompilationJobName"] for job in answer["CompilationJobSummaries"]]


# --- states and time ------------------------------------------------------------------------


def test_states_follow_the_clock(aws: Emulator) -> None:
    create(aws)
    seen = [status(aws)]
    for _ in range(4):
        aws.advance(0.5)
        seen.append(status(aws))
    assert seen == ["STARTING", "INPROGRESS", "INPROGRESS", "INPROGRESS", "FAILED"]


def test_states_follow_the_answers_that_showed_them(aws: Emulator, shelf: Path) -> None:
    once = Span(describes=1)
    aws.script(timeline=Timeline(starting=once, running=Span(describes=2), stopping=once))
    upload(aws, shelf / "cnn.tar.gz")
    create(aws)
    seen = [status(aws) for _ in range(5)]
    assert seen == ["STARTING", "INPROGRESS", "INPROGRESS", "COMPLETED", "COMPLETED"]


def test_a_list_shows_a_job_too(aws: Emulator) -> None:
    once = Span(describes=1)
    aws.script(timeline=Timeline(starting=once, running=once, stopping=once))
    create(aws)
    shown = [names(aws, StatusEquals=word) for word in ("STARTING", "INPROGRESS", "FAILED")]
    assert shown == [["job"], ["job"], ["job"]]


def test_the_real_clock_moves_by_itself(emulator: Emulator) -> None:
    now = Span()
    emulator.reset(EmulatorScript(timeline=Timeline(starting=now, running=now, stopping=now)))
    create(emulator)
    client = emulator.client("sagemaker")
    seen = {
        client.describe_compilation_job(CompilationJobName="job")["CompilationJobStatus"]
        for _ in range(500)
    }
    assert "FAILED" in seen


def test_times_are_those_of_the_timeline(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "cnn.tar.gz")
    create(aws)
    waiting = described(aws)
    assert "CompilationStartTime" not in waiting
    assert waiting["FailureReason"] == ""
    assert waiting["ModelArtifacts"] == {"S3ModelArtifacts": ""}
    job = ended(aws)
    created, started = job["CreationTime"], job["CompilationStartTime"]
    assert (started - created).total_seconds() == pytest.approx(0.5, abs=1e-3)
    assert (job["CompilationEndTime"] - started).total_seconds() == pytest.approx(1.5, abs=1e-3)
    assert job["LastModifiedTime"] == job["CompilationEndTime"]


@pytest.mark.parametrize("end", ["FAILED", "STOPPED"])
def test_a_job_past_its_limit_ends(aws: Emulator, end: Any) -> None:
    slow = Timeline(running=Span(seconds=3600))
    aws.script(EmulatorScript(clock="manual", timeline=slow, expired=end))
    create(aws, StoppingCondition_MaxRuntimeInSeconds=60)
    aws.advance(60)
    assert status(aws) == "INPROGRESS"
    aws.advance(3600)
    job = described(aws)
    assert job["CompilationJobStatus"] == end
    assert ("TimeOut" in job["FailureReason"]) is (end == "FAILED")
    length = job["CompilationEndTime"] - job["CompilationStartTime"]
    assert length.total_seconds() == pytest.approx(60, abs=1e-3)


def test_a_stopped_job_ends_and_leaves_no_artifact(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "cnn.tar.gz")
    create(aws)
    aws.advance(1)
    aws.client("sagemaker").stop_compilation_job(CompilationJobName="job")
    assert status(aws) == "STOPPING"
    assert ended(aws)["CompilationJobStatus"] == "STOPPED"
    keys = aws.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [entry["Key"] for entry in keys] == ["in/model.tar.gz"]


def test_what_has_ended_is_not_stopped(aws: Emulator) -> None:
    create(aws)
    ended(aws)
    aws.client("sagemaker").stop_compilation_job(CompilationJobName="job")
    assert status(aws) == "FAILED"


# --- names and limits -----------------------------------------------------------------------


def test_a_name_is_used_once(aws: Emulator) -> None:
    create(aws)
    with pytest.raises(aws.client("sagemaker").exceptions.ResourceInUse):
        create(aws)
    ended(aws)
    with pytest.raises(ClientError, match="ResourceInUse"):
        create(aws)


def test_regions_know_nothing_of_each_other(aws: Emulator) -> None:
    create(aws)
    other = aws.client("sagemaker", region="eu-west-1")
    assert not other.list_compilation_jobs()["CompilationJobSummaries"]
    with pytest.raises(other.exceptions.ResourceNotFound):
        other.describe_compilation_job(CompilationJobName="job")


@pytest.mark.parametrize("verb", ["describe", "stop", "delete"])
def test_an_unknown_job_is_not_found(aws: Emulator, verb: str) -> None:
    client = aws.client("sagemaker")
    with pytest.raises(client.exceptions.ResourceNotFound):
        getattr(client, f"{verb}_compilation_job")(CompilationJobName="nobody")


def test_an_account_runs_so_many_jobs_at_once(aws: Emulator) -> None:
    aws.script(EmulatorScript(clock="manual", running_jobs=2))
    create(aws, "one")
    create(aws, "two")
    with pytest.raises(aws.client("sagemaker").exceptions.ResourceLimitExceeded):
        create(aws, "three")
    aws.advance(10)
    create(aws, "three")
    assert names(aws) == ["one", "two", "three"]


def test_only_what_has_ended_is_deleted(aws: Emulator) -> None:
    client = aws.client("sagemaker")
    create(aws)
    with pytest.raises(ClientError, match="ValidationException"):
        client.delete_compilation_job(CompilationJobName="job")
    ended(aws)
    client.delete_compilation_job(CompilationJobName="job")
    assert names(aws) == []


# --- lists ----------------------------------------------------------------------------------


@pytest.fixture
def five(aws: Emulator) -> Emulator:
    """b, a, d, c, e in the order of their creation, a second apart; d was stopped at once."""
    for name in "badce":
        create(aws, f"job-{name}")
        if name == "d":
            aws.client("sagemaker").stop_compilation_job(CompilationJobName="job-d")
        aws.advance(1)
    return aws


def test_lists_come_in_the_order_asked_for(five: Emulator) -> None:
    assert "".join(n[-1] for n in names(five)) == "badce"
    assert "".join(n[-1] for n in names(five, SortOrder="Descending")) == "ecdab"
    assert "".join(n[-1] for n in names(five, SortBy="Name")) == "abcde"
    by_status = names(five, SortBy="Status", SortOrder="Descending")
    assert by_status[0] == "job-d"


def test_lists_are_filtered(five: Emulator) -> None:
    jobs = five.client("sagemaker").list_compilation_jobs()["CompilationJobSummaries"]
    middle = jobs[2]["CreationTime"]
    assert names(five, CreationTimeAfter=middle) == ["job-d", "job-c", "job-e"]
    assert names(five, CreationTimeBefore=middle) == ["job-b", "job-a", "job-d"]
    assert names(five, NameContains="-c") == ["job-c"]
    assert names(five, StatusEquals="STOPPED") == ["job-d"]
    changed = max(job["LastModifiedTime"] for job in jobs)
    assert names(five, LastModifiedTimeAfter=changed)
    assert "job-b" not in names(five, LastModifiedTimeAfter=changed)
    assert "job-b" in names(five, LastModifiedTimeBefore=changed)


def test_lists_come_in_pages(five: Emulator) -> None:
    pages = five.client("sagemaker").get_paginator("list_compilation_jobs")
    found = [
        [job["CompilationJobName"][-1] for job in page["CompilationJobSummaries"]]
        for page in pages.paginate(MaxResults=2)
    ]
    assert found == [["b", "a"], ["d", "c"], ["e"]]
    with pytest.raises(ClientError, match="NextToken"):
        names(five, NextToken="nonsense")


def test_a_summary_names_the_target(aws: Emulator) -> None:
    create(aws, "device")
    platform = {"Os": "LINUX", "Arch": "ARM64"}
    create(
        aws,
        "platform",
        OutputConfig_TargetDevice=None,
        OutputConfig_TargetPlatform=platform,
        InputConfig_FrameworkVersion=None,
    )
    device, other = aws.client("sagemaker").list_compilation_jobs()["CompilationJobSummaries"]
    assert device["CompilationTargetDevice"] == "ml_c5"
    assert other["CompilationTargetPlatformOs"] == "LINUX"
    assert other["CompilationTargetPlatformArch"] == "ARM64"
    assert "CompilationTargetDevice" not in other


# --- scripted ends --------------------------------------------------------------------------


@pytest.mark.parametrize("why", known())
def test_a_job_fails_as_the_script_says(aws: Emulator, why: str) -> None:
    aws.script(EmulatorScript(clock="manual", jobs=(JobScript(name="bad-*", fails=why),)))
    create(aws, "bad-one")
    job = ended(aws, "bad-one")
    assert job["CompilationJobStatus"] == "FAILED"
    assert len(job["FailureReason"]) > 20
    assert "{" not in job["FailureReason"].replace("{'", "")


def test_a_reason_may_be_given_in_words(aws: Emulator) -> None:
    aws.script(EmulatorScript(clock="manual", jobs=(JobScript(fails="ServerError: the moon"),)))
    create(aws)
    assert ended(aws)["FailureReason"] == "ServerError: the moon"


def test_a_job_may_hand_back_what_it_was_given(aws: Emulator, shelf: Path) -> None:
    """As TensorFlow jobs did (neo-ai/neo-ai-dlr#73, 2019)."""
    aws.script(EmulatorScript(clock="manual", jobs=(JobScript(untouched=True),)))
    upload(aws, shelf / "cnn.tar.gz")
    create(aws)
    assert ended(aws)["CompilationJobStatus"] == "COMPLETED"
    made = aws.client("s3").get_object(Bucket=BUCKET, Key="out/model-ml_c5.tar.gz")
    assert made["Body"].read() == (shelf / "cnn.tar.gz").read_bytes()
