"""Results as files: a page, Markdown or JSON by the extension."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from neopack.errors import UsageError
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable
from neopack.reports.json_documents import document
from neopack.spelling import did_you_mean
from neopack.values.subject import Subject

__all__ = ["refuse_report", "write_report"]

JSON = ".json"
# by the kind of a result: a function of this room that takes it and the files that it is about
WRITERS: Mapping[str, Mapping[str, str]] = {
    "loadtest": {".html": "load_page:load_page", ".md": "load_markdown:load_markdown"},
    "experiment": {
        ".html": "experiment_page:experiment_page",
        ".md": "experiment_markdown:experiment_markdown",
    },
}


def refuse_report(kind: str, path: Path, *, force: bool) -> None:
    """Raise ``UsageError`` for an extension that is not known, ``OutputError`` if ``path`` cannot
    be written: before anything is measured."""
    extension, forms = path.suffix.lower(), (*WRITERS[kind], JSON)
    if extension not in forms:
        hint = did_you_mean(extension, forms, "name it report.html, report.md or report.json")
        raise UsageError(f"no report is written as {extension or path.name!r}", hint=hint)
    refuse_unwritable(path, force=force)


def write_report(
    kind: str, path: Path, result: object, subjects: Sequence[Subject], *, force: bool
) -> None:
    """Write the report; ``subjects`` are the files that it is about."""
    text = _written(kind, path.suffix.lower(), result, subjects)
    with AtomicOutputs(force=force) as outputs:
        outputs.open(path).write(text.encode("utf-8", "backslashreplace"))


def _written(kind: str, extension: str, result: object, subjects: Sequence[Subject]) -> str:
    """JSON is what ``--format json`` prints."""
    if extension == JSON:
        return document(kind, result, subjects) + "\n"
    module, _, function = WRITERS[kind][extension].partition(":")
    writer = getattr(importlib.import_module(f"neopack.reports.{module}"), function)
    return str(writer(result, subjects))
