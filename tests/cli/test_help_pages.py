"""``--help``: sections, an example for each command that its own parser takes, any width."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import typer.main

from neopack.cli import _completion, _console, app
from neopack.cli.examples import EXAMPLES

ROOT: Any = typer.main.get_command(app)


def commands(group: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        if getattr(command, "invoke_without_command", True):
            yield " ".join((*path, name)), command


COMMANDS = dict(commands())


def page(name: str, width: int) -> str:
    context = ROOT.make_context("neopack", [], resilient_parsing=True, terminal_width=width)
    command = ROOT
    for word in name.split():
        command = command.commands[word]
        context = command.context_class(
            command, info_name=word, parent=context, terminal_width=width
        )
    return str(command.get_help(context))


def test_every_command_has_an_example_and_no_other_has_one() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_call_of_its_command(name: str) -> None:
    words = shlex.split(EXAMPLES[name])
    assert words[: 1 + len(name.split())] == ["neopack", *name.split()]
    COMMANDS[name].make_context(name, words[1 + len(name.split()) :])


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_a_page_keeps_to_the_width_and_names_no_python_type(name: str, width: int) -> None:
    text = page(name, width)
    long = [line for line in text.splitlines() if len(line) > width]
    assert not long
    assert "<bool>" not in text
    assert "<str>" not in text
    assert "list[" not in text


def test_commands_stand_in_sections() -> None:
    text = page("", 80)
    names = ("Build", "Check", "Evidence", "Run", "Cloud", "Reference")
    places = [text.index(f"{name}:\n") for name in names]
    assert places == sorted(places)
    assert "Example" in page("package", 80)


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR": "0"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_color_is_as_the_environment_says(
    environment: dict[str, str],
    terminal: bool,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    class Stream(StringIO):
        def isatty(self) -> bool:
            return terminal

    assert _console.colored(Stream()) is expected


@pytest.mark.parametrize(
    ("offer", "incomplete", "name"),
    [
        (_completion.target_names, "ml_c", "ml_c5"),
        (_completion.framework_names, "pyt", "PYTORCH"),
        (_completion.instance_names, "ml.c5.x", "ml.c5.xlarge"),
        (_completion.rule_names, "NEO-PT", "NEO-PT-003"),
        (_completion.runtime_names, "pytorch-1.8", "pytorch-1.8.1"),
    ],
)
def test_the_shell_is_offered_names_of_the_tables(offer: Any, incomplete: str, name: str) -> None:
    assert name in offer(incomplete)
    assert not offer("no such name")
