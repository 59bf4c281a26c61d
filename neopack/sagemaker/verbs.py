"""The verbs that need AWS, as ``neopack.api`` offers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from neopack.options import Connection, DeployOptions, JobOptions, Place, WaitOptions
from neopack.sagemaker import deploying, following, managing, submitting
from neopack.sagemaker.deploying import Deployment
from neopack.sagemaker.following import JobOutcome, JobResults, Waiting
from neopack.sagemaker.jobs import Job
from neopack.sagemaker.managing import JobLog
from neopack.sagemaker.policy_files import write_policies
from neopack.sagemaker.submitting import DryRun
from neopack.values.json import Json
from neopack.values.log import Log, SilentLog

__all__ = [
    "attach",
    "delete_job",
    "deploy",
    "dry_run",
    "job_log",
    "job_results",
    "jobs",
    "plan_endpoint",
    "raise_for_jobs",
    "show_job",
    "stop_job",
    "submit",
    "undeploy",
    "write_policies",
]


def submit(
    archive: Place,
    targets: Sequence[str],
    options: JobOptions,
    *,
    wait: WaitOptions | None = None,
    show: Callable[[Mapping[str, Job]], None] | None = None,
    log: Log | None = None,
) -> tuple[JobOutcome, ...]:
    """One compilation job of SageMaker Neo for each target, followed to their ends.

    A failed job is an outcome, not an exception. ``show`` gets all jobs after each round.
    """
    waiting = Waiting.of(wait or WaitOptions(), show)
    return submitting.submit(Path(archive), targets, options, waiting, log or SilentLog())


def dry_run(
    archive: Place,
    targets: Sequence[str],
    options: JobOptions,
    environment: Mapping[str, str],
    *,
    log: Log | None = None,
) -> tuple[DryRun, ...]:
    """The requests that ``submit`` would send, checked; needs no network and no boto3."""
    return submitting.dry_run(Path(archive), targets, options, environment, log or SilentLog())


def attach(
    receipts: Sequence[str],
    connection: Connection,
    *,
    download: Path | None = None,
    force: bool = False,
    wait: WaitOptions | None = None,
    show: Callable[[Mapping[str, Job]], None] | None = None,
    log: Log | None = None,
) -> tuple[JobOutcome, ...]:
    """Follow jobs to their ends and fetch their artifacts, by receipts or by names of jobs."""
    waiting = Waiting.of(wait or WaitOptions(), show)
    log = log or SilentLog()
    return following.attach(receipts, connection, waiting, download=download, force=force, log=log)


def raise_for_jobs(outcomes: Sequence[JobOutcome]) -> None:
    """Raise ``JobFailed`` for the first job that failed, ``ServiceError`` for one that was not
    submitted."""
    following.raise_for(outcomes)


def job_results(outcomes: Sequence[JobOutcome]) -> JobResults:
    """The outcomes as one document."""
    return JobResults(jobs=tuple(outcomes))


def jobs(
    connection: Connection, *, status: str = "", contains: str = "", most: int = 20
) -> tuple[Job, ...]:
    """The newest compilation jobs of the account, by status and by a part of the name."""
    return managing.find_jobs(connection, status=status, contains=contains, most=most)


def show_job(connection: Connection, name: str) -> JobOutcome:
    """One job, and why it failed."""
    return managing.show_job(connection, name)


def job_log(connection: Connection, name: str, *, log: Log | None = None) -> JobLog:
    """The lines that a job wrote to CloudWatch so far."""
    return managing.job_log(connection, name, log or SilentLog())


def stop_job(connection: Connection, name: str, *, log: Log | None = None) -> Job:
    """Ask SageMaker to stop a job."""
    return managing.stop_job(connection, name, log or SilentLog())


def delete_job(connection: Connection, name: str) -> Job:
    """Delete the record of a job that is over; artifacts and logs stay."""
    return managing.delete_job(connection, name)


def deploy(
    artifact: Place,
    options: DeployOptions,
    connection: Connection | None = None,
    *,
    content_type: str = "",
    ask: bool = True,
    wait: WaitOptions | None = None,
    log: Log | None = None,
) -> Deployment:
    """Serve a job's artifact on an endpoint, and with ``ask`` send it the golden inputs once."""
    return deploying.deploy(
        Path(artifact),
        options,
        connection or Connection(),
        content_type=content_type,
        ask=ask,
        wait=wait or WaitOptions(),
        log=log or SilentLog(),
    )


def plan_endpoint(artifact: Place, options: DeployOptions) -> Mapping[str, Json]:
    """The requests that ``deploy`` would send; needs no network and no boto3."""
    return deploying.requests_of(deploying.planned(Path(artifact), options)[1])


def undeploy(
    endpoint: str,
    connection: Connection | None = None,
    *,
    wait: WaitOptions | None = None,
    log: Log | None = None,
) -> tuple[str, ...]:
    """Delete an endpoint, with the configurations and models that ``deploy`` created for it."""
    return deploying.undeploy(
        endpoint, connection or Connection(), wait=wait or WaitOptions(), log=log or SilentLog()
    )
