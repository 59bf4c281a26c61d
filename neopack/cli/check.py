"""``neopack check``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._cloud import settings as project
from neopack.cli._console import console
from neopack.errors import CheckFailed, NeopackError, UsageError
from neopack.options import CheckOptions

if TYPE_CHECKING:
    from neopack.checks.fixing import FixedArchive
    from neopack.options import CheckOptions
    from neopack.values.finding import CheckResult, Level

__all__ = ["check"]

Form = options.ReportFormat


def check(
    model: Annotated[
        Path, typer.Argument(help="The .tar.gz to be compiled; or a model file, a directory.")
    ],
    target: Annotated[
        list[str] | None,
        typer.Option("--target", "-t", help="May repeat; the manifest's by default."),
    ] = None,
    all_targets: Annotated[
        bool, typer.Option("--all-targets", help="Say what each target makes of it.")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(help="The archive that was submitted; MODEL is what the job returned."),
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
    fix: Annotated[
        Path | None,
        typer.Option(help="Write this .tar.gz: the same files, packed as Neo wants them."),
    ] = None,
    force: options.Force = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    max_level: Annotated[
        options.Level | None, typer.Option(help="The gravest level that passes; warning.")
    ] = None,
    limit: options.LimitSettings = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Causes, sources and remarks too.")
    ] = False,
    output_format: Annotated[
        Form, typer.Option("--format", help="How the answer is written.")
    ] = Form.text,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Find what Neo would refuse, before the job: one pass, nothing is executed."""
    console.setup(quiet=quiet, debug=debug, json=output_format is Form.json)
    with _failing_in(output_format, model):
        from neopack import api
        from neopack.formats.guard import DEFAULT_LIMITS

        said = project()
        wanted = CheckOptions(
            framework=framework.upper() if framework else None,
            framework_version=framework_version,
            data_input_config=data_input_config,
            compiler_options=compiler_options,
            as_of=as_of,
            select=tuple(select or said.select),
            ignore=tuple(ignore or said.ignore),
            passing=_passing(max_level, strict=strict, usually=said.strict),
            limits=DEFAULT_LIMITS.with_settings(limit or []),
        )
        if all_targets:
            if target or fix:
                raise UsageError(f"--all-targets goes without {'--target' if target else '--fix'}")
            return _all_targets(model, wanted, output_format)
        if fix is not None:
            if len(target or ()) > 1:
                raise UsageError("--fix writes one archive: give one --target")
            fixed = api.fix(
                model,
                fix,
                target=target[0] if target else None,
                wanted=wanted,
                otherwise=said.target[:1],
                force=force,
                log=console,
            )
            return _show_fixed(fixed, output_format, verbose=verbose)
        checked = api.check_targets(
            model, target or (), wanted, otherwise=said.target, source=source
        )
        _show(checked, output_format, verbose=verbose)
        return _exit(checked)


@contextmanager
def _failing_in(form: Form, model: Path) -> Iterator[None]:
    """A failure in the form asked for as well: an empty report is read as nothing found."""
    try:
        yield
    except NeopackError as error:
        if form not in (Form.text, Form.json):
            console.file(_writers()[form].failed(str(model), error))
        raise


def _passing(max_level: options.Level | None, *, strict: bool, usually: bool) -> "Level":
    """``--strict`` is ``--max-level info``."""
    if max_level is not None:
        if strict:
            raise UsageError("--strict is --max-level info: give one of them")
        return max_level.value
    return "info" if strict or usually else "warning"


def _all_targets(model: Path, wanted: "CheckOptions", form: Form) -> None:
    from neopack import api
    from neopack.reports.all_targets import matrix_markdown, matrix_text

    if form not in (Form.text, Form.json, Form.markdown):
        raise UsageError(f"--all-targets has no form {form}", hint="text, json or markdown")
    found = api.matrix(model, wanted)
    if form is Form.markdown:
        console.file(matrix_markdown(found))
    else:
        console.result("matrix", found, matrix_text(found))
    if not found.taken:
        raise typer.Exit(CheckFailed.exit_code)


def _show(checked: "CheckResult", form: Form, *, verbose: bool) -> None:
    from neopack.reports.text import checked_text

    if form in (Form.text, Form.json):
        one = len(checked.reports) == 1
        value = checked.reports[0] if one else checked
        console.result("check" if one else "checks", value, checked_text(checked, verbose=verbose))
    else:
        console.file(getattr(_writers()[form], form.value)(checked))


def _show_fixed(fixed: "FixedArchive", form: Form, *, verbose: bool) -> None:
    from neopack.reports.fixing import fixed_text

    if form in (Form.text, Form.json):
        console.result("fix", fixed, fixed_text(fixed, verbose=verbose))
    else:
        _show(fixed.checked, form, verbose=verbose)
    _exit(fixed.checked)


def _writers() -> "Mapping[Form, ModuleType]":
    """Each has a function of the form's name, and ``failed``."""
    from neopack.reports import github, junit, markdown, sarif

    return {
        Form.github: github,
        Form.junit: junit,
        Form.markdown: markdown,
        Form.sarif: sarif,
    }


def _exit(checked: "CheckResult") -> None:
    """With 3 only where each report that fails does so for a target that takes no such thing."""
    from neopack.checks import judging

    codes = []
    for report in checked.reports:
        try:
            judging.raise_for(report, checked.passing)
        except CheckFailed as error:
            codes.append(error.exit_code)
    if codes:
        raise typer.Exit(min(codes))
