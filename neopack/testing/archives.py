"""A test that an archive is ready for Neo."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from neopack import api
from neopack.options import CheckChoices, CheckOptions, chosen
from neopack.project.settings import ProjectSettings
from neopack.reports.text import checked_text
from neopack.values.finding import CheckResult

__all__ = ["assert_neo_ready"]


def assert_neo_ready(
    model: str | os.PathLike[str],
    target: str | Sequence[str] | None = None,
    *,
    options: CheckOptions | None = None,
    **choices: Unpack[CheckChoices],
) -> CheckResult:
    """Raise ``AssertionError`` with the findings where ``neopack check`` would fail.

    ``model`` is an archive, or a file or a directory that one would be made of. Without
    ``target``, the targets of ``neopack.toml`` count, and then the manifest's; without
    ``options``, its ``select``, ``ignore`` and ``strict``. Raises ``NeopackError`` where the model
    cannot be read.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    settings = api.read_settings(Path.cwd())
    named = settings.target if target is None else target
    targets = (named,) if isinstance(named, str) else tuple(named)
    options = chosen(CheckOptions, options or _options_of(settings), choices)
    result = api.check_targets(Path(model), targets, options)
    if not result.passed:
        raise AssertionError(_failures(result))
    return result


def _options_of(settings: ProjectSettings) -> CheckOptions:
    return CheckOptions(
        select=settings.select,
        ignore=settings.ignore,
        passing="info" if settings.strict else "warning",
    )


def _failures(result: CheckResult) -> str:
    reports = [r for r in result.reports if r.failing(result.passing) or r.not_checked]
    targets = ", ".join(report.target for report in reports)
    found = checked_text(replace(result, reports=tuple(reports)))
    return f"{result.path} is not ready for {targets}\n\n{found}"
