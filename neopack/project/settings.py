"""The project's settings for backend and checks: ``neopack.toml``, or ``[tool.neopack]`` in
``pyproject.toml``, from the nearest directory upward; ``NEOPACK_BACKEND`` overrides both.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from neopack.errors import UsageError
from neopack.spelling import did_you_mean

__all__ = ["BACKENDS", "Choice", "ProjectSettings", "choose", "read_settings"]

BACKENDS = ("local", "sagemaker")
VARIABLE = "NEOPACK_BACKEND"

# four lines with a thousand dots each
MOST_WORK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """A setting is empty if absent. ``where`` is the path of the file, relative to the folder.

    ``target``, ``select``, ``ignore`` and ``strict`` are the defaults of ``check``; ``target`` is
    also that of ``compile``.
    """

    backend: str = ""
    role: str = ""
    output: str = ""
    region: str = ""
    profile: str = ""
    target: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A backend, and the option or setting that chose it."""

    backend: str
    why: str


def read_settings(folder: Path) -> ProjectSettings:
    """Read the settings that apply in ``folder``.

    Raises ``UsageError`` for a file that is not TOML, or for a setting of the wrong type.
    """
    for place in (folder, *folder.parents):
        for name in ("neopack.toml", "pyproject.toml"):
            path = place / name
            if path.is_file():
                # as seen from the folder
                shown = Path(os.path.relpath(path, folder))
                table = _table(path, shown)
                if table is not None:
                    return _settings(table, shown)
    return ProjectSettings()


def _table(path: Path, shown: Path) -> Mapping[str, Any] | None:
    import tomllib

    try:
        text = path.read_text("utf-8")
        _refuse_long_keys(text, shown)
        data = tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"is not TOML: {error}", where=str(shown)) from None
    except RecursionError:
        raise UsageError("is not TOML: nested too deeply", where=str(shown)) from None
    if path.name == "neopack.toml":
        return data
    tool = data.get("tool", {})
    table = tool.get("neopack") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _refuse_long_keys(text: str, path: Path) -> None:
    """Bound dotted keys: tomllib's time and memory grow with the square of their parts."""
    if sum(line.count(".") ** 2 for line in text.splitlines()) > MOST_WORK:
        raise UsageError("has keys with too many parts", where=str(path))


def _settings(table: Mapping[str, Any], path: Path) -> ProjectSettings:
    _refuse_unknown_keys(table, path)
    strings = {}
    for name in ("backend", "role", "output", "region", "profile"):
        value = table.get(name, "")
        if not isinstance(value, str):
            raise UsageError(f"{name} is not a string", where=str(path))
        strings[name] = value
    _refuse_unknown(strings["backend"], str(path))
    strict = table.get("strict", False)
    if not isinstance(strict, bool):
        raise UsageError("strict is not true or false", where=str(path))
    return ProjectSettings(
        **strings,
        target=_texts(table, "target", path),
        select=_texts(table, "select", path),
        ignore=_texts(table, "ignore", path),
        strict=strict,
        where=str(path),
    )


def _refuse_unknown_keys(table: Mapping[str, Any], path: Path) -> None:
    """Refuse unknown keys: a misspelled ``strict`` would pass what it should stop."""
    names = [field.name for field in fields(ProjectSettings) if field.name != "where"]
    for key in table:
        if key not in names:
            hint = did_you_mean(key, names, f"there are {', '.join(names)}")
            raise UsageError(f"has no setting {key!r}", where=str(path), hint=hint)


def _texts(table: Mapping[str, Any], name: str, path: Path) -> tuple[str, ...]:
    """The strings of a setting that is a string or a list of strings."""
    value = table.get(name, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise UsageError(f"{name} is not a list of strings", where=str(path))
    return tuple(values)


def choose(
    backend: str | None,
    *,
    role: str | None,
    output: str | None,
    environment: Mapping[str, str],
    settings: ProjectSettings,
) -> Choice:
    """Choose the backend: from options, else from the environment, else from the project."""
    if backend:
        return Choice(backend=backend, why="--backend")
    if role:
        return Choice(backend="sagemaker", why="--role")
    if output and output.startswith("s3://"):
        return Choice(backend="sagemaker", why="--output s3://")
    variable = environment.get(VARIABLE, "")
    if variable:
        _refuse_unknown(variable, VARIABLE)
        return Choice(backend=variable, why=VARIABLE)
    if settings.backend:
        return Choice(backend=settings.backend, why=settings.where)
    return Choice(backend="local", why="the default")


def _refuse_unknown(backend: str, where: str) -> None:
    if backend and backend not in BACKENDS:
        raise UsageError(
            f"no backend {backend!r}", where=where, hint=f"there are {', '.join(BACKENDS)}"
        )
