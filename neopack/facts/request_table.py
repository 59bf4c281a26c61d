"""The limits of a request (``limits.toml``, ``options.toml``), and the functions that a container
requires of a script (``handlers.toml``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from neopack.facts.rows import Row, facts_file, scoped
from neopack.values.target import Target

__all__ = [
    "Handler",
    "Limit",
    "Option",
    "StringForm",
    "container_modules",
    "distribution_modules",
    "handler",
    "limit",
    "option_group_required",
    "options",
    "options_undocumented",
    "string_form",
]

_OPTION_TYPES = frozenset({"word", "words", "integer", "member"})
_CALLS = frozenset({"toolkit", "dlr", "tensorflow-serving"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The length (or value, for a number) and pattern of one field of the API."""

    name: str
    minimum: int
    maximum: int | None
    pattern: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One key of CompilerOptions; keys with the same ``together`` must be given together."""

    key: str
    type: Literal["word", "words", "integer", "member"]
    values: tuple[str, ...]
    pattern: str
    minimum: int | None
    maximum: int | None
    default: str
    aliases: Mapping[str, str]
    excludes: tuple[str, ...]
    together: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StringForm:
    """CompilerOptions in the form of one JSON string of flags, as for ml_inf1."""

    example: str
    reserved: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """The script that a container runs; it must have one of the ``sets`` of functions.

    ``tensors`` where the container's default functions work on tensors of PyTorch.
    """

    container: str
    calls: Literal["toolkit", "dlr", "tensorflow-serving"]
    entry: str
    sets: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]
    exclusive: tuple[tuple[str, ...], ...]
    arguments: Mapping[str, int]
    source: str
    tensors: bool = False


@cache
def limit(name: str) -> Limit:
    """Return the limit of a field of the API by its name."""
    data = facts_file("limits")
    row = data.table("limit").table(name)
    return Limit(
        name=name,
        minimum=row.number("min"),
        maximum=row.optional_number("max"),
        pattern=row.text("pattern", ""),
        source=data.text("source"),
    )


@cache
def options(of: Target, name: str) -> tuple[Option, ...]:
    """Return the keys of CompilerOptions documented for a target and framework."""
    rows = scoped("options", "option")
    return tuple(_option(row) for scope, row in rows if scope.fits(of, name))


def _option(row: Row) -> Option:
    return Option(
        key=row.text("key"),
        type=row.choice("type", _OPTION_TYPES),
        values=row.texts("values"),
        pattern=row.text("pattern", ""),
        minimum=row.optional_number("minimum"),
        maximum=row.optional_number("maximum"),
        default=row.text("default", ""),
        aliases=row.words("aliases"),
        excludes=row.texts("excludes"),
        together=row.text("together", ""),
        note=row.text("note", ""),
    )


@cache
def option_group_required(of: Target, name: str) -> str:
    """Return the group of options that a target requires, or "" if there is none."""
    for scope, row in scoped("options", "required"):
        if scope.fits(of, name):
            return row.text("group")
    return ""


@cache
def string_form(of: Target) -> StringForm | None:
    """Return the string form of CompilerOptions, or None for targets that take an object."""
    row = facts_file("options").table("string_form")
    if of.kind not in row.texts("kinds"):
        return None
    return StringForm(example=row.text("example"), reserved=row.texts("reserved"))


@cache
def options_undocumented(of: Target) -> bool:
    """Whether the CompilerOptions for a target are undocumented."""
    return of.kind in facts_file("options").table("unknown_form").texts("kinds")


@cache
def handler(name: str, of: Target) -> Handler | None:
    """Return the script that the container of a compiled model runs, or None if it is unknown."""
    for scope, row in scoped("handlers", "handler"):
        if scope.fits(of, name):
            return Handler(
                container=row.text("container"),
                calls=row.choice("calls", _CALLS),
                entry=row.text("entry"),
                sets=row.groups("sets"),
                optional=row.texts("optional"),
                exclusive=row.groups("exclusive"),
                arguments=row.numbers("arguments"),
                source=row.text("source"),
                tensors=name in row.texts("tensors"),
            )
    return None


@cache
def container_modules(name: str) -> frozenset[str]:
    """Return the modules, besides Python's own, that the containers of a framework may have."""
    table = facts_file("handlers").table("modules")
    return frozenset({*table.texts("all"), *table.texts(name)})


@cache
def distribution_modules(name: str) -> frozenset[str] | None:
    """Return the modules that a distribution brings with all that it requires, or None if that is
    unknown."""
    table = facts_file("handlers").lists("distributions")
    modules = table.get(re.sub(r"[-_.]+", "-", name.lower()))
    return None if modules is None else frozenset(modules)


def shipped_packages(name: str) -> tuple[str, ...]:
    """Return the packages that the containers of a framework have in builds of their own."""
    return facts_file("handlers").table("shipped").texts(name)
