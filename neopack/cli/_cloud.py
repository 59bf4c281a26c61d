"""Options of the commands that talk to AWS, declared once, and the values they make.

Annotations are no strings here: typer would evaluate each at every start.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.errors import UsageError

if TYPE_CHECKING:
    from neopack.options import Connection
    from neopack.project.settings import ProjectSettings
    from neopack.sagemaker.following import WaitOptions
    from neopack.sagemaker.watch import Pace

__all__ = [
    "Endpoint",
    "Logs",
    "NoWait",
    "Poll",
    "Profile",
    "Region",
    "StopOnInterrupt",
    "Timeout",
    "connection",
    "pace",
    "pairs",
    "settings",
    "waiting",
]

_PANEL = "SageMaker"

Region = Annotated[
    str | None, typer.Option(help="As boto3 finds it by default.", rich_help_panel=_PANEL)
]
Profile = Annotated[
    str | None, typer.Option(help="Of the AWS configuration.", rich_help_panel=_PANEL)
]
Endpoint = Annotated[
    str | None,
    typer.Option("--endpoint-url", help="Another address than AWS.", rich_help_panel=_PANEL),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Submit and leave.", rich_help_panel=_PANEL)
]
Timeout = Annotated[
    float | None,
    typer.Option(help="Wait no longer than these seconds; jobs go on.", rich_help_panel=_PANEL),
]
Logs = Annotated[
    bool, typer.Option("--logs", help="Show the jobs' log lines.", rich_help_panel=_PANEL)
]
StopOnInterrupt = Annotated[
    bool,
    typer.Option("--stop-on-interrupt", help="Ctrl-C stops the jobs.", rich_help_panel=_PANEL),
]
Poll = Annotated[
    float, typer.Option(help="Ask every so many seconds at first.", rich_help_panel=_PANEL)
]


def settings() -> "ProjectSettings":
    from neopack.project.settings import read_settings

    return read_settings(Path.cwd())


def connection(
    region: str | None, profile: str | None, endpoint: str | None, said: "ProjectSettings"
) -> "Connection":
    from neopack.options import Connection

    return Connection(
        region=region or said.region,
        profile=profile or said.profile,
        endpoint=endpoint or "",
    )


def pace(poll: float) -> "Pace":
    from neopack.sagemaker.watch import Pace

    if not poll >= 0:
        raise UsageError(f"--poll {poll} is no number of seconds")
    usual = Pace()
    return Pace(
        first=poll,
        most=max(poll, min(usual.most, 6 * poll)),
        worst=min(usual.worst, 12 * poll),
        spacing=min(usual.spacing, poll),
    )


def waiting(
    *, no_wait: bool, timeout: float | None, logs: bool, stop_on_interrupt: bool, poll: float
) -> "WaitOptions":
    """How to wait, with the board that shows it."""
    from neopack.cli._board import Board
    from neopack.sagemaker.following import WaitOptions

    if timeout is not None and not timeout >= 0:
        raise UsageError(f"--timeout {timeout} is no number of seconds")
    return WaitOptions(
        wait=not no_wait,
        timeout=timeout,
        logs=logs,
        stop_on_interrupt=stop_on_interrupt,
        pace=pace(poll),
        show=Board().show,
    )


def pairs(given: list[str] | None, option: str) -> Mapping[str, str]:
    """``KEY=VALUE``, once for each."""
    made = {}
    for text in given or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"{option} {text} is not KEY=VALUE")
        if key in made:
            raise UsageError(f"{option} {key} is given twice")
        made[key] = value
    return made
