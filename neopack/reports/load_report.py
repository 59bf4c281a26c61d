"""The report of a load test as a file: a page, Markdown or JSON by its extension."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from neopack.errors import UsageError
from neopack.loadtests.running import LoadResult
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable
from neopack.spelling import did_you_mean
from neopack.values.subject import Subject

__all__ = ["refuse_report", "write_report"]

Writer = Callable[[LoadResult, Sequence[Subject]], str]

FORMS = {
    ".html": "load_page:load_page",
    ".md": "load_markdown:load_markdown",
    ".json": "load_report:load_json",
}


def refuse_report(path: Path, *, force: bool) -> None:
    """Raise ``UsageError`` for an extension that is not known, ``OutputError`` if ``path`` cannot
    be written: before anything is measured."""
    _writer(path)
    refuse_unwritable(path, force=force)


def write_report(
    path: Path, result: LoadResult, subjects: Sequence[Subject], *, force: bool
) -> None:
    """Write the report; ``subjects`` are the files that it is about."""
    text = _writer(path)(result, subjects)
    with AtomicOutputs(force=force) as outputs:
        outputs.open(path).write(text.encode("utf-8", "backslashreplace"))


def load_json(result: LoadResult, subjects: Sequence[Subject]) -> str:
    """What ``--format json`` prints."""
    from neopack.reports.json_documents import document

    return document("loadtest", result, subjects) + "\n"


def _writer(path: Path) -> Writer:
    extension = path.suffix.lower()
    if extension not in FORMS:
        hint = did_you_mean(extension, FORMS, "name it report.html, report.md or report.json")
        raise UsageError(f"no report is written as {extension or path.name!r}", hint=hint)
    module, _, function = FORMS[extension].partition(":")
    writer = getattr(importlib.import_module(f"neopack.reports.{module}"), function)
    return cast("Writer", writer)
