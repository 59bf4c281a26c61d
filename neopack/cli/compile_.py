"""``neopack compile``."""

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _cloud as cloud
from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._board import Board, show_outcomes
from neopack.cli._console import console
from neopack.errors import UsageError
from neopack.goldens.batch_ranges import BatchRange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neopack.options import CompileOptions

__all__ = ["compile_"]

_JOB = "SageMaker"
# what a job does not read; what only jobs read is the panel above
OF_LOCAL = frozenset(
    {
        "engine",
        "inputs",
        "precision",
        "max_difference",
        "calibration",
        "preprocess",
        "metric",
        "max_accuracy_drop",
    }
)


class Backend(StrEnum):
    local = "local"
    sagemaker = "sagemaker"


@options.answers("compile", "compiles", "dry run", "jobs of compile")
def compile_(
    context: typer.Context,
    archive: Annotated[Path, typer.Argument(help="The archive that package wrote.")],
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            help="ml_c5, ml_inf1, linux/arm64/nvidia, ...; or several; the manifest's by default.",
            autocompletion=_completion.target_names,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="<stem>-<target>.tar.gz beside it by default; s3://bucket/prefix for jobs.",
        ),
    ] = None,
    backend: Annotated[
        Backend | None, typer.Option(help="Where to compile; local by default.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="The local engine to use, or auto: the fastest, by measurement."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", help="A range of batches for each input, as in x=1..32,3,224,224."
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            help="fp32, bf16, fp16, int8, int8-weights, or auto: the fastest, by measurement."
        ),
    ] = "fp32",
    max_difference: Annotated[
        float | None,
        typer.Option(help="How far outputs may be from the golden ones; 1e-3 in fp32."),
    ] = None,
    calibration: Annotated[
        str | None,
        typer.Option(
            help="For int8: an .npz or .npy, a folder of images, module:callable, or random."
        ),
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="For images: 'size=224x224 mean=... std=... layout=NCHW'."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="For int8: top1, cosine, mse, or module:callable."),
    ] = None,
    max_accuracy_drop: Annotated[
        float | None,
        typer.Option(help="How much of the metric int8 may lose; 0.01 by default."),
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="ARN of the role of the jobs.", rich_help_panel=_JOB)
    ] = None,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only print the requests.", rich_help_panel=_JOB),
    ] = False,
    download: Annotated[
        Path | None, typer.Option(help="Where to write the artifact here.", rich_help_panel=_JOB)
    ] = None,
    job_name: Annotated[
        str | None, typer.Option(help="The job's name; derived by default.", rich_help_panel=_JOB)
    ] = None,
    framework: Annotated[
        str | None, typer.Option(help="Recognized by default.", rich_help_panel=_JOB)
    ] = None,
    framework_version: Annotated[
        str | None, typer.Option(help="The version Neo compiles with.", rich_help_panel=_JOB)
    ] = None,
    data_input_config: Annotated[
        str | None, typer.Option(help="The manifest's by default.", rich_help_panel=_JOB)
    ] = None,
    compiler_options: Annotated[
        str | None,
        typer.Option(help="For tvm mcpu and mattr; of a job the manifest's by default."),
    ] = None,
    max_runtime: Annotated[
        int | None,
        typer.Option(
            help="Seconds that a job may run; 900 by default, 3600 for Inferentia.",
            rich_help_panel=_JOB,
        ),
    ] = None,
    max_pending: Annotated[
        int | None,
        typer.Option(help="Seconds that a job may wait in the queue.", rich_help_panel=_JOB),
    ] = None,
    kms_key: Annotated[
        str | None,
        typer.Option(help="The key that encrypts archive and artifact.", rich_help_panel=_JOB),
    ] = None,
    security_group: Annotated[
        list[str] | None,
        typer.Option(help="A security group of the jobs' VPC.", rich_help_panel=_JOB),
    ] = None,
    subnet: Annotated[
        list[str] | None, typer.Option(help="A subnet of the jobs' VPC.", rich_help_panel=_JOB)
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag of the jobs, KEY=VALUE.", rich_help_panel=_JOB)
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="Skip this rule or family.", rich_help_panel=_JOB)
    ] = None,
    no_wait: cloud.NoWait = False,
    timeout: cloud.Timeout = None,
    logs: cloud.Logs = False,
    stop_on_interrupt: cloud.StopOnInterrupt = False,
    poll: cloud.Poll = None,
    rerun: Annotated[
        bool,
        typer.Option("--rerun", help="Compile again although the same is done, here or by a job."),
    ] = False,
    allow_retired: Annotated[
        bool,
        typer.Option("--allow-retired", help="Submit to a retired target.", rich_help_panel=_JOB),
    ] = False,
    limit: options.LimitSettings = None,
    force: options.Force = False,
) -> None:
    """Compile an archive: here, with a local engine, or by SageMaker Neo."""
    from neopack import api
    from neopack.options import CompileOptions, JobOptions, limits_of
    from neopack.project.settings import choose

    project = cloud.settings()
    choice = choose(backend, role=role, output=output, environment=os.environ, settings=project)
    console.note(f"backend {choice.backend} ({choice.why})")
    _refuse_options_of_the_other(context, choice.backend)
    targets = target or [api.target_of(archive, project.target, project.where, console)]
    if choice.backend == Backend.local:
        local = CompileOptions(
            precision=precision,
            engine=engine,
            max_difference=max_difference,
            compiler_options=compiler_options,
            inputs=tuple(map(BatchRange.parse, inputs or ())),
            calibration=calibration,
            preprocess=preprocess,
            metric=metric,
            max_accuracy_drop=max_accuracy_drop,
            force=force,
            rerun=rerun,
            limits=limits_of(limit or ()),
        )
        return _here(archive, targets, output, local)
    job = JobOptions(
        role=_required(role or project.role, "--role", "the ARN of a role for SageMaker"),
        output=_required(output or project.output, "--output", "s3://bucket/prefix"),
        connection=cloud.connection(region, profile, endpoint_url, project),
        name=job_name or "",
        framework=framework,
        framework_version=framework_version,
        data_input_config=data_input_config,
        compiler_options=compiler_options,
        max_runtime=max_runtime,
        max_pending=max_pending,
        kms_key=kms_key or "",
        security_groups=tuple(security_group or ()),
        subnets=tuple(subnet or ()),
        tags=cloud.pairs(tag, "--tag"),
        download=download,
        ignore=tuple(ignore or ()),
        allow_retired=allow_retired,
        rerun=rerun,
        force=force,
        limits=limits_of(limit or ()),
    )
    if dry_run:
        requests = api.dry_run(archive, targets, job, os.environ, log=console)
        return console.result("dry run", requests, of=[archive])
    wait = cloud.wait_options(
        no_wait=no_wait,
        timeout=timeout,
        logs=logs,
        stop_on_interrupt=stop_on_interrupt,
        poll=poll,
    )
    outcomes = api.submit(archive, targets, job, wait=wait, show=Board().show, log=console)
    return show_outcomes("jobs of compile", outcomes, of=[archive])


def _refuse_options_of_the_other(context: typer.Context, backend: str) -> None:
    """An option that is not read is a promise that nobody keeps: a tag, a key, a precision."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is None or source.name != "COMMANDLINE":
            continue
        of_jobs = getattr(option, "rich_help_panel", None) == _JOB
        if of_jobs and backend == Backend.local:
            raise UsageError(f"{option.opts[0]} is for jobs", hint="--backend sagemaker")
        if option.name in OF_LOCAL and backend == Backend.sagemaker:
            raise UsageError(f"{option.opts[0]} is for local engines", hint="--backend local")


def _refuse_bucket(output: str | None) -> None:
    if output and output.startswith("s3://"):
        raise UsageError(f"--output {output} is for jobs", hint="--backend sagemaker")


def _required(value: str, option: str, hint: str) -> str:
    if not value:
        raise UsageError(f"a job needs {option}", hint=hint)
    return value


def _here(
    archive: Path, targets: "Sequence[str]", output: str | None, choices: "CompileOptions"
) -> None:
    from neopack import api

    _refuse_bucket(output)
    if output is not None and len(targets) > 1:
        raise UsageError(f"--output names one file, and there are {len(targets)} targets")
    artifacts = []
    for target in dict.fromkeys(targets):
        artifact = api.compile(archive, target=target, output=output, options=choices, log=console)
        artifacts.append(artifact)
        if not console.json:
            console.result("compile", artifact)
            console.next("bench", artifact.path or "", "--against", archive)
    if console.json and len(artifacts) == 1:
        console.result("compile", artifacts[0], of=[archive])
    elif console.json:
        console.result("compiles", artifacts, of=[archive])
