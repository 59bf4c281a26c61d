"""``neopack build`` and ``neopack cache``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _build_board, _completion
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._help import App

if TYPE_CHECKING:
    from neopack.build.results import BuildResult

__all__ = ["build", "cache"]

SUMMARY = "GITHUB_STEP_SUMMARY"
SCHEDULER = "DASK_SCHEDULER_ADDRESS"
Where = Annotated[
    str, typer.Option("--cache", help="A folder or a URL; the project's by default.")
]


@options.answers("build")
def build(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Models, or patterns such as 'vision-*'; all."),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            help="Only for this target; may repeat.",
            autocompletion=_completion.target_names,
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", help="Steps at once; 0: as many as fit here.")
    ] = 0,
    check_only: Annotated[
        bool,
        typer.Option(
            "--check-only", help="Package and check; nothing is proven, compiled or written."
        ),
    ] = False,
    since: Annotated[
        str,
        typer.Option(
            metavar="REV", help="Only models that read what changed since this revision of git."
        ),
    ] = "",
    locked: Annotated[
        bool, typer.Option("--locked", help="Refuse versions that neopack.lock does not pin.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done, and why.")
    ] = False,
    keep_going: Annotated[
        bool,
        typer.Option("--keep-going/--fail-fast", help="Build the others where one fails."),
    ] = True,
    place: Where = "",
    scheduler: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            envvar=SCHEDULER,
            help="Carry steps out on a Dask cluster: dask://host:8786.",
        ),
    ] = "",
) -> None:
    """Build all models of neopack.toml for all their targets; only what changed is done again."""
    from neopack import api

    result = api.build(
        names=tuple(names or ()),
        targets=tuple(target or ()),
        jobs=jobs,
        check_only=check_only,
        since=since,
        locked=locked,
        dry_run=dry_run,
        keep_going=keep_going,
        cache=place,
        scheduler=scheduler,
        log=console,
        show=_build_board.Board().show,
    )
    console.rest()
    _build_board.annotate(result)
    _summarize(result)
    console.result("build", result, of=[each for row in result.rows for each in row.subjects()])
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def _summarize(result: "BuildResult") -> None:
    """GitHub shows what a step writes there on the page of the run."""
    path = os.environ.get(SUMMARY)
    if path and Path(path).is_file():
        from neopack.reports.build import build_markdown

        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(build_markdown(result) + "\n")


cache = App(name="cache", help="What neopack build keeps: its size, its health, less of it.")


@cache.command("stat")
@options.answers("cache")
def stat(place: Where = "") -> None:
    """Say how much is in the cache."""
    from neopack import api

    console.result("cache", api.cache_contents(place))


@cache.command("verify")
@options.answers("cache")
def verify(place: Where = "") -> None:
    """Read each file of the cache; remove those that are damaged."""
    from neopack import api

    contents = api.cache_contents(place, verify=True)
    console.result("cache", contents)
    if contents.damaged:
        raise typer.Exit(1)


@cache.command("prune")
@options.answers("cache prune")
def prune(
    older_than: Annotated[
        str, typer.Option(metavar="TIME", help="What was not used for 30d, 12h, 90m.")
    ] = "",
    max_size: Annotated[
        str, typer.Option(metavar="SIZE", help="The oldest, until 10GB are left.")
    ] = "",
    place: Where = "",
) -> None:
    """Remove what is old or too much from the cache."""
    from neopack import api
    from neopack.cli._values import parse_time
    from neopack.project.models import size_of

    pruned = api.prune_cache(
        place,
        older=parse_time("--older-than", older_than) if older_than else None,
        most=size_of(max_size, "--max-size") if max_size else None,
    )
    console.result("cache prune", pruned)
