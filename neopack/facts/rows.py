"""The typed reader of one TOML table.

A wrong or missing value raises ``ValueError`` with the file and the position of the row. That is
a bug in the data, which the tests find; users cannot cause it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from neopack.values.target import Target

__all__ = [
    "Row",
    "Scope",
    "facts_file",
    "scoped",
]


class Row:
    """A table of a facts file and its position: ``errors.toml: error[3]``."""

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

    def optional_real(self, key: str) -> float | None:
        """A number that is written with a point."""
        return None if key not in self else float(self._get(key, float, None))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty if absent."""
        values = self._get(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, "a list of strings")
        return tuple(values)

    def groups(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of strings; empty if absent."""
        values = self._get(key, list, [])
        return tuple(
            Row({key: value}, f"{self.where}: {key}[{at}]").texts(key)
            for at, value in enumerate(values)
        )

    def numbers(self, key: str) -> dict[str, int]:
        """A table of integers; empty if absent."""
        table = self.table(key) if key in self else Row({}, self.where)
        return {name: table.number(name) for name in table}

    def words(self, key: str) -> dict[str, str]:
        """A table of strings; empty if absent."""
        table = self.table(key) if key in self else Row({}, self.where)
        return {name: table.text(name) for name in table}

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of strings; empty if absent."""
        table = self.table(key) if key in self else Row({}, self.where)
        return {name: table.texts(name) for name in table}

    def table(self, key: str) -> Row:
        return Row(self._get(key, dict, None), f"{self.where}: {key}")

    def named_tables(self, key: str) -> Iterator[tuple[str, Row]]:
        """A table of tables, each with its name."""
        table = self.table(key)
        yield from ((name, table.table(name)) for name in table)

    def tables(self, key: str) -> Iterator[Row]:
        for at, value in enumerate(self._get(key, list, [])):
            if not isinstance(value, dict):
                raise self.wrong(key, "a list of tables")
            yield Row(value, f"{self.where}: {key}[{at}]")

    def choice(self, key: str, choices: frozenset[str]) -> Any:
        """One of ``choices``; the caller's annotation is the Literal of the choices."""
        value = self.text(key)
        if value not in choices:
            raise self.wrong(key, f"one of {', '.join(sorted(choices))}")
        return value

    def wrong(self, key: str, expected: str) -> ValueError:
        return ValueError(f"{self.where}: {key} must be {expected}")

    def _get(self, key: str, kind: type, default: Any) -> Any:
        value = self._values.get(key, default)
        if type(value) is not kind:  # isinstance would accept True as an int
            raise self.wrong(key, kind.__name__)
        return value


@cache
def facts_file(name: str) -> Row:
    """Return the TOML file of that name, which is read on first use."""
    import tomllib  # deferred, so that importing neopack.facts stays cheap

    path = Path(__file__).parent / f"{name}.toml"
    return Row(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The targets and frameworks that a row applies to; an absent key matches everything."""

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


@cache
def scoped(file: str, key: str) -> tuple[tuple[Scope, Row], ...]:
    """Return the rows of a file, each with its scope."""
    return tuple((Scope.of(row), row) for row in facts_file(file).tables(key))
