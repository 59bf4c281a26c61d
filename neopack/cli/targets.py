"""``neopack targets``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import Unsupported, UsageError

__all__ = ["AsOf", "FrameworkName", "TargetClass", "targets"]


class Classes(StrEnum):
    cloud = "cloud"
    inferentia = "inferentia"
    elastic_inference = "elastic-inference"
    edge = "edge"


TargetClass = Annotated[Classes | None, typer.Option("--class", help="Only targets of a class.")]
FrameworkName = Annotated[
    str,
    typer.Option(
        help="PYTORCH, torch==1.8, pytorch1.8, ...",
        show_default=False,
        autocompletion=_completion.framework_names,
    ),
]
AsOf = Annotated[str | None, typer.Option(help="The table in force at a date, 2020-12-10 on.")]


@options.answers("targets", "changes", "roadmap")
def targets(
    target: Annotated[
        str,
        typer.Argument(
            help="ml_c5, ml.c5.xlarge, linux/arm64; none: all.",
            show_default=False,
            autocompletion=_completion.target_names,
        ),
    ] = "",
    framework: FrameworkName = "",
    target_class: TargetClass = None,
    as_of: AsOf = None,
    model: Annotated[
        Path | None, typer.Option(help="Show which targets take this file, and what to do first.")
    ] = None,
    changes: Annotated[
        bool, typer.Option("--changes", help="Show what changed between dates.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="With --changes: only changes after a date.")
    ] = None,
) -> None:
    """What targets take: frameworks, versions, formats, instances, options, images, with dates."""
    from neopack import api

    if model is not None:
        if framework or changes:
            raise UsageError(f"--model goes without {'--changes' if changes else '--framework'}")
        return _roadmap(model, target, target_class or "", as_of)
    if changes:
        if target:
            raise UsageError("--changes is of classes, not of one target", hint="leave it out")
        answer = api.support.changes(
            since=since, as_of=as_of, framework=framework, target_class=target_class or ""
        )
        return console.result("changes", answer, long=True)
    if since is not None:
        raise UsageError("--since goes with --changes")
    entries = api.support.targets(
        target, framework=framework, as_of=as_of, target_class=target_class or ""
    )
    return console.result(
        "targets", entries, long=True, detailed=bool(target), framework=bool(framework)
    )


def _roadmap(model: Path, target: str, target_class: str, as_of: str | None) -> None:
    """Ends with 3 where no target takes the model, packaged or not."""
    from neopack import api

    roads = api.roadmap(model, target=target, target_class=target_class, as_of=as_of)
    console.result("roadmap", roads, of=[model], long=True)
    if not roads.open:
        raise typer.Exit(Unsupported.exit_code)
