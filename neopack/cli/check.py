"""``neopack check``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import CheckFailed

__all__ = ["check"]


def check(
    archive: Annotated[Path, typer.Argument(help="The .tar.gz to be compiled.")],
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="The manifest's by default.")
    ] = None,
    framework: Annotated[str | None, typer.Option(help="Told from the bytes by default.")] = None,
    framework_version: Annotated[
        str | None, typer.Option(help="The version Neo compiles with.")
    ] = None,
    data_input_config: Annotated[
        str | None, typer.Option(help="The JSON of the API call; the manifest's by default.")
    ] = None,
    compiler_options: Annotated[
        str | None, typer.Option(help="The string of the API call; the manifest's by default.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Judge by the support table of a date, 2020-12-10 on.")
    ] = None,
    select: Annotated[list[str] | None, typer.Option(help="Only this rule or family.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Not this rule or family.")] = None,
    limit: options.LimitSettings = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Causes, sources and remarks too.")
    ] = False,
    output_format: options.OutputFormat = options.Format.text,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Find what Neo would refuse, before the job: one pass, nothing is executed."""
    console.setup(quiet=quiet, debug=debug, json=output_format is options.Format.json)
    from neopack import api, judging
    from neopack.reports.text import report_text
    from neopack.wire.guard import DEFAULT_LIMITS

    report = api.check(
        archive,
        target=target,
        framework=framework,
        framework_version=framework_version,
        data_input_config=data_input_config,
        compiler_options=compiler_options,
        as_of=as_of,
        select=select or (),
        ignore=ignore or (),
        limits=DEFAULT_LIMITS.with_settings(limit or []),
    )
    console.result("check", report, report_text(report, verbose=verbose))
    try:
        judging.raise_for(report)
    except CheckFailed as error:
        raise typer.Exit(error.exit_code) from None
