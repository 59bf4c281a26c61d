"""The project's settings for backend, checks and builds: ``neopack.toml``, or ``[tool.neopack]``
in ``pyproject.toml``, from the nearest directory upward; ``NEOPACK_BACKEND`` overrides both.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.errors import UsageError
from neopack.project.declared import read_table, refuse_unknown_keys, setting
from neopack.project.models import BuiltModel, read_models, substituted
from neopack.project.toml_file import ProjectTables, find_file, read_tables

__all__ = [
    "BACKENDS",
    "Choice",
    "Project",
    "ProjectSettings",
    "choose",
    "read_project",
    "read_settings",
]

BACKENDS = ("local", "sagemaker")
VARIABLE = "NEOPACK_BACKEND"
# a variable of these may be unset where nothing is sent to AWS
OF_AWS = ("role", "output", "region", "profile")
# what a file may have beside these settings
TABLES = ("targets", "include", "defaults", "groups", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """A setting is empty if absent. ``where`` is the path of the file, relative to the folder.

    ``target``, ``select``, ``ignore`` and ``strict`` are the defaults of ``check``; ``target``,
    which may be written ``targets``, is also that of ``compile`` and of each model.
    """

    backend: str = setting("", "Where compile works: local, the default, or sagemaker.")
    role: str = setting("", "The ARN of the role of compilation jobs.")
    output: str = setting("", "s3://bucket/prefix of compilation jobs.")
    region: str = setting("", "The AWS region.")
    profile: str = setting("", "A profile of the AWS configuration.")
    target: tuple[str, ...] = setting((), "The targets of check, compile and build.")
    select: tuple[str, ...] = setting((), "The only rules, or families, that check asks.")
    ignore: tuple[str, ...] = setting((), "Rules, or families, that check skips.")
    strict: bool = setting(False, "Warnings count as errors.")
    folder: str = setting("build", "The folder that build writes.")
    cache: str = setting("", "The cache of build: a folder, or a URL such as s3://bucket/prefix.")
    jobs: int = setting(0, "How many steps build carries out at once; 0: as many as fit here.")
    reports: tuple[str, ...] = setting(
        ("markdown",), "The reports of build: markdown, html, junit, sarif, json."
    )
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The settings, the models, and the folder of the file that has them. ``files`` are that file
    and those that it includes."""

    settings: ProjectSettings
    models: tuple[BuiltModel, ...]
    folder: Path
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A backend, and the option or setting that chose it."""

    backend: str
    why: str


def read_settings(folder: Path, environment: Mapping[str, str] = os.environ) -> ProjectSettings:
    """Read the settings that apply in ``folder``.

    Raises ``UsageError`` for a file that is not TOML, or for a setting of the wrong type.
    """
    path = find_file(folder)
    if path is None:
        return ProjectSettings()
    return _settings(read_tables(path, folder), environment)


def read_project(folder: Path, environment: Mapping[str, str] = os.environ) -> Project:
    """The settings that apply in ``folder``, and the models that a build is of.

    Raises ``UsageError`` where there is no file, or no model in it, and what ``read_models`` does.
    """
    path = find_file(folder)
    if path is None:
        raise UsageError(
            "there is no neopack.toml here, nor above", hint="write one with [[model]] in it"
        )
    tables = read_tables(path, folder)
    settings = _settings(tables, environment)
    models = read_models(tables, settings.target, environment)
    if not models:
        raise UsageError("has no model", where=tables.shown, hint="write [[model]]")
    return Project(settings=settings, models=models, folder=path.parent, files=tables.files)


def _settings(tables: ProjectTables, environment: Mapping[str, str]) -> ProjectSettings:
    top = dict(tables.top)
    if "targets" in top:
        if "target" in top:
            raise UsageError("has both target and targets", where=tables.shown)
        top["target"] = top.pop("targets")
    refuse_unknown_keys(ProjectSettings, top, tables.shown, also=TABLES)
    table = {key: _said(key, value, environment, tables.shown) for key, value in top.items()}
    settings = read_table(ProjectSettings, table, tables.shown)
    _refuse_unknown(settings.backend, tables.shown)
    if settings.jobs < 0:
        raise UsageError(f"jobs is {settings.jobs}", where=tables.shown, hint="write 0 or more")
    return replace(settings, where=tables.shown)


def _said(key: str, value: object, environment: Mapping[str, str], where: str) -> object:
    try:
        return substituted(value, {}, environment, where)
    except UsageError:
        if key in OF_AWS:
            return ""
        raise


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
