"""The pages of ``--help``: plain text in sections, with an example a command, at any width."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from neopack.cli._console import colored
from neopack.cli.examples import EXAMPLES

__all__ = ["App"]

# the widest column of text that is easy to read
WIDTH = 88
# typer's words for types, and the field's
VALUES = {"str": "TEXT", "path": "PATH", "int": "N", "float": "NUMBER"}
ARGUMENT = re.compile(r"\{(?P<name>\w+)\}")
VALUE = re.compile(r"<(?:list\[)?(?P<kind>[^<>\[\]]+)\]?>")


class Command(TyperCommand):
    """A command whose options stand in the sections that their ``rich_help_panel`` names."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, ARGUMENT.sub(_upper, pieces))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_parameters(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        _write_example(ctx, formatter)


class Group(TyperGroup):
    """Commands in the sections that their ``rich_help_panel`` names."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_parameters(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        super().format_epilog(ctx, formatter)
        _write_example(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            section = getattr(command, "rich_help_panel", None) or "Commands"
            sections.setdefault(section, []).append((name, _summary(command)))
        _write(formatter, sections.items())


class App(typer.Typer):
    """A typer application whose pages of help are the ones above."""

    def __init__(self, name: str | None = None, **settings: Any) -> None:
        super().__init__(
            name=name,
            cls=Group,
            rich_markup_mode=None,
            no_args_is_help=False,
            pretty_exceptions_enable=False,
            context_settings={
                "help_option_names": ["-h", "--help"],
                "max_content_width": WIDTH,
            },
            **settings,
        )

    def command(  # type: ignore[override]
        self, name: str, *, section: str = "Commands"
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return super().command(
            name,
            cls=Command,
            rich_help_panel=section,
            context_settings={"max_content_width": WIDTH},
        )


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            # older versions of typer escape what rich would read as markup
            row = _shown(parameter, record[0]), record[1].replace("\\[", "[")
            sections.setdefault(_section(parameter), []).append(row)
    _write(formatter, sections.items())


def _write_example(ctx: Any, formatter: Any) -> None:
    example = EXAMPLES.get(ctx.command_path.partition(" ")[2])
    if example:
        with formatter.section(_bold("Example")):
            formatter.write_text(example)


def _upper(match: re.Match[str]) -> str:
    return match["name"].upper()


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _section(parameter: Any) -> str:
    if _is_argument(parameter):
        return "Arguments"
    return getattr(parameter, "rich_help_panel", None) or "Options"


def _shown(parameter: Any, names: str) -> str:
    """``--arg <list[str]>`` as ``--arg TEXT``, ``model <str>`` as ``MODEL``; the words of a choice
    stay."""
    if _is_argument(parameter):
        return VALUE.sub("", names).strip().upper()
    return VALUE.sub(lambda match: VALUES.get(match["kind"], match["kind"]), names)


def _summary(command: Any) -> str:
    """The first clause of what a command does."""
    text = " ".join((command.help or "").split("\n\n")[0].split())
    return re.split(r"[;.](?:\s|$)", text, maxsplit=1)[0] + "."


def _write(formatter: Any, sections: Iterable[tuple[str, list[tuple[str, str]]]]) -> None:
    for name, rows in sections:
        if rows:
            with formatter.section(_bold(name)):
                formatter.write_dl(rows)


def _bold(heading: str) -> str:
    return f"\033[1m{heading}\033[0m" if colored(sys.stdout) else heading
