"""``neopack init``: files to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._help import App

__all__ = ["init"]

init = App(help="Write the first files of a project; nothing is overwritten.")


@init.callback(invoke_without_command=True)
@options.answers("init")
def project(
    context: typer.Context,
    framework: Annotated[
        str,
        typer.Option(
            help="PYTORCH, ONNX, ...; that of the source by default.",
            autocompletion=_completion.framework_names,
        ),
    ] = "",
    source: Annotated[
        str, typer.Option(help="What the first model is packaged from: a file, module:callable.")
    ] = "",
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            help="ml_c5 by default; may repeat.",
            autocompletion=_completion.target_names,
        ),
    ] = None,
    ci: Annotated[
        str,
        typer.Option(
            "--ci",
            metavar="NAME",
            help="A workflow for github, gitlab, codebuild, jenkins or sagemaker-pipelines.",
        ),
    ] = "none",
    handlers: Annotated[
        bool,
        typer.Option("--handlers", help="Add code/, the script that serves the compiled model."),
    ] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder of the project.")
    ] = Path(),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which files would be written.")
    ] = False,
) -> None:
    """Write the first files of a project: neopack.toml, handlers, a workflow of CI, .gitignore.

    Nothing is overwritten: where a file exists, none is written.
    """
    if context.invoked_subcommand is not None:
        return
    from neopack import api

    begun = api.init(
        output,
        framework=framework,
        source=source,
        targets=tuple(target or ("ml_c5",)),
        ci=ci,
        handlers=handlers,
        dry_run=dry_run,
    )
    console.result("init", begun)
    if not dry_run:
        console.next("build")


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
