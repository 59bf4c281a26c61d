"""A check as SARIF 2.1.0 (OASIS standard, 2020-03-27): a run a model, a result a finding.

What lies in an archive is an artifact nested in it (3.24.4); a fingerprint names a finding by its
rule, target and place, and so outlives other words for it; what could not be checked is a
notification of the invocation.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from neopack import facts
from neopack._version import __version__
from neopack.reports.printable import printable_json
from neopack.values.finding import (
    CheckedModels,
    CheckResult,
    Finding,
    Level,
    Report,
    UncheckedModel,
)
from neopack.values.json import Json

__all__ = ["FINGERPRINT", "failed", "sarif", "sarif_of_models"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# neopack has no page of its own on the web yet: this is the one that its rules explain
INFORMATION = "https://docs.aws.amazon.com/sagemaker/latest/dg/neo.html"
FINGERPRINT = "neopackFinding/v1"
# a model has no lines, but code scanning shows no result without one (SARIF2017 of the validator)
WHOLE: Mapping[str, Json] = {"startLine": 1}
# what a finding fills in
_PLACE = re.compile(r"\{(\w+)\}")
_LEVELS: Mapping[Level, str] = {"error": "error", "warning": "warning", "info": "note"}


def sarif(checked: CheckResult) -> str:
    return _document([_run(checked)])


def sarif_of_models(checked: CheckedModels) -> str:
    """A run for each model: code scanning tells them apart by the id of their automation."""
    return _document([*map(_run, checked.results), *map(_failed_run, checked.unchecked)])


def failed(unchecked: UncheckedModel) -> str:
    """A check that did not come to judge a model: an invocation without success or results."""
    return _document([_failed_run(unchecked)])


def _document(runs: list[Json]) -> str:
    document: Json = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return printable_json(json.dumps(_clean(document), indent=2))


def _automation(path: str) -> Json:
    return {"id": f"neopack/check/{_uri(path).strip('/')}/"}


def _run(checked: CheckResult) -> Json:
    ids = sorted({outcome.id for report in checked.reports for outcome in report.outcomes})
    places = _Places(checked)
    return {
        "tool": {"driver": _driver(ids)},
        "automationDetails": _automation(checked.path),
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(_notifications(checked, ids)),
            }
        ],
        "columnKind": "unicodeCodePoints",
        "artifacts": places.artifacts(),
        "results": list(_results(checked, ids, places)),
    }


def _failed_run(unchecked: UncheckedModel) -> Json:
    text = f"{unchecked.path}: not checked: {unchecked.message}"
    note: Json = {"level": "error", "message": {"text": text}}
    return {
        "tool": {"driver": _driver([])},
        "automationDetails": _automation(unchecked.path),
        "invocations": [
            {
                "executionSuccessful": False,
                "exitCode": unchecked.exit_code,
                "toolExecutionNotifications": [note],
            }
        ],
        "results": [],
    }


def _driver(ids: list[str]) -> Json:
    return {
        "name": "neopack",
        "informationUri": INFORMATION,
        "semanticVersion": __version__,
        "rules": [_rule(id_) for id_ in ids],
    }


def _rule(id_: str) -> Json:
    row = facts.error_row(id_)
    levels = dict(row.levels)
    fix = _PLACE.sub(r"<\1>", row.fix)
    told = f"**Fix.** {fix}\n\n**Source.** {row.source} ({row.date}; {row.confidence})"
    return {
        "id": row.id,
        "name": _rule_name(row.title),
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": row.cause},
        "help": {
            "text": f"{row.cause}\nFix: {fix}\nSource: {row.source} ({row.confidence})",
            "markdown": f"{row.cause}\n\n{told}",
        },
        "defaultConfiguration": {"level": _LEVELS[levels["elsewhere"]]},
        "properties": {
            "tags": ["sagemaker-neo", row.confidence],
            "source": row.source,
            "date": row.date,
            "confidence": row.confidence,
        },
    }


def _rule_name(title: str) -> str:
    """The title in Pascal case, as viewers show it (3.49.7)."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"\w+", title))


# --- where ----------------------------------------------------------------------------------


class _Places:
    """The artifacts of a run: what was checked, and the members that something was found in."""

    def __init__(self, checked: CheckResult) -> None:
        self._checked = checked
        found = {f.where for report in checked.reports for f in report.findings}
        self._members = sorted(found & set(checked.members))

    def artifacts(self) -> list[Json]:
        root: dict[str, Json] = {"location": {"uri": _uri(self._checked.path)}}
        if self._checked.sha256:
            root["hashes"] = {"sha-256": self._checked.sha256}
            root["mimeType"] = "application/gzip"
        root["roles"] = ["analysisTarget"]
        nested: list[Json] = [
            {"location": {"uri": _uri(name.lstrip("/"))}, "parentIndex": 0}
            for name in self._members
        ]
        return [root, *nested]

    def location(self, finding: Finding) -> Json:
        where = finding.where
        if where in self._members:
            at: Json = {"uri": _uri(where.lstrip("/")), "index": 1 + self._members.index(where)}
            return {"physicalLocation": {"artifactLocation": at, "region": WHOLE}}
        at = {"uri": _uri(self._checked.path), "index": 0}
        location: dict[str, Json] = {"physicalLocation": {"artifactLocation": at, "region": WHOLE}}
        if where:
            location["logicalLocations"] = [{"fullyQualifiedName": where}]
        return location


def _uri(path: str) -> str:
    """A relative reference, or an absolute one for an absolute path; any byte of it escaped."""
    if not path:
        return "."
    escaped = quote(path, safe="/", errors="surrogateescape")
    return f"file://{escaped}" if path.startswith("/") else escaped


# --- results --------------------------------------------------------------------------------


def _results(checked: CheckResult, ids: list[str], places: _Places) -> Iterator[Json]:
    for report in checked.reports:
        seen: Counter[str] = Counter()
        for finding in report.findings:
            place = f"{finding.id}\0{report.framework}\0{report.target}\0{finding.where}"
            seen[place] += 1
            yield {
                "ruleId": finding.id,
                "ruleIndex": ids.index(finding.id),
                "level": _LEVELS[finding.level],
                "message": {"text": _message(report, finding)},
                "locations": [places.location(finding)],
                "partialFingerprints": {FINGERPRINT: _fingerprint(f"{place}\0{seen[place]}")},
                "properties": _properties(report, finding),
            }


def _message(report: Report, finding: Finding) -> str:
    quote = f" Neo: {finding.said_by_neo}" if finding.said_by_neo else ""
    return f"{report.target}: {finding.message}.{quote} Fix: {finding.fix}"


def _fingerprint(place: str) -> str:
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _properties(report: Report, finding: Finding) -> Json:
    return {
        "target": report.target,
        "framework": report.framework,
        "frameworkVersion": report.framework_version,
        "factsAsOf": report.facts_as_of,
        "saidByNeo": finding.said_by_neo,
        "fix": finding.fix,
        "confidence": finding.confidence,
    }


def _notifications(checked: CheckResult, ids: list[str]) -> Iterator[Json]:
    for report in checked.reports:
        for outcome in report.not_checked:
            yield {
                "level": "warning",
                "message": {"text": f"{report.target}: not checked: {outcome.reason}"},
                "associatedRule": {"id": outcome.id, "index": ids.index(outcome.id)},
            }


def _clean(value: Json) -> Json:
    """Names of members may hold half of a character: such characters are written as escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value
