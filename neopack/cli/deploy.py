"""``neopack deploy`` and ``neopack undeploy``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _cloud as cloud
from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import UsageError

__all__ = ["deploy", "undeploy"]


@options.answers("deploy", "dry run of deploy")
def deploy(
    artifact: Annotated[
        Path, typer.Argument(help="The artifact that compile --backend sagemaker fetched.")
    ],
    instance: Annotated[
        str,
        typer.Option(
            help="ml.c5.xlarge, ...: of the target's family.",
            autocompletion=_completion.instance_names,
        ),
    ],
    endpoint_name: Annotated[
        str | None, typer.Option(help="The endpoint's name; derived by default.")
    ] = None,
    accelerator: Annotated[
        str | None, typer.Option(help="ml.eia2.medium, ... for ml_eia2.")
    ] = None,
    count: Annotated[int, typer.Option(help="How many instances.")] = 1,
    role: Annotated[str | None, typer.Option(help="A role's ARN; the job's by default.")] = None,
    image: Annotated[str | None, typer.Option(help="The image; the job's by default.")] = None,
    env: Annotated[
        list[str] | None, typer.Option(help="A variable of the container, KEY=VALUE.")
    ] = None,
    content_type: Annotated[
        str | None, typer.Option(help="The type of the first request; the framework's by default.")
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke/--no-smoke", help="Send the golden inputs once.")
    ] = True,
    allow_retired: Annotated[
        bool, typer.Option("--allow-retired", help="Deploy although the target is retired.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the requests.")] = False,
    no_wait: cloud.NoWait = False,
    timeout: cloud.Timeout = None,
    poll: cloud.Poll = None,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Serve a job's artifact on an endpoint, and send it the golden inputs once."""
    from neopack import api
    from neopack.options import DeployOptions

    if content_type and not smoke:
        raise UsageError("--content-type goes without --no-smoke, which sends nothing")
    if content_type and no_wait:
        raise UsageError("--content-type goes without --no-wait, which sends nothing")
    wait = cloud.wait_options(no_wait=no_wait, timeout=timeout, poll=poll)
    choices = DeployOptions(
        instance=instance,
        endpoint=endpoint_name or "",
        accelerator=accelerator or "",
        count=count,
        role=role or "",
        image=image or "",
        environment=cloud.pairs(env, "--env"),
        allow_retired=allow_retired,
    )
    if dry_run:
        plan = api.plan_endpoint(artifact, choices)
        console.result("dry run of deploy", plan, of=[artifact])
        return
    deployment = api.deploy(
        artifact,
        choices,
        cloud.connection(region, profile, endpoint_url, cloud.settings()),
        content_type=content_type or "",
        ask=smoke,
        wait=wait,
        log=console,
    )
    console.result("deploy", deployment, of=[artifact])


@options.answers("undeploy")
def undeploy(
    endpoint: Annotated[str, typer.Argument(help="The endpoint's name.")],
    timeout: cloud.Timeout = None,
    poll: cloud.Poll = None,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Delete an endpoint, with the configuration and the model that deploy created."""
    from neopack import api

    names = api.undeploy(
        endpoint,
        cloud.connection(region, profile, endpoint_url, cloud.settings()),
        wait=cloud.wait_options(timeout=timeout, poll=poll),
        log=console,
    )
    console.result("undeploy", names)
