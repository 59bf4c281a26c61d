"""The tables of ``neopack.toml``, or of ``[tool.neopack]`` in ``pyproject.toml``, with the files
that it includes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from neopack.errors import UsageError
from neopack.spelling import nearest_file

__all__ = ["ProjectTables", "find_file", "read_tables", "rebased"]

Table: TypeAlias = Mapping[str, Any]

NAMES = ("neopack.toml", "pyproject.toml")
# four lines with a thousand dots each
MOST_WORK = 4_000_000
LARGEST = 16 << 20
# keys of a model that name files, relative to the file that has them
PATHS = ("weights", "example", "code", "reads")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTables:
    """What a project's file says, with what it includes. ``path`` is the file; ``shown`` its path
    as seen from where the user is; ``files`` are it and those that it includes."""

    path: Path
    shown: str
    files: tuple[Path, ...]
    top: Table
    defaults: Table
    groups: Mapping[str, Table]
    models: tuple[tuple[str, Table], ...]


def find_file(folder: Path) -> Path | None:
    """The nearest file of settings, from ``folder`` upward."""
    for place in (folder, *folder.parents):
        for name in NAMES:
            path = place / name
            if path.is_file() and _own(path, _shown(path, folder)) is not None:
                return path
    return None


def read_tables(path: Path, folder: Path) -> ProjectTables:
    """Raises ``UsageError`` for a file that is not TOML in UTF-8, that is included twice or by
    itself, or that does not exist. ``folder`` is where the user is."""
    return _read(path, folder, path.parent, ())


def _read(path: Path, folder: Path, root: Path, within: tuple[Path, ...]) -> ProjectTables:
    shown = _shown(path, folder)
    data = _own(path, shown)
    if data is None:
        raise UsageError("has no [tool.neopack]", where=shown)
    included = _included(data.get("include", []), path, shown, (*within, path.resolve()))
    others = [_read(each, folder, root, (*within, path.resolve())) for each in included]
    own = ProjectTables(
        path=path,
        shown=shown,
        files=(path,),
        top={k: v for k, v in data.items() if k not in ("defaults", "groups", "model", "include")},
        defaults=_rebased_table(data.get("defaults", {}), "defaults", path, root, shown),
        groups={
            name: _rebased_table(group, f"groups.{name}", path, root, shown)
            for name, group in _table(data.get("groups", {}), "groups", shown).items()
        },
        models=tuple(_models(data.get("model", []), path, root, shown)),
    )
    for other in others:
        own = _merged(own, other)
    return own


def _models(data: object, path: Path, root: Path, shown: str) -> list[tuple[str, Table]]:
    if not isinstance(data, list):
        raise UsageError("model is not a list of tables", where=shown, hint="write [[model]]")
    return [(shown, _rebased_table(each, "model", path, root, shown)) for each in data]


def _merged(own: ProjectTables, other: ProjectTables) -> ProjectTables:
    """The file that includes says more than what it includes."""
    for name in own.groups.keys() & other.groups.keys():
        raise UsageError(f"has the group {name!r}, as {other.shown} has", where=own.shown)
    return ProjectTables(
        path=own.path,
        shown=own.shown,
        files=(*own.files, *other.files),
        top={**other.top, **own.top},
        defaults={**other.defaults, **own.defaults},
        groups={**other.groups, **own.groups},
        models=(*own.models, *other.models),
    )


def _included(data: object, path: Path, shown: str, within: tuple[Path, ...]) -> list[Path]:
    names = [data] if isinstance(data, str) else data
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError("include is not a list of strings", where=shown)
    paths = [path.parent / name for name in names]
    for index, each in enumerate(paths):
        if not each.is_file():
            hint = nearest_file(each)
            raise UsageError(f"includes {names[index]}: no such file", where=shown, hint=hint)
        if each.resolve() in within:
            raise UsageError(f"includes {names[index]}, which includes it", where=shown)
        if each.resolve() in [other.resolve() for other in paths[:index]]:
            raise UsageError(f"includes {names[index]} twice", where=shown)
    return paths


# --- paths ----------------------------------------------------------------------------------


def _rebased_table(data: object, at: str, path: Path, root: Path, shown: str) -> Table:
    """The table with its paths relative to ``root``, the folder of the project."""
    table = dict(_table(data, at, shown))
    prefix = os.path.relpath(path.parent, root)
    if prefix == ".":
        return table
    for key in PATHS:
        if key in table:
            table[key] = rebased(table[key], prefix)
    if "source" in table:
        table["source"] = _rebased_source(table["source"], prefix, path.parent)
    compiling = table.get("compile")
    if isinstance(compiling, dict) and "calibration" in compiling:
        data = _rebased_source(compiling["calibration"], prefix, path.parent)
        table["compile"] = {**compiling, "calibration": data}
    return table


def rebased(value: object, prefix: str) -> object:
    if isinstance(value, list):
        return [rebased(each, prefix) for each in value]
    return str(Path(prefix, value)) if isinstance(value, str) else value


def _rebased_source(value: object, prefix: str, folder: Path) -> object:
    """``module:callable`` is found by Python, not by a path; ``random`` is a word."""
    if not isinstance(value, str):
        return value
    where, colon, name = value.rpartition(":")
    if colon and where.endswith(".py"):
        return f"{Path(prefix, where)}:{name}"
    is_path = "/" in value or "." in value or (folder / value).exists()
    return str(Path(prefix, value)) if is_path and not colon else value


# --- one file -------------------------------------------------------------------------------


def _own(path: Path, shown: str) -> Table | None:
    """The tables of one file; None for a ``pyproject.toml`` of others."""
    import tomllib

    try:
        text = _text(path, shown)
        _refuse_long_keys(text, shown)
        data = tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"is not TOML: {error}", where=shown) from None
    except RecursionError:
        raise UsageError("is not TOML: nested too deeply", where=shown) from None
    if path.name != "pyproject.toml":
        return data
    tool = data.get("tool", {})
    table = tool.get("neopack") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _text(path: Path, shown: str) -> str:
    """With the mark that some editors put before UTF-8."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"is larger than {LARGEST} bytes", where=shown)
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"is not TOML: it is not UTF-8 at byte {error.start}",
            where=shown,
            hint="save it as UTF-8",
        ) from None
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=shown) from None


def _refuse_long_keys(text: str, shown: str) -> None:
    """Bound dotted keys: tomllib's time and memory grow with the square of their parts."""
    if sum(line.count(".") ** 2 for line in text.splitlines()) > MOST_WORK:
        raise UsageError("has keys with too many parts", where=shown)


def _table(data: object, at: str, shown: str) -> Table:
    if not isinstance(data, dict):
        raise UsageError(f"{at} is not a table", where=shown, hint=f"write [{at}]")
    return data


def _shown(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder)
