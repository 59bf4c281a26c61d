"""``neopack check``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _completion, _streams
from neopack.cli import _options as options
from neopack.cli._cloud import settings as project
from neopack.cli._console import console
from neopack.errors import CheckFailed, NeopackError, UsageError
from neopack.reports.registry import formats

if TYPE_CHECKING:
    from neopack.checks.fixing import FixedArchive
    from neopack.options import CheckOptions
    from neopack.project.settings import ProjectSettings
    from neopack.values.finding import CheckResult, Level
    from neopack.values.subject import Subject

__all__ = ["check"]

PLAIN = ("text", "json")


@options.answers("check", "checks", "checked models", "fix", "matrix")
def check(
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL...",
            help="The .tar.gz to be compiled, or - for standard input; a model file or directory; "
            "a pattern; a folder of archives; or several of them.",
        ),
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
    with _failure_in_the_same_form(models[0]):
        from neopack import api
        from neopack.options import CheckOptions, limits_of

        paths = list(api.matching(models))
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
        _refuse_together(paths, target or (), source=source, fix=fix, all_targets=all_targets)
        stream = _streams.STREAM if _streams.STREAM in paths else Path()
        with _streams.received(stream, choices.limits, archive=True) as file:
            paths = [file if path == _streams.STREAM else path for path in paths]
            if all_targets:
                return _all_targets(paths[0], choices)
            targets = target or _targets_of_project(settings)
            if fix is not None:
                return _fix(paths[0], fix, targets, choices, force=force, verbose=verbose)
            if len(paths) > 1 or paths[0] not in (file, *models):
                return _check_each(paths, targets, choices, verbose=verbose)
            return _check(paths[0], targets, choices, source, verbose=verbose)


def _targets_of_project(settings: "ProjectSettings") -> tuple[str, ...]:
    """The project's targets count more than those that manifests name."""
    if settings.target:
        console.note(f"target {', '.join(settings.target)} ({settings.where})")
    return settings.target


def _refuse_together(
    paths: list[Path],
    target: Sequence[str],
    *,
    source: Path | None,
    fix: Path | None,
    all_targets: bool,
) -> None:
    if all_targets and (target or fix):
        raise UsageError(f"--all-targets goes without {'--target' if target else '--fix'}")
    if fix is not None and len(target) > 1:
        raise UsageError("--fix writes one archive: give one --target")
    single = {"--source": source, "--fix": fix, "--all-targets": all_targets or None}
    option = next((name for name, value in single.items() if value is not None), "")
    if option and len(paths) > 1:
        raise UsageError(f"{option} is for one model, and there are {len(paths)}")


@contextmanager
def _failure_in_the_same_form(model: Path) -> Iterator[None]:
    """A program would read an empty report as one without findings."""
    try:
        yield
    except NeopackError as error:
        if console.form not in PLAIN:
            from neopack import api
            from neopack.reports.registry import render_failure

            console.file(render_failure(console.form, api.unchecked(str(model), error)))
        raise


def _passing(max_level: options.Level | None, *, strict: bool, usually: bool) -> "Level":
    """``--strict`` is ``--max-level info``."""
    if max_level is not None:
        if strict:
            raise UsageError("--strict is --max-level info: give one of them")
        return max_level.value
    return "info" if strict or usually else "warning"


def _check(
    model: Path,
    targets: Sequence[str],
    choices: "CheckOptions",
    source: Path | None,
    *,
    verbose: bool,
) -> None:
    from neopack import api

    result = api.check_targets(model, targets, choices, source=source)
    _show(result, verbose=verbose)
    _exit(result)
    if result.sha256 and _streams.shown(result.path) == result.path:
        console.next("compile", model, "--target", result.reports[0].target)


def _check_each(
    paths: list[Path], targets: Sequence[str], choices: "CheckOptions", *, verbose: bool
) -> None:
    from neopack import api

    checked = api.check_models(paths, targets, choices)
    paths_read = [_subject(result) for result in checked.results]
    checked = _streams.all_named(checked)
    console.result("checked models", checked, of=paths_read, verbose=verbose)
    codes = [*map(_code, checked.results), *(each.exit_code for each in checked.unchecked)]
    if any(codes):
        raise typer.Exit(max(codes))


def _fix(
    model: Path,
    path: Path,
    targets: Sequence[str],
    choices: "CheckOptions",
    *,
    force: bool,
    verbose: bool,
) -> None:
    from neopack import api

    target = targets[0] if targets else None
    fixed = api.fix(model, path, target=target, options=choices, force=force, log=console)
    _show_fixed(model, fixed, verbose=verbose)


def _all_targets(model: Path, choices: "CheckOptions") -> None:
    from neopack import api

    known = formats("matrix")
    if console.form not in known:
        listed = f"{', '.join(known[:-1])} or {known[-1]}"
        raise UsageError(f"--all-targets has no form {console.form}", hint=listed)
    matrix = api.matrix(model, choices)
    console.result("matrix", matrix, of=[model])
    if not matrix.taken:
        raise typer.Exit(CheckFailed.exit_code)


def _show(result: "CheckResult", *, verbose: bool) -> None:
    if console.form in PLAIN and len(result.reports) == 1:
        console.result("check", result.reports[0], of=[_subject(result)], verbose=verbose)
    else:
        console.result("checks", _streams.named(result), of=[_subject(result)], verbose=verbose)


def _subject(result: "CheckResult") -> "Subject | str":
    """With the digest that reading the archive gave; of other files, the path."""
    from neopack.values.subject import Subject

    if not result.sha256:
        return result.path
    size = Path(result.path).stat().st_size
    return Subject(path=str(result.path), bytes=size, sha256=result.sha256)


def _show_fixed(model: Path, fixed: "FixedArchive", *, verbose: bool) -> None:
    if console.form in PLAIN:
        console.result("fix", fixed, of=[model], verbose=verbose)
    else:
        _show(fixed.checked, verbose=verbose)
    _exit(fixed.checked)


def _exit(result: "CheckResult") -> None:
    code = _code(result)
    if code:
        raise typer.Exit(code)


def _code(result: "CheckResult") -> int:
    """3 only where each report that fails does so for a target that takes no such thing."""
    from neopack import api

    codes = []
    for report in result.reports:
        try:
            api.raise_for(report, result.passing)
        except CheckFailed as error:
            codes.append(error.exit_code)
    return min(codes, default=0)
