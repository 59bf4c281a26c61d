"""The reports of a build, in its folder."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.build.results import BuildResult
from neopack.errors import UsageError
from neopack.outputs.atomic import AtomicOutputs
from neopack.spelling import did_you_mean

__all__ = ["refuse_unknown_reports", "write_build_reports"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """The file, and the function of this room that writes it."""

    name: str
    function: str


FORMS: Mapping[str, _Form] = {
    "markdown": _Form(name="summary.md", function="build:build_markdown"),
    "html": _Form(name="index.html", function="build_page:build_page"),
    "junit": _Form(name="junit.xml", function="build_junit:build_junit"),
    "sarif": _Form(name="report.sarif", function="build_files:build_sarif"),
    "json": _Form(name="report.json", function="build_files:build_json"),
}


def refuse_unknown_reports(names: Sequence[str], where: str) -> None:
    for name in names:
        if name not in FORMS:
            hint = did_you_mean(name, FORMS, f"there are {', '.join(FORMS)}")
            raise UsageError(f"no report {name!r}", where=where, hint=hint)


def write_build_reports(result: BuildResult, names: Sequence[str], root: Path) -> BuildResult:
    """Write them, and say in the result where they are."""
    folder = root / result.folder
    files = {name: f"{result.folder}/{FORMS[name].name}" for name in names}
    told = replace(result, reports=tuple(files.values()))
    with AtomicOutputs(force=True) as outputs:
        for name in files:
            if name == "sarif" and result.checked is None:
                continue  # it is there, and says the same
            text = _text(FORMS[name].function, told)
            stream = outputs.open(folder / FORMS[name].name)
            stream.write(text.encode("utf-8", "backslashreplace") + b"\n")
    return told


def build_sarif(result: BuildResult) -> str:
    from neopack.reports.sarif import sarif_of_models

    assert result.checked is not None  # noqa: S101 - asked for by who calls
    return sarif_of_models(result.checked)


def build_json(result: BuildResult) -> str:
    from neopack.reports.json_documents import document

    return document("build", replace(result, checked=None))


def _text(function: str, result: BuildResult) -> str:
    module, _, name = function.partition(":")
    return str(getattr(importlib.import_module(f"neopack.reports.{module}"), name)(result))
