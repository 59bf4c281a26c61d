"""``neopack jobs``: compilation jobs, whoever submitted them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _cloud as cloud
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli.compile_ import show_outcomes
from neopack.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from neopack.sagemaker.account import Account
    from neopack.sagemaker.jobs import Job

__all__ = ["jobs"]

STATUSES = ("STARTING", "INPROGRESS", "COMPLETED", "FAILED", "STOPPING", "STOPPED")

jobs = typer.Typer(help="Compilation jobs of SageMaker Neo.", no_args_is_help=False)

Name = Annotated[str, typer.Argument(help="The job's name.")]


def _account(region: str | None, profile: str | None, endpoint: str | None) -> "Account":
    from neopack.sagemaker.account import Account

    return Account(cloud.connection(region, profile, endpoint, cloud.settings()))


def _known(account: "Account", name: str) -> "Job":
    from neopack.sagemaker.jobs import describe

    job = describe(account, name)
    if job is None:
        raise ServiceError(
            f"there is no job {name} in {account.region}",
            code="NotFound",
            hint="neopack jobs list says which there are",
        )
    return job


@jobs.command("list")
@options.with_output
def list_(
    status: Annotated[str | None, typer.Option(help="FAILED, COMPLETED, ...")] = None,
    contains: Annotated[str | None, typer.Option(help="A part of the name.")] = None,
    most: Annotated[int, typer.Option(help="How many, the newest first.")] = 20,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """The newest jobs of the account."""
    from neopack.reports.jobs import jobs_text
    from neopack.sagemaker.jobs import listed

    wanted = (status or "").upper()
    if wanted and wanted not in STATUSES:
        raise UsageError(f"no status {status!r}", hint=f"there are {', '.join(STATUSES)}")
    if most < 1:
        raise UsageError(f"--most {most} is no number of jobs")
    account = _account(region, profile, endpoint_url)
    found = list(listed(account, contains=contains or "", status=wanted, most=most))
    console.result("jobs list", {"jobs": found}, jobs_text(found))


@jobs.command("show")
@options.with_output
def show(
    name: Name,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """One job, with what it was asked; why it failed, where it did."""
    from neopack.reports.jobs import job_text, outcomes_text
    from neopack.sagemaker.failure import failure_of
    from neopack.sagemaker.following import JobOutcome

    account = _account(region, profile, endpoint_url)
    job = _known(account, name)
    text = job_text(job)
    outcome = JobOutcome(target=job.target, job=job)
    if job.status in ("FAILED", "STOPPED"):
        outcome = JobOutcome(target=job.target, job=job, failure=failure_of(account, job))
        text = f"{text}\n{outcomes_text([outcome])}"
    console.result("jobs show", outcome, text)


@jobs.command("logs")
@options.with_output
def logs(
    name: Name,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """What the job wrote to CloudWatch so far."""
    from neopack.sagemaker.logs import LogTail

    account = _account(region, profile, endpoint_url)
    lines = list(LogTail(account, name).lines())
    if not lines:
        _known(account, name)
        console.note("no lines yet")
    console.result("jobs logs", {"job": name, "lines": lines}, "\n".join(lines))


@jobs.command("stop")
@options.with_output
def stop(
    name: Name,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Stop a job; the service takes a moment for it."""
    from neopack.sagemaker import jobs as service

    account = _account(region, profile, endpoint_url)
    if _known(account, name).over:
        console.note(f"{name} is over already")
    else:
        service.stop(account, name)
    job = _known(account, name)
    console.result("jobs stop", job, f"{name}  {job.status}")


@jobs.command("delete")
@options.with_output
def delete(
    name: Name,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Delete the record of a job that is over; artifacts and logs stay."""
    from neopack.sagemaker import jobs as service

    account = _account(region, profile, endpoint_url)
    job = _known(account, name)
    if not job.over:
        raise UsageError(f"{name} is {job.status}", hint=f"neopack jobs stop {name}")
    service.delete(account, name)
    told = f"{name} deleted; {job.artifact} stays" if job.artifact else f"{name} deleted"
    console.result("jobs delete", job, told)


@jobs.command("attach")
@options.with_output
def attach(
    receipt: Annotated[
        list[str], typer.Argument(help="<archive>.<target>.job.json, or a job's name.")
    ],
    download: Annotated[
        Path | None, typer.Option(help="Where the artifact goes; one job only.")
    ] = None,
    timeout: cloud.Timeout = None,
    logs_: cloud.Logs = False,
    stop_on_interrupt: cloud.StopOnInterrupt = False,
    poll: cloud.Poll = 5.0,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
    force: options.Force = False,
) -> None:
    """Go on with jobs: watch them to their end and fetch what they made."""
    from neopack.sagemaker.following import attach as follow

    if download is not None and len(receipt) > 1:
        raise UsageError(f"--download names one file, and there are {len(receipt)} jobs")
    waiting = cloud.waiting(
        no_wait=False,
        timeout=timeout,
        logs=logs_,
        stop_on_interrupt=stop_on_interrupt,
        poll=poll,
    )
    outcomes = follow(
        receipt,
        cloud.connection(region, profile, endpoint_url, cloud.settings()),
        waiting,
        download=download,
        force=force,
        log=console,
    )
    show_outcomes("jobs attach", outcomes)
