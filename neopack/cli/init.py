"""``neopack init``: files to begin with."""

import re
from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import UsageError

__all__ = ["init"]

init = typer.Typer(help="Files to begin with.", no_args_is_help=False)


@init.callback()
def _init() -> None:
    """Files to begin with."""


@init.command("aws")
@options.with_output
def aws(
    bucket: Annotated[str, typer.Option(help="Where archives and artifacts go.")],
    account: Annotated[str, typer.Option(help="The account's 12 digits.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A directory for the files.")
    ] = Path("aws"),
    region: Annotated[str, typer.Option(help="Of the jobs; * for all.")] = "*",
    prefix: Annotated[str, typer.Option(help="In the bucket.")] = "",
    role_name: Annotated[str, typer.Option(help="Of the jobs' role.")] = "neopack-compile",
    hosting_role_name: Annotated[
        str, typer.Option(help="Of the endpoints' role.")
    ] = "neopack-hosting",
    kms_key: Annotated[
        str | None, typer.Option(help="ARN of the key, where there is one.")
    ] = None,
    vpc: Annotated[bool, typer.Option("--vpc", help="Jobs in a VPC.")] = False,
    force: options.Force = False,
) -> None:
    """Write the IAM policies that jobs and endpoints need: JSON, CloudFormation, Terraform."""
    from neopack.outputs.atomic import AtomicOutputs, writing
    from neopack.sagemaker.location import Location
    from neopack.sagemaker.policies import PolicyNames
    from neopack.sagemaker.templates import files
    from neopack.sagemaker.validate import partition_of

    if not re.fullmatch(r"\d{12}", account):
        raise UsageError(f"--account {account} is not 12 digits")
    if kms_key and not kms_key.startswith("arn:"):
        raise UsageError(f"--kms-key {kms_key} is no ARN", hint="policies name keys by ARN")
    place = Location.of(f"s3://{bucket}/{prefix}", where="--bucket")
    names = PolicyNames(
        partition=partition_of(region),
        account=account,
        region=region,
        bucket=place.bucket,
        prefix=f"{place.key}/" if place.key else "",
        compile_role=role_name,
        hosting_role=hosting_role_name,
        kms_key=kms_key or "",
        vpc=vpc,
    )
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
    made = files(names)
    with AtomicOutputs(force=force) as outputs:
        for name, text in made.items():
            outputs.open(output / name).write(text.encode())
    paths = [str(output / name) for name in made]
    console.result("init aws", {"files": paths}, "\n".join(paths))
