"""What a project says of the backend and of checks: ``neopack.toml``, or ``[tool.neopack]`` of
``pyproject.toml``, the nearest from here up; ``NEOPACK_BACKEND`` over both.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from neopack.errors import Malformed, UsageError
from neopack.spelling import nearest

__all__ = ["BACKENDS", "Choice", "ProjectSettings", "choose", "read_settings"]

BACKENDS = ("local", "sagemaker")
VARIABLE = "NEOPACK_BACKEND"

# a thousand dots in each of four lines
MOST_WORK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """Empty where nothing is said; ``where`` is the file, from the folder that was asked about.

    ``target``, ``select``, ``ignore`` and ``strict`` are what ``check`` takes where no option
    says otherwise, ``target`` ``compile`` too.
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
    """A backend, and what chose it."""

    backend: str
    why: str


def read_settings(folder: Path) -> ProjectSettings:
    """Raises ``Malformed`` for a file that is no TOML, or says what is no text."""
    for place in (folder, *folder.parents):
        for name in ("neopack.toml", "pyproject.toml"):
            path = place / name
            if path.is_file():
                # as somebody in the folder would call it
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
        raise Malformed(f"is no TOML: {error}", where=str(shown)) from None
    except RecursionError:
        raise Malformed("is no TOML: nested too deeply", where=str(shown)) from None
    if path.name == "neopack.toml":
        return data
    tool = data.get("tool", {})
    found = tool.get("neopack") if isinstance(tool, dict) else None
    return found if isinstance(found, dict) else None


def _refuse_long_keys(text: str, path: Path) -> None:
    """tomllib takes time and memory by the square of a dotted key's parts."""
    if sum(line.count(".") ** 2 for line in text.splitlines()) > MOST_WORK:
        raise Malformed("has keys of very many parts", where=str(path))


def _settings(table: Mapping[str, Any], path: Path) -> ProjectSettings:
    _refuse_unknown_keys(table, path)
    said = {}
    for name in ("backend", "role", "output", "region", "profile"):
        value = table.get(name, "")
        if not isinstance(value, str):
            raise Malformed(f"{name} is no text", where=str(path))
        said[name] = value
    _refuse_unknown(said["backend"], str(path))
    strict = table.get("strict", False)
    if not isinstance(strict, bool):
        raise Malformed("strict is neither true nor false", where=str(path))
    return ProjectSettings(
        **said,
        target=_texts(table, "target", path),
        select=_texts(table, "select", path),
        ignore=_texts(table, "ignore", path),
        strict=strict,
        where=str(path),
    )


def _refuse_unknown_keys(table: Mapping[str, Any], path: Path) -> None:
    """A key that is not read, as a misspelt strict, would let pass what it was to stop."""
    known = [field.name for field in fields(ProjectSettings) if field.name != "where"]
    for key in table:
        if key not in known:
            near = nearest(key, known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
            raise Malformed(f"has no setting {key!r}", where=str(path), hint=hint)


def _texts(table: Mapping[str, Any], name: str, path: Path) -> tuple[str, ...]:
    """A text, or a list of them."""
    value = table.get(name, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise Malformed(f"{name} is no list of texts", where=str(path))
    return tuple(values)


def choose(
    asked: str | None,
    *,
    role: str | None,
    output: str | None,
    environment: Mapping[str, str],
    settings: ProjectSettings,
) -> Choice:
    """The backend: as asked; else by what the options mean; else the environment, the project."""
    if asked:
        return Choice(backend=asked, why="--backend")
    if role:
        return Choice(backend="sagemaker", why="--role")
    if output and output.startswith("s3://"):
        return Choice(backend="sagemaker", why="--output s3://")
    said = environment.get(VARIABLE, "")
    if said:
        _refuse_unknown(said, VARIABLE)
        return Choice(backend=said, why=VARIABLE)
    if settings.backend:
        return Choice(backend=settings.backend, why=settings.where)
    return Choice(backend="local", why="the default")


def _refuse_unknown(backend: str, where: str) -> None:
    if backend and backend not in BACKENDS:
        raise UsageError(
            f"no backend {backend!r}", where=where, hint=f"there are {', '.join(BACKENDS)}"
        )
