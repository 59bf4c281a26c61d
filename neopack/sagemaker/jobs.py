"""Compilation jobs: made, found again, described, listed, stopped, deleted.

CreateCompilationJob has no client token, and a call whose answer is lost is sent again by
boto3: the second then finds the name in use (seen with botocore 1.44.5, 2026). So a name in use is
looked at, and a job that does what is asked is taken for ours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from neopack.errors import ServiceError
from neopack.sagemaker.account import Account
from neopack.sagemaker.request import JobRequest
from neopack.sagemaker.seam import is_missing, translated
from neopack.values.json import AnyJson, Json

__all__ = [
    "LIMIT",
    "RUNNING",
    "Job",
    "SubmittedJob",
    "create",
    "delete",
    "describe",
    "find",
    "listed",
    "stop",
]

RUNNING = frozenset({"STARTING", "INPROGRESS", "STOPPING"})
ENDED = frozenset({"COMPLETED", "FAILED", "STOPPED"})
IN_USE, LIMIT = "ResourceInUse", "ResourceLimitExceeded"
# one request that failed that often will not succeed by itself
MOST_ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the service tells it; times are ISO 8601 in UTC, empty where not yet known.

    From a list there are only name, arn, status, target and times.
    """

    name: str
    arn: str
    status: str
    target: str = ""
    created: str = ""
    started: str = ""
    ended: str = ""
    reason: str = ""
    artifact: str = ""
    artifact_digest: str = ""
    image: str = ""
    derived_config: str = ""
    request: Mapping[str, AnyJson] | None = None

    @property
    def over(self) -> bool:
        return self.status in ENDED

    def seconds(self, now: dt.datetime | None = None) -> float | None:
        """How long it has been running, or ran; None before it started."""
        begun = self.started or self.created
        if not begun:
            return None
        end = dt.datetime.fromisoformat(self.ended) if self.ended else now
        end = end or dt.datetime.now(dt.UTC)
        return max(0.0, (end - dt.datetime.fromisoformat(begun)).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedJob:
    """A request and its job; ``adopted`` where the job was there before."""

    request: JobRequest
    job: Job
    adopted: bool


def find(
    account: Account, request: JobRequest, *, rerun: bool = False
) -> tuple[JobRequest, Job | None]:
    """The job of ``request``, running or completed; or the request under a name that is free.

    A failed or stopped one gives its name to nobody: the next attempt has another.
    ``rerun`` passes over a completed one too. Raises ``ServiceError`` for a name in other use.
    """
    for _ in range(MOST_ATTEMPTS):
        job = describe(account, request.name)
        if job is None:
            return request, None
        _refuse_other(job, request)
        if job.status not in {"FAILED", "STOPPED"} and not (rerun and job.over):
            return request, job
        if request.settings.name:
            raise ServiceError(
                f"the name {job.name} is taken by a job that is {job.status}",
                code=IN_USE,
                hint="give another --job-name, or none",
            )
        request = request.again()
    raise ServiceError(f"{request.name}: the attempts before it all failed", code=IN_USE)


def create(account: Account, request: JobRequest) -> SubmittedJob:
    """Start the job, or adopt the one of that name where it does the same.

    Raises ``ServiceError``; its code is ``LIMIT`` where the account runs as many as it may.
    """
    body = request.body
    try:
        with translated(f"creating {request.name}"):
            account.client("sagemaker").create_compilation_job(**body)
        adopted = False
    except ServiceError as error:
        if error.code != IN_USE:
            raise
        adopted = True
    job = describe(account, request.name)
    if job is None:
        raise ServiceError(f"{request.name} was made and is not to be found", code="NotFound")
    _refuse_other(job, request)
    return SubmittedJob(request=request, job=job, adopted=adopted)


def _refuse_other(job: Job, request: JobRequest) -> None:
    differing = sorted(_differing(job.request or {}, request.body))
    if differing:
        raise ServiceError(
            f"the name {job.name} is taken by a job with another {differing[0]}",
            code=IN_USE,
            hint="give another --job-name",
        )


def _differing(theirs: Mapping[str, Json], ours: Mapping[str, Json]) -> Iterator[str]:
    """What a job has otherwise than asked; what the service adds by itself does not count."""
    for name in ("RoleArn", "InputConfig", "OutputConfig", "StoppingCondition", "VpcConfig"):
        mine, actual = ours.get(name), theirs.get(name)
        if isinstance(mine, Mapping) and isinstance(actual, Mapping):
            yield from (f"{name}.{key}" for key, item in mine.items() if actual.get(key) != item)
        elif mine != actual and mine is not None:
            yield name


def describe(account: Account, name: str) -> Job | None:
    """The job of that name; None where it does not exist."""
    try:
        with translated(f"describing {name}"):
            answer = account.client("sagemaker").describe_compilation_job(CompilationJobName=name)
    except ServiceError as error:
        if is_missing(error):
            return None
        raise
    return _job(answer)


def _job(answer: Mapping[str, Any]) -> Job:
    output = answer.get("OutputConfig", {})
    return Job(
        name=answer["CompilationJobName"],
        arn=answer["CompilationJobArn"],
        status=answer["CompilationJobStatus"],
        target=_target(output),
        created=_time(answer.get("CreationTime")),
        started=_time(answer.get("CompilationStartTime")),
        ended=_time(answer.get("CompilationEndTime")),
        reason=answer.get("FailureReason", ""),
        artifact=answer.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
        artifact_digest=answer.get("ModelDigests", {}).get("ArtifactDigest", ""),
        image=answer.get("InferenceImage", ""),
        derived_config=answer.get("DerivedInformation", {}).get("DerivedDataInputConfig", ""),
        request={
            key: answer[key]
            for key in ("RoleArn", "InputConfig", "OutputConfig", "StoppingCondition", "VpcConfig")
            if key in answer
        },
    )


def _target(output: Mapping[str, Any]) -> str:
    platform = output.get("TargetPlatform", {})
    words = [platform.get(key, "") for key in ("Os", "Arch", "Accelerator")]
    return output.get("TargetDevice") or "/".join(filter(None, words)).lower()


def _time(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else ""


def listed(
    account: Account,
    *,
    contains: str = "",
    status: str = "",
    after: dt.datetime | None = None,
    most: int = 100,
) -> Iterator[Job]:
    """Jobs, the newest first, a page of a hundred at a time."""
    asked: dict[str, Any] = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    asked |= {"NameContains": contains} if contains else {}
    asked |= {"StatusEquals": status} if status else {}
    asked |= {"CreationTimeAfter": after} if after else {}
    pages = account.client("sagemaker").get_paginator("list_compilation_jobs")
    limits = {"MaxItems": most, "PageSize": min(most, 100)}
    with translated("listing compilation jobs"):
        for page in pages.paginate(**asked, PaginationConfig=limits):
            for row in page["CompilationJobSummaries"]:
                yield _summary(row)


def _summary(row: Mapping[str, Any]) -> Job:
    words = ("Os", "Arch", "Accelerator")
    platform = [row.get(f"CompilationTargetPlatform{word}", "") for word in words]
    return Job(
        name=row["CompilationJobName"],
        arn=row["CompilationJobArn"],
        status=row["CompilationJobStatus"],
        target=row.get("CompilationTargetDevice") or "/".join(filter(None, platform)).lower(),
        created=_time(row.get("CreationTime")),
        started=_time(row.get("CompilationStartTime")),
        ended=_time(row.get("CompilationEndTime")),
    )


def stop(account: Account, name: str) -> None:
    with translated(f"stopping {name}"):
        account.client("sagemaker").stop_compilation_job(CompilationJobName=name)


def delete(account: Account, name: str) -> None:
    """The record only; artifacts and logs stay (API reference, DeleteCompilationJob)."""
    with translated(f"deleting {name}"):
        account.client("sagemaker").delete_compilation_job(CompilationJobName=name)
