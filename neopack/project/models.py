"""The models of a project: each ``[[model]]`` with its defaults, group, matrix and variables."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from neopack import facts
from neopack.errors import UsageError
from neopack.project.declared import read_table, refuse_unknown_keys
from neopack.project.model_settings import ModelSettings
from neopack.project.toml_file import ProjectTables, Table
from neopack.spelling import did_you_mean

__all__ = ["BuiltModel", "read_models", "substituted"]

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
VARIABLE = re.compile(r"\$\$\{|\$\{([^{}:]+)(?::-([^{}]*))?\}")
WHOLE = re.compile(r"\$\{([^{}:]+)\}")
SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20,
         "GIB": 1 << 30}  # fmt: skip
# a matrix of more is a mistake
MOST_COMBINATIONS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel:
    """A model, and the targets that it is built for, by Neo's names."""

    settings: ModelSettings
    targets: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.settings.name


def read_models(
    tables: ProjectTables, targets: Sequence[str], environment: Mapping[str, str]
) -> tuple[BuiltModel, ...]:
    """All models, in the order of the file. ``targets`` are those of a model that names none.

    Raises ``UsageError`` for an unknown key, group, target or variable, for a name that is not a
    file name or that two models have, and for a model without source or target.
    """
    refuse_unknown_keys(ModelSettings, tables.defaults, tables.shown, "defaults.")
    for name, group in tables.groups.items():
        refuse_unknown_keys(ModelSettings, group, tables.shown, f"groups.{name}.")
    models = [
        model
        for where, table in tables.models
        for model in _expanded(table, where, tables, targets, environment)
    ]
    _refuse_twice(models)
    return tuple(models)


def _expanded(
    table: Table,
    where: str,
    tables: ProjectTables,
    targets: Sequence[str],
    environment: Mapping[str, str],
) -> Iterator[BuiltModel]:
    label = _label(table, where)
    refuse_unknown_keys(ModelSettings, table, label)
    merged = _with_defaults(table, label, tables)
    rows = list(_combinations(merged.pop("matrix", {}), label))
    left_out = merged.pop("exclude", [])
    for row in rows:
        named = dict(merged)
        if row and not _uses(str(named.get("name", "")), row):
            ending = "-".join(str(value) for value in row.values())
            named["name"] = f"{named.get('name', '')}-{ending}"
        values = _plain(substituted(named, row, environment, label))
        settings = replace(read_table(ModelSettings, values, label), where=where)
        _refuse_incomplete(settings, label)
        names = _targets(settings.targets or tuple(targets), label)
        kept = [name for name in names if not _is_excluded(row, name, left_out, label)]
        if kept:
            yield BuiltModel(settings=settings, targets=tuple(kept))


def _label(table: Table, where: str) -> str:
    name = table.get("name")
    return f"{where}: model {name}" if isinstance(name, str) and name else f"{where}: a model"


def _with_defaults(table: Table, label: str, tables: ProjectTables) -> dict[str, Any]:
    name = table.get("group", tables.defaults.get("group"))
    group: Table = {}
    if name is not None:
        if name not in tables.groups:
            hint = did_you_mean(str(name), tables.groups, "write [groups.NAME]")
            raise UsageError(f"has no group {name!r}", where=label, hint=hint)
        group = tables.groups[name]
    return _over(_over(tables.defaults, group), table)


def _over(lower: Table, upper: Table) -> dict[str, Any]:
    """``upper`` over ``lower``; what is a table in both has the keys of both. Inputs are one
    thing: a model does not have those of its group as well."""
    merged = {**lower, **upper}
    for key in lower.keys() & upper.keys() - {"inputs", "matrix"}:
        if isinstance(lower[key], dict) and isinstance(upper[key], dict):
            merged[key] = {**lower[key], **upper[key]}
        elif isinstance(lower[key], dict) and upper[key] is True:
            merged[key] = lower[key]
    return merged


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is turned off, and with sizes in bytes."""
    off = {key for key in ("compile", "bench") if table.get(key) is False}
    return {key: value for key, value in table.items() if key not in off}


# --- the matrix -----------------------------------------------------------------------------


def _combinations(matrix: object, label: str) -> Iterator[dict[str, Any]]:
    if not isinstance(matrix, dict):
        raise UsageError("matrix is not a table", where=label)
    lists = [value if isinstance(value, list) else [value] for value in matrix.values()]
    for name, values in zip(matrix, lists, strict=True):
        if not values:
            raise UsageError(f"matrix.{name} has no values", where=label, hint="write one or more")
    count = math.prod(len(values) for values in lists)
    if count > MOST_COMBINATIONS:
        raise UsageError(f"matrix has {count} combinations", where=label, hint="exclude more")
    for combination in itertools.product(*lists):
        yield dict(zip(matrix, combination, strict=True))


def _is_excluded(row: Table, target: str, left_out: object, label: str) -> bool:
    rows = left_out if isinstance(left_out, list) else [left_out]
    for each in rows:
        if not isinstance(each, dict) or not each:
            raise UsageError("exclude is not a list of tables", where=label)
        named = {k: facts.target(v).name if k == "target" else v for k, v in each.items()}
        known = {**row, "target": target}
        for key in named:
            if key not in known:
                hint = did_you_mean(key, known, f"there are {', '.join(known)}")
                raise UsageError(f"exclude has no {key!r}", where=label, hint=hint)
        if all(known[key] == value for key, value in named.items()):
            return True
    return False


# --- variables ------------------------------------------------------------------------------


def _uses(text: str, row: Table) -> bool:
    return any(f"${{{name}}}" in text for name in row)


def substituted(value: Any, row: Table, environment: Mapping[str, str], label: str) -> Any:
    """``value`` with each ``${NAME}``: of the matrix, with its type where it is the whole text;
    else of the environment. ``${NAME:-text}`` has a default, and ``$${`` is ``${``."""
    if isinstance(value, dict):
        return {k: substituted(v, row, environment, label) for k, v in value.items()}
    if isinstance(value, list):
        return [substituted(each, row, environment, label) for each in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    whole = WHOLE.fullmatch(value)
    if whole and whole[1] in row:
        return row[whole[1]]
    return VARIABLE.sub(lambda match: _value(match, row, environment, label), value)


def _value(match: re.Match[str], row: Table, environment: Mapping[str, str], label: str) -> str:
    name, default = match[1], match[2]
    if name is None:
        return "${"
    if name in row:
        return str(row[name])
    text = environment.get(name, "") or default
    if text is None:
        hint = did_you_mean(name, row, f"export {name}, or write ${{{name}:-default}}")
        raise UsageError(f"the variable {name} is not set", where=label, hint=hint)
    return text


# --- what a model needs ---------------------------------------------------------------------


def _refuse_incomplete(settings: ModelSettings, label: str) -> None:
    if not settings.source:
        raise UsageError("lacks a source", where=label, hint="source = 'models.py:Net'")
    if not NAME.fullmatch(settings.name):
        raise UsageError(
            f"the name {settings.name!r} is not the name of a file",
            where=label,
            hint="write letters, digits, '.', '_' and '-'",
        )
    if not all(each.strip() for each in settings.reads):
        raise UsageError("reads has an empty pattern", where=label, hint="leave it out")
    limit = settings.thresholds
    if limit.max_size is not None:
        size_of(limit.max_size, label)
    if settings.bench is not None and settings.compile is None:
        raise UsageError("bench needs compile", where=label, hint="add compile = true")
    if limit.min_speedup is not None and settings.bench is None:
        raise UsageError("min_speedup needs bench", where=label, hint="add bench = true")


def size_of(text: str, where: str = "") -> int:
    """The bytes of ``100 MB``. Raises ``UsageError``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text.strip())
    unit = (match[2] or "B").upper() if match else ""
    if match is None or unit not in SIZES:
        raise UsageError(f"{text!r} is not a size", where=where, hint="write 100 MB")
    return int(float(match[1]) * SIZES[unit])


def _targets(names: Sequence[str], label: str) -> tuple[str, ...]:
    if not names:
        raise UsageError("lacks a target", where=label, hint="targets = ['ml_c5']")
    known: list[str] = []
    for name in names:
        try:
            target = facts.target(name).name
        except UsageError as error:
            raise UsageError(error.message, where=label, hint=error.hint) from None
        if target in known:
            raise UsageError(f"names the target {target} twice", where=label)
        known.append(target)
    return tuple(known)


def _refuse_twice(models: Sequence[BuiltModel]) -> None:
    """Names differ in more than case: some file systems have no case."""
    places: dict[str, BuiltModel] = {}
    for model in models:
        before = places.setdefault(model.name.casefold(), model)
        if before is not model:
            raise UsageError(
                f"two models have the name {model.name}",
                where=model.settings.where,
                hint=f"the other is in {before.settings.where}",
            )
