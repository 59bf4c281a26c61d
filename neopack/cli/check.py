"""``neopack check``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._cloud import settings as project
from neopack.cli._console import console
from neopack.errors import CheckFailed, NeopackError, UsageError
from neopack.reports.registry import formats

if TYPE_CHECKING:
    from neopack.checks.fixing import FixedArchive
    from neopack.options import CheckOptions
    from neopack.values.finding import CheckResult, Level

__all__ = ["check"]

PLAIN = ("text", "json")


@options.answers("check", "checks", "fix", "matrix")
def check(
    model: Annotated[
        Path, typer.Argument(help="The .tar.gz to be compiled; or a model file, a directory.")
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            help="May repeat; the manifest's by default.",
            autocompletion=_completion.target_names,
        ),
    ] = None,
    all_targets: Annotated[
        bool, typer.Option("--all-targets", help="Judge it for every target.")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(help="The archive that was submitted; MODEL is the job's artifact."),
    ] = None,
    framework: options.Framework = None,
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
    select: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this rule or family.",
            autocompletion=_completion.rule_names,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            help="Skip this rule or family.",
            autocompletion=_completion.rule_names,
        ),
    ] = None,
    fix: Annotated[
        Path | None,
        typer.Option(help="Write this .tar.gz: the same files, packed as Neo wants them."),
    ] = None,
    force: options.Force = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    max_level: Annotated[
        options.Level | None,
        typer.Option(help="The gravest level that passes; warning by default."),
    ] = None,
    limit: options.LimitSettings = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Causes, sources and remarks too.")
    ] = False,
) -> None:
    """Find what Neo would refuse, before the job: one pass, nothing is executed."""
    with _failure_in_the_same_form(model):
        from neopack import api
        from neopack.options import CheckOptions, limits_of

        settings = project()
        choices = CheckOptions(
            framework=framework.upper() if framework else None,
            framework_version=framework_version,
            data_input_config=data_input_config,
            compiler_options=compiler_options,
            as_of=as_of,
            select=tuple(select or settings.select),
            ignore=tuple(ignore or settings.ignore),
            passing=_passing(max_level, strict=strict, usually=settings.strict),
            limits=limits_of(limit or ()),
        )
        if all_targets:
            if target or fix:
                raise UsageError(f"--all-targets goes without {'--target' if target else '--fix'}")
            return _all_targets(model, choices)
        if fix is not None:
            if len(target or ()) > 1:
                raise UsageError("--fix writes one archive: give one --target")
            fixed = api.fix(
                model,
                fix,
                target=target[0] if target else None,
                options=choices,
                otherwise=settings.target[:1],
                force=force,
                log=console,
            )
            return _show_fixed(fixed, verbose=verbose)
        result = api.check_targets(
            model, target or (), choices, otherwise=settings.target, source=source
        )
        _show(result, verbose=verbose)
        return _exit(result)


@contextmanager
def _failure_in_the_same_form(model: Path) -> Iterator[None]:
    """A program would read an empty report as one without findings."""
    try:
        yield
    except NeopackError as error:
        if console.form not in PLAIN:
            from neopack.reports.registry import render_failure

            console.file(render_failure(console.form, str(model), error))
        raise


def _passing(max_level: options.Level | None, *, strict: bool, usually: bool) -> "Level":
    """``--strict`` is ``--max-level info``."""
    if max_level is not None:
        if strict:
            raise UsageError("--strict is --max-level info: give one of them")
        return max_level.value
    return "info" if strict or usually else "warning"


def _all_targets(model: Path, choices: "CheckOptions") -> None:
    from neopack import api

    known = formats("matrix")
    if console.form not in known:
        listed = f"{', '.join(known[:-1])} or {known[-1]}"
        raise UsageError(f"--all-targets has no form {console.form}", hint=listed)
    matrix = api.matrix(model, choices)
    console.result("matrix", matrix)
    if not matrix.taken:
        raise typer.Exit(CheckFailed.exit_code)


def _show(result: "CheckResult", *, verbose: bool) -> None:
    if console.form in PLAIN and len(result.reports) == 1:
        console.result("check", result.reports[0], verbose=verbose)
    else:
        console.result("checks", result, verbose=verbose)


def _show_fixed(fixed: "FixedArchive", *, verbose: bool) -> None:
    if console.form in PLAIN:
        console.result("fix", fixed, verbose=verbose)
    else:
        _show(fixed.checked, verbose=verbose)
    _exit(fixed.checked)


def _exit(result: "CheckResult") -> None:
    """With 3 only where each report that fails does so for a target that takes no such thing."""
    from neopack import api

    codes = []
    for report in result.reports:
        try:
            api.raise_for(report, result.passing)
        except CheckFailed as error:
            codes.append(error.exit_code)
    if codes:
        raise typer.Exit(min(codes))
