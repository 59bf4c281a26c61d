"""``neopack jobs``: compilation jobs of an account."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _cloud as cloud
from neopack.cli import _options as options
from neopack.cli._board import Board, show_outcomes
from neopack.cli._console import console
from neopack.cli._help import App
from neopack.errors import UsageError

__all__ = ["jobs"]

jobs = App(help="Compilation jobs of SageMaker Neo.")

Name = Annotated[str, typer.Argument(help="The job's name.")]


@jobs.command("list")
@options.answers("jobs list")
def list_(
    status: Annotated[str | None, typer.Option(help="FAILED, COMPLETED, ...")] = None,
    contains: Annotated[str | None, typer.Option(help="A part of the job's name.")] = None,
    most: Annotated[int, typer.Option(help="How many jobs, the newest first.")] = 20,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """List the newest jobs of the account."""
    from neopack import api

    connection = cloud.connection(region, profile, endpoint_url, cloud.settings())
    jobs_of_account = api.jobs(connection, status=status or "", contains=contains or "", most=most)
    console.result("jobs list", jobs_of_account)


@jobs.command("show")
@options.answers("jobs show")
def show(
    name: Name,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Show a job, its request, and why it failed."""
    from neopack import api

    connection = cloud.connection(region, profile, endpoint_url, cloud.settings())
    console.result("jobs show", api.show_job(connection, name))


@jobs.command("logs")
@options.answers("jobs logs")
def logs(
    name: Name,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Print what the job wrote to CloudWatch so far."""
    from neopack import api

    connection = cloud.connection(region, profile, endpoint_url, cloud.settings())
    console.result("jobs logs", api.job_log(connection, name, log=console))


@jobs.command("stop")
@options.answers("jobs stop")
def stop(
    name: Name,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Stop a job; the service takes a moment for it."""
    from neopack import api

    connection = cloud.connection(region, profile, endpoint_url, cloud.settings())
    console.result("jobs stop", api.stop_job(connection, name, log=console))


@jobs.command("delete")
@options.answers("jobs delete")
def delete(
    name: Name,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Delete the record of a job that is over; artifacts and logs stay."""
    from neopack import api

    connection = cloud.connection(region, profile, endpoint_url, cloud.settings())
    console.result("jobs delete", api.delete_job(connection, name))


@jobs.command("attach")
@options.answers("jobs attach")
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
    poll: cloud.Poll = None,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
    force: options.Force = False,
) -> None:
    """Follow jobs to their end and fetch their artifacts."""
    from neopack import api

    if download is not None and len(receipt) > 1:
        raise UsageError(f"--download names one file, and there are {len(receipt)} jobs")
    outcomes = api.attach(
        receipt,
        cloud.connection(region, profile, endpoint_url, cloud.settings()),
        download=download,
        force=force,
        wait=cloud.wait_options(
            timeout=timeout, logs=logs_, stop_on_interrupt=stop_on_interrupt, poll=poll
        ),
        show=Board().show,
        log=console,
    )
    show_outcomes("jobs attach", outcomes, of=receipt)
