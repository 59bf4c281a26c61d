"""What a lookup gives, and the typed reader of one TOML table.

A wrong or missing value fails with the file and the place of the row: a bug in the data,
found by the tests, never something a user can cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from neopack.types import CompilerPath, Level, Target

__all__ = [
    "ConfigOptional",
    "ErrorRow",
    "FileGroup",
    "FrameworkRow",
    "Handler",
    "Limit",
    "OnnxRelease",
    "Option",
    "Row",
    "Scope",
    "StringForm",
    "Support",
    "VersionRule",
    "facts_file",
]

VersionRule: TypeAlias = Literal["list", "maximum", "list or maximum", "none"]


class Row:
    """A table of a facts file and where it stands: ``errors.toml: error[3]``."""

    __slots__ = ("_values", "where")

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values = values
        self.where = where

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def is_text(self, key: str) -> bool:
        return isinstance(self._values.get(key), str)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def text(self, key: str, default: str | None = None) -> str:
        value: str = self._get(key, str, default)
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        value: bool = self._get(key, bool, default)
        return value

    def number(self, key: str, default: int | None = None) -> int:
        value: int = self._get(key, int, default)
        return value

    def optional_number(self, key: str) -> int | None:
        return self.number(key) if key in self else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; absent is empty."""
        values = self._get(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, "a list of strings")
        return tuple(values)

    def groups(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of strings; absent is empty."""
        values = self._get(key, list, [])
        return tuple(
            Row({key: value}, f"{self.where}: {key}[{at}]").texts(key)
            for at, value in enumerate(values)
        )

    def numbers(self, key: str) -> dict[str, int]:
        """A table of integers; absent is empty."""
        table = self.table(key) if key in self else Row({}, self.where)
        return {name: table.number(name) for name in table}

    def words(self, key: str) -> dict[str, str]:
        """A table of strings; absent is empty."""
        table = self.table(key) if key in self else Row({}, self.where)
        return {name: table.text(name) for name in table}

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of strings; absent is empty."""
        table = self.table(key) if key in self else Row({}, self.where)
        return {name: table.texts(name) for name in table}

    def table(self, key: str) -> Row:
        return Row(self._get(key, dict, None), f"{self.where}: {key}")

    def tables(self, key: str) -> Iterator[Row]:
        for at, value in enumerate(self._get(key, list, [])):
            if not isinstance(value, dict):
                raise self.wrong(key, "a list of tables")
            yield Row(value, f"{self.where}: {key}[{at}]")

    def choice(self, key: str, choices: frozenset[str]) -> Any:
        """One of ``choices``; the caller's annotation names the Literal that they are."""
        value = self.text(key)
        if value not in choices:
            raise self.wrong(key, f"one of {', '.join(sorted(choices))}")
        return value

    def wrong(self, key: str, wanted: str) -> ValueError:
        return ValueError(f"{self.where}: {key} must be {wanted}")

    def _get(self, key: str, kind: type, default: Any) -> Any:
        value = self._values.get(key, default)
        if type(value) is not kind:  # isinstance would take True for a number
            raise self.wrong(key, kind.__name__)
        return value


@cache
def facts_file(name: str) -> Row:
    """The TOML file of that name, read when it is first asked for."""
    import tomllib  # here, so that importing neopack.facts stays cheap

    path = Path(__file__).parent / f"{name}.toml"
    return Row(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which targets and frameworks a row is about; what it does not state fits anything."""

    kinds: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    accelerators: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()

    def fits(self, target: Target, framework: str) -> bool:
        pairs = (
            (self.kinds, target.kind),
            (self.targets, target.name),
            (self.systems, target.os),
            (self.accelerators, target.accelerator),
            (self.frameworks, framework),
        )
        return all(not stated or value in stated for stated, value in pairs)

    @classmethod
    def of(cls, row: Row) -> Scope:
        return cls(
            kinds=row.texts("kinds"),
            targets=row.texts("targets"),
            systems=row.texts("os"),
            accelerators=row.texts("accelerators"),
            frameworks=row.texts("frameworks"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGroup:
    """Members of which an archive has exactly one; no suffixes means any member."""

    suffixes: tuple[str, ...]
    loose: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkRow:
    """A row of ``frameworks.toml``; ``name`` is Neo's word, ``title`` the usual spelling."""

    name: str
    title: str
    documented: bool
    files: tuple[FileGroup, ...]
    config_forms: tuple[str, ...]
    config_layout: str
    model_layout: str
    free_names: bool
    optional_suffix: str
    takes_version: bool
    input_dtypes: tuple[str, ...]
    none_found: str
    many_found: str
    source: str

    @property
    def turns_channels(self) -> bool:
        """Whether images have their channels last in the model, and first in DataInputConfig."""
        return (self.model_layout, self.config_layout) == ("NHWC", "NCHW")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigOptional:
    """Where DataInputConfig may be left out."""

    framework: str
    since: str
    kinds: tuple[str, ...]
    version_from: str
    stored_inputs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What one dated page lists for a framework on a class of targets.

    A version is taken if it is one of ``listed`` or not above ``maximum``; ``compiled_with`` are
    the versions that Neo's own framework is said to have. ``tabulated`` is False where the page
    lists nothing and ``listed`` comes from the printed containers. ``models_by_version`` names
    the kinds of model of the versions that take more than the others, ``printed`` has the
    page's words where they cannot be taken as they are.
    """

    target_class: str
    framework: str
    as_of: str
    listed: tuple[str, ...]
    maximum: str
    tabulated: bool
    models: tuple[str, ...]
    note: str
    source: str
    compiled_with: tuple[str, ...] = ()
    formats: str = ""
    toolkits: tuple[str, ...] = ()
    models_by_version: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    printed: str = ""

    @property
    def rule(self) -> VersionRule:
        if self.listed:
            return "list or maximum" if self.maximum else "list"
        return "maximum" if self.maximum else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Lengths (or values, for numbers) and pattern of one field of the API."""

    name: str
    minimum: int
    maximum: int | None
    pattern: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One key of CompilerOptions; keys with one word in ``together`` go together."""

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
    """CompilerOptions that are one JSON string of flags, as for ml_inf1."""

    example: str
    reserved: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """The script a container runs: whole with any one of ``sets`` of functions."""

    container: str
    entry: str
    sets: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]
    exclusive: tuple[tuple[str, ...], ...]
    arguments: Mapping[str, int]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxRelease:
    release: str
    ir: int
    opset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """A row of ``errors.toml``: everything about a rule but its test."""

    id: str
    title: str
    levels: Mapping[str, Level]
    said_by_neo: str
    cause: str
    fix: str
    source: str
    date: str
    confidence: Literal["documented", "loader source", "observed", "inferred"]
    frameworks: tuple[str, ...]

    def level(self, path: CompilerPath) -> Level:
        return self.levels.get(path, self.levels["elsewhere"])
