"""Every result that a command prints, and the formats it can be written in.

``--format`` of each command comes from this table. A new format is a module in this room and a
word in a row; JSON is the same for every result (``json_documents``).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from neopack.values.finding import UncheckedModel
    from neopack.values.subject import Subject


__all__ = ["ResultKind", "formats", "render", "render_failure"]

TEXT, JSON = "text", "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultKind:
    """``text`` and ``others`` name functions, as ``module:function`` of this room. ``key`` is the
    field that holds the value in the JSON document; empty where the value's own fields do.
    ``kind`` is the document's, where it is not the name of the row."""

    text: str
    key: str = ""
    kind: str = ""
    others: Mapping[str, str] = field(default_factory=dict)


_PROGRAMS = ("junit", "sarif", "github", "markdown")
_CHECK = {name: f"{name}:{name}" for name in _PROGRAMS}
_CHECK_MODELS = {name: f"{name}:{name}_of_models" for name in _PROGRAMS}

RESULTS: Mapping[str, ResultKind] = {
    "advise": ResultKind(text="advice:advice_text"),
    "audit": ResultKind(text="provenance:audit_text"),
    "bench": ResultKind(text="cost:bench_with_costs"),
    "bom": ResultKind(text="provenance:documents_text", key="documents"),
    "build": ResultKind(text="build:build_text", others={"markdown": "build:build_markdown"}),
    "bundle": ResultKind(text="runtimes:bundle_text"),
    "cache": ResultKind(text="build:cache_text"),
    "cache prune": ResultKind(text="build:pruned_text"),
    "diff": ResultKind(text="differences:difference_text"),
    "changes": ResultKind(text="support:changes_text"),
    "check": ResultKind(text="text:report_text"),
    "checks": ResultKind(text="text:checked_text", others=_CHECK),
    "checked models": ResultKind(text="text:checked_models_text", others=_CHECK_MODELS),
    "compare": ResultKind(text="compared:comparison_text"),
    "compile": ResultKind(text="text:artifact_text"),
    "compiles": ResultKind(text="text:artifacts_text", key="artifacts"),
    "cost": ResultKind(text="cost:costs_text"),
    "deploy": ResultKind(text="endpoints:deployment_text"),
    "dev aws": ResultKind(text="text:own_text"),
    "dry run": ResultKind(text="jobs:dry_run_text", key="requests"),
    "dry run of deploy": ResultKind(
        text="endpoints:requests_text", key="requests", kind="dry run"
    ),
    "experiment": ResultKind(text="experiment:experiment_text"),
    "explain": ResultKind(text="text:explanation_text", key="explanation"),
    "fix": ResultKind(text="fixing:fixed_text"),
    "image": ResultKind(text="support:image_text"),
    "init": ResultKind(text="beginning:begun_text"),
    "init aws": ResultKind(text="text:lines_text", key="files"),
    "inspect": ResultKind(text="text:inspected_text"),
    "jobs attach": ResultKind(text="jobs:results_text"),
    "jobs delete": ResultKind(text="jobs:deleted_text"),
    "jobs list": ResultKind(text="jobs:jobs_text", key="jobs"),
    "jobs logs": ResultKind(text="jobs:log_text"),
    "jobs of compile": ResultKind(text="jobs:results_text", kind="compile"),
    "jobs show": ResultKind(text="jobs:job_outcome_text"),
    "jobs stop": ResultKind(text="jobs:stopped_text"),
    "loadtest": ResultKind(text="load:load_text"),
    "matrix": ResultKind(
        text="all_targets:matrix_text", others={"markdown": "all_targets:matrix_markdown"}
    ),
    "package": ResultKind(text="text:archive_text"),
    "packages": ResultKind(text="text:archives_text", key="archives"),
    "provenance": ResultKind(text="provenance:documents_text", key="documents"),
    "rebuild": ResultKind(text="provenance:rebuilt_text"),
    "pull": ResultKind(text="sharing:pulled_text"),
    "push": ResultKind(text="sharing:pushed_text"),
    "roadmap": ResultKind(text="roadmap:roadmap_text"),
    "run": ResultKind(text="text:answer_text"),
    "runtime": ResultKind(text="runtimes:path_text"),
    "runtimes": ResultKind(text="runtimes:states_text"),
    "serve --docker": ResultKind(text="text:lines_text", key="files"),
    "serve": ResultKind(text="text:own_text"),
    "sign": ResultKind(text="provenance:signed_text"),
    "support edge": ResultKind(text="support:edge_text"),
    "support ei": ResultKind(text="support:elastic_text"),
    "support neo": ResultKind(text="support:matrix_text"),
    "support operators": ResultKind(text="operators:operators_text"),
    "support smp": ResultKind(text="support:parallel_text"),
    "support training-compiler": ResultKind(text="support:training_text"),
    "targets": ResultKind(text="support:targets_text"),
    "undeploy": ResultKind(text="endpoints:deleted_text", key="deleted"),
    "verify": ResultKind(text="evidence:evidence_text"),
    "verify-signature": ResultKind(text="provenance:verified_text"),
    "verify compiler": ResultKind(text="evidence:compiler_evidence_text"),
}


def formats(*names: str) -> tuple[str, ...]:
    """The formats that any of these results can be written in, text first."""
    others = [other for name in names for other in RESULTS[name].others]
    return tuple(dict.fromkeys([TEXT, JSON, *others]))


def render(
    name: str, form: str, value: object, subjects: Sequence[Subject] = (), **choices: Any
) -> str:
    """The result in a format; ``subjects`` are what it is of, for JSON; ``choices`` go to the
    function that writes text."""
    row = RESULTS[name]
    if form == JSON:
        from neopack.reports.json_documents import document

        return document(row.kind or name, {row.key: value} if row.key else value, subjects)
    if form == TEXT:
        return _function(row.text)(value, **choices)
    return _function(row.others[form])(value)


def render_failure(form: str, unchecked: UncheckedModel) -> str:
    """That a model could not be judged, in a format other than text and JSON: a program would
    read an empty report as one without findings."""
    return _function(f"{form}:failed")(unchecked)


def _function(name: str) -> Callable[..., str]:
    module, _, function = name.partition(":")
    renderer = getattr(importlib.import_module(f"neopack.reports.{module}"), function)
    return cast("Callable[..., str]", renderer)
