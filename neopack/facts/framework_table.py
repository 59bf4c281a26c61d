"""The frameworks of the API and their forms of DataInputConfig: ``frameworks.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.errors import UsageError
from neopack.facts.rows import Row, facts_file
from neopack.spelling import did_you_mean
from neopack.values.target import Target

__all__ = [
    "ConfigOptional",
    "FileGroup",
    "FrameworkRow",
    "config_objects",
    "config_optional",
    "framework",
    "framework_spelling",
    "frameworks",
    "has_free_rows",
    "takes_version",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGroup:
    """Members of which an archive must have exactly one; without suffixes, any member counts."""

    suffixes: tuple[str, ...]
    loose: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkRow:
    """A row of ``frameworks.toml``; ``name`` is Neo's name, ``title`` the usual spelling."""

    name: str
    title: str
    documented: bool
    files: tuple[FileGroup, ...]
    config_forms: tuple[str, ...]
    config_layout: str
    model_layout: str
    free_names: bool
    free_rows: bool
    optional_suffix: str
    takes_version: bool
    input_dtypes: tuple[str, ...]
    output_dtypes: tuple[str, ...]
    none_found: str
    many_found: str
    source: str

    @property
    def turns_channels(self) -> bool:
        """Whether images are channels-last in the model but channels-first in DataInputConfig."""
        return (self.model_layout, self.config_layout) == ("NHWC", "NCHW")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigOptional:
    """The targets for which DataInputConfig may be left out."""

    framework: str
    since: str
    kinds: tuple[str, ...]
    version_from: str
    stored_inputs: bool


@cache
def frameworks() -> tuple[FrameworkRow, ...]:
    """Return the nine Framework values of the API."""
    rows = facts_file("frameworks").table("framework")
    return tuple(_framework(name, rows.table(name)) for name in rows)


def _framework(name: str, row: Row) -> FrameworkRow:
    layout = row.text("config_layout", "")
    return FrameworkRow(
        name=name,
        title=row.text("title"),
        documented=row.flag("documented", True),
        files=tuple(
            FileGroup(
                suffixes=group.texts("suffixes"),
                loose=group.texts("loose"),
                ignored=group.texts("ignored"),
            )
            for group in row.tables("files")
        ),
        config_forms=row.texts("config_forms"),
        config_layout=layout,
        model_layout=row.text("model_layout", layout),
        free_names=row.choice("names", frozenset({"free", "model"})) == "free",
        free_rows=row.flag("free_rows", False),
        optional_suffix=row.text("optional_suffix", ""),
        takes_version=row.flag("takes_version", False),
        input_dtypes=row.texts("input_dtypes"),
        output_dtypes=row.texts("output_dtypes"),
        none_found=row.text("none_found"),
        many_found=row.text("many_found"),
        source=row.text("source"),
    )


@cache
def _frameworks_by_name() -> Mapping[str, FrameworkRow]:
    return {row.name: row for row in frameworks()}


def framework(name: str) -> FrameworkRow:
    """Return a framework by Neo's name, in any case. Raises ``UsageError`` with the nearest."""
    rows = _frameworks_by_name()
    if name.upper() in rows:
        return rows[name.upper()]
    hint = did_you_mean(name, rows, f"Neo knows {', '.join(rows)}")
    raise UsageError(f"{name!r} is not a framework of Neo", where="framework", hint=hint)


def takes_version(name: str, of: Target) -> bool:
    """Whether InputConfig.FrameworkVersion may be sent for this framework and target."""
    refused = facts_file("targets").table("version_field").texts("refused")
    return framework(name).takes_version and of.name not in refused


@cache
def config_optional(name: str) -> ConfigOptional | None:
    """Return where this framework may leave out DataInputConfig, or None for nowhere."""
    for row in facts_file("frameworks").tables("config_optional"):
        if row.text("framework") == name:
            return ConfigOptional(
                framework=name,
                since=row.text("since"),
                kinds=row.texts("kinds"),
                version_from=row.text("version_from", ""),
                stored_inputs=row.flag("stored_inputs", False),
            )
    return None


@cache
def config_objects(of: Target) -> tuple[str, ...]:
    """Return the keys of an input of DataInputConfig as an object; empty if it must be a list."""
    return facts_file("frameworks").table("config_objects").texts(of.name)


def has_free_rows(name: str) -> bool:
    """Whether a compiled model of this framework takes any number of rows."""
    row = _frameworks_by_name().get(name)
    return row is not None and row.free_rows


def framework_spelling(word: str) -> str:
    """Neo's name for a word that users write, such as ``torch``; the word in capitals where the
    table does not have it."""
    return facts_file("frameworks").table("spellings").text(word, word.upper())
