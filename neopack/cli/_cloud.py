"""Options of the commands that talk to AWS, declared once, and the values they make.

Annotations are not strings here: typer would evaluate each at every start.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.errors import UsageError

if TYPE_CHECKING:
    from neopack.options import Connection, WaitOptions
    from neopack.project.settings import ProjectSettings

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
    "pairs",
    "refuse_without_endpoint",
    "settings",
    "wait_options",
]

_PANEL = "SageMaker"

Region = Annotated[
    str | None,
    typer.Option(help="The AWS region; as boto3 finds it by default.", rich_help_panel=_PANEL),
]
Profile = Annotated[
    str | None, typer.Option(help="A profile of the AWS configuration.", rich_help_panel=_PANEL)
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        help="Send requests to this address instead of AWS.",
        rich_help_panel=_PANEL,
    ),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Submit and do not wait.", rich_help_panel=_PANEL)
]
Timeout = Annotated[
    float | None,
    typer.Option(help="Wait at most this many seconds; jobs go on.", rich_help_panel=_PANEL),
]
Logs = Annotated[
    bool, typer.Option("--logs", help="Show the jobs' log lines.", rich_help_panel=_PANEL)
]
StopOnInterrupt = Annotated[
    bool,
    typer.Option("--stop-on-interrupt", help="Ctrl-C stops the jobs.", rich_help_panel=_PANEL),
]
Poll = Annotated[
    float | None,
    typer.Option(help="Seconds between the first two questions (5).", rich_help_panel=_PANEL),
]


def settings() -> "ProjectSettings":
    from neopack.project.settings import read_settings

    return read_settings(Path.cwd())


def connection(
    region: str | None, profile: str | None, endpoint: str | None, project: "ProjectSettings"
) -> "Connection":
    from neopack.options import Connection

    return Connection(
        region=region or project.region,
        profile=profile or project.profile,
        endpoint=endpoint or "",
    )


def wait_options(
    *,
    poll: float | None,
    timeout: float | None,
    no_wait: bool = False,
    logs: bool = False,
    stop_on_interrupt: bool = False,
) -> "WaitOptions":
    from neopack.options import WaitOptions

    said = {
        "--timeout": timeout is not None,
        "--poll": poll is not None,
        "--logs": logs,
        "--stop-on-interrupt": stop_on_interrupt,
    }
    unread = next((option for option, is_said in said.items() if is_said), "")
    if no_wait and unread:
        raise UsageError(f"{unread} goes without --no-wait, which waits for nothing")
    return WaitOptions(
        wait=not no_wait,
        timeout=timeout,
        logs=logs,
        stop_on_interrupt=stop_on_interrupt,
        **({} if poll is None else {"poll": poll}),
    )


def refuse_without_endpoint(
    targets: Sequence[str], region: str | None, profile: str | None, endpoint: str | None
) -> None:
    """Refuse what is told of an account where no target is an endpoint."""
    said = {"--region": region, "--profile": profile, "--endpoint-url": endpoint}
    option = next((name for name, value in said.items() if value is not None), "")
    if option and not any(target.startswith("endpoint:") for target in targets):
        raise UsageError(f"{option} goes with endpoint:NAME")


def pairs(texts: list[str] | None, option: str) -> tuple[tuple[str, str], ...]:
    """``KEY=VALUE``, each key once."""
    values: dict[str, str] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"{option} {text} is not KEY=VALUE")
        if key in values:
            raise UsageError(f"{option} {key} is given twice")
        values[key] = value
    return tuple(values.items())
