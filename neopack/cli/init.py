"""``neopack init``: files to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._help import App

__all__ = ["init"]

init = App(help="Write files to start from.")


@init.callback()
def _init() -> None:
    """Write files to start from."""


@init.command("aws")
@options.answers("init aws")
def aws(
    bucket: Annotated[str, typer.Option(help="The bucket of archives and artifacts.")],
    account: Annotated[str, typer.Option(help="The account's 12 digits.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A directory for the files.")
    ] = Path("aws"),
    region: Annotated[str, typer.Option(help="The region of the jobs; * for all.")] = "*",
    prefix: Annotated[str, typer.Option(help="The prefix of their keys.")] = "",
    role_name: Annotated[
        str, typer.Option(help="The name of the jobs' role.")
    ] = "neopack-compile",
    hosting_role_name: Annotated[
        str, typer.Option(help="The name of the endpoints' role.")
    ] = "neopack-hosting",
    kms_key: Annotated[
        str | None, typer.Option(help="The ARN of the key that encrypts them.")
    ] = None,
    vpc: Annotated[bool, typer.Option("--vpc", help="The jobs run in a VPC.")] = False,
    force: options.Force = False,
) -> None:
    """Write the IAM policies that jobs and endpoints need: JSON, CloudFormation, Terraform."""
    from neopack import api
    from neopack.options import PolicyOptions

    choices = PolicyOptions(
        bucket=bucket,
        account=account,
        region=region,
        prefix=prefix,
        role_name=role_name,
        hosting_role_name=hosting_role_name,
        kms_key=kms_key or "",
        vpc=vpc,
        force=force,
    )
    console.result("init aws", [str(path) for path in api.write_policies(output, choices)])
