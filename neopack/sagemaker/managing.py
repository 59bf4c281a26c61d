"""Compilation jobs of an account: list, show, logs, stop, delete."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.errors import ServiceError, UsageError
from neopack.options import Connection
from neopack.sagemaker import jobs
from neopack.sagemaker.account import Account
from neopack.sagemaker.failure import failure_of
from neopack.sagemaker.following import JobOutcome
from neopack.sagemaker.jobs import Job
from neopack.sagemaker.logs import LogTail
from neopack.values.log import Log

__all__ = ["JobLog", "delete_job", "find_jobs", "job_log", "show_job", "stop_job"]

STATUSES = ("STARTING", "INPROGRESS", "COMPLETED", "FAILED", "STOPPING", "STOPPED")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLog:
    """The lines that a job wrote to CloudWatch so far."""

    job: str
    lines: tuple[str, ...]


def find_jobs(
    connection: Connection, *, status: str = "", contains: str = "", most: int = 20
) -> tuple[Job, ...]:
    """At most ``most`` jobs, the newest first, by status and by a part of the name.

    Raises ``UsageError`` for a status that SageMaker does not have, and for ``most`` below 1.
    """
    status = status.upper()
    if status and status not in STATUSES:
        raise UsageError(f"no status {status!r}", hint=f"there are {', '.join(STATUSES)}")
    if most < 1:
        raise UsageError(f"--most must be 1 or more, not {most}")
    listed = jobs.listed(Account(connection), contains=contains, status=status, most=most)
    return tuple(listed)


def show_job(connection: Connection, name: str) -> JobOutcome:
    """One job, and why it failed or was stopped."""
    account = Account(connection)
    job = _existing(account, name)
    failed = job.status in ("FAILED", "STOPPED")
    failure = failure_of(account, job) if failed else None
    return JobOutcome(target=job.target, job=job, failure=failure)


def job_log(connection: Connection, name: str, log: Log) -> JobLog:
    """What a job wrote so far. Raises ``ServiceError`` where the job does not exist."""
    account = Account(connection)
    lines = tuple(LogTail(account, name).lines())
    if not lines:
        _existing(account, name)
        log.note("no lines yet")
    return JobLog(job=name, lines=lines)


def stop_job(connection: Connection, name: str, log: Log) -> Job:
    """Ask SageMaker to stop a job, which takes it a moment."""
    account = Account(connection)
    if _existing(account, name).over:
        log.note(f"{name} is over already")
    else:
        jobs.stop(account, name)
    return _existing(account, name)


def delete_job(connection: Connection, name: str) -> Job:
    """Delete the record of a job that is over; artifacts and logs stay."""
    account = Account(connection)
    job = _existing(account, name)
    if not job.over:
        raise UsageError(f"{name} is {job.status}", hint=f"neopack jobs stop {name}")
    jobs.delete(account, name)
    return job


def _existing(account: Account, name: str) -> Job:
    job = jobs.describe(account, name)
    if job is None:
        raise ServiceError(
            f"there is no job {name} in {account.region}",
            code="NotFound",
            hint="neopack jobs list shows which there are",
        )
    return job
