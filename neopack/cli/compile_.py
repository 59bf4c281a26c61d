"""``neopack compile``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import Unsupported

__all__ = ["compile_"]


class Backend(StrEnum):
    local = "local"
    sagemaker = "sagemaker"


def compile_(
    archive: Annotated[Path, typer.Argument(help="The archive that package wrote.")],
    target: options.TargetName,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="<stem>-<target>.tar.gz beside it by default."),
    ] = None,
    backend: Annotated[Backend, typer.Option(help="Where to compile.")] = Backend.local,
    engine: Annotated[str | None, typer.Option(help="The local engine to use.")] = None,
    precision: Annotated[
        str, typer.Option(help="fp32, bf16 or fp16, where engine and CPU really compute in it.")
    ] = "fp32",
    max_difference: Annotated[
        float | None,
        typer.Option(help="How far outputs may be from the golden ones; 1e-3 in fp32."),
    ] = None,
    limit: options.LimitSettings = None,
    force: options.Force = False,
    output_format: options.OutputFormat = options.Format.text,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compile an archive; here, with a local engine, unless told otherwise."""
    console.setup(quiet=quiet, debug=debug, json=output_format is options.Format.json)
    from neopack import api
    from neopack.reports.text import artifact_text
    from neopack.wire.guard import DEFAULT_LIMITS

    if backend is Backend.sagemaker:
        raise Unsupported(
            "this version does not submit Neo jobs yet",
            hint="upload the archive, and give CreateCompilationJob what the manifest says",
        )
    artifact = api.compile(
        archive,
        target=target,
        output=output,
        precision=precision,
        engine=engine,
        max_difference=max_difference,
        force=force,
        limits=DEFAULT_LIMITS.with_settings(limit or []),
        log=console,
    )
    console.result("compile", artifact, artifact_text(artifact))
