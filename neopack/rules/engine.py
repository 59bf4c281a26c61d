"""Runs rules over an inspection and reports all that they found.

No finding stops the rest. The level of a finding follows the evidence: ``facts/errors.toml``
says for each rule what it is on each of Neo's compiler paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from neopack import facts
from neopack.errors import NeopackError, UsageError
from neopack.rules.inspection import Hit, Inspection, Rule
from neopack.rules.needs import excused, lacking
from neopack.types import Finding, Report, RuleOutcome

__all__ = ["refuse_unknown", "run"]

_RANK = {"error": 0, "warning": 1, "info": 2}
_PLACE = re.compile(r"\{(\w+)\}")


def run(
    rules: Iterable[Rule],
    inspection: Inspection,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Report:
    """Judge an inspection by every rule that holds on its path.

    ``select`` and ``ignore`` take ids or their beginnings (``NEO-PT``); an unknown one is a
    UsageError. Findings come by level, then id; what could not be checked is an outcome.
    """
    refuse_unknown((*select, *ignore))
    chosen = [rule for rule in rules if _chosen(rule.id, select, ignore)]
    holding = [rule for rule in chosen if _holds(rule, inspection)]
    findings: list[Finding] = []
    outcomes: list[RuleOutcome] = []
    for rule in sorted(holding, key=lambda rule: rule.id):
        found, outcome = _check(rule, inspection)
        findings += found
        outcomes.append(outcome)
    return Report(
        subject=inspection.archive_name,
        framework=inspection.framework,
        framework_version=inspection.framework_version,
        target=inspection.target.name,
        facts_as_of=inspection.as_of or facts.newest(),
        findings=tuple(sorted(findings, key=lambda finding: _RANK[finding.level])),
        outcomes=tuple(outcomes),
    )


def refuse_unknown(patterns: Iterable[str]) -> None:
    """Raise ``UsageError`` for a pattern that is the beginning of no rule's id."""
    ids = facts.error_ids()
    for pattern in patterns:
        if pattern and any(id_.startswith(pattern.upper()) for id_ in ids):
            continue
        close = facts.nearest(pattern, ids)
        hint = f"did you mean {close}?" if close else "ids are like NEO-PT-001, families NEO-PT"
        raise UsageError(f"{pattern!r} is no rule and no family of rules", where="rule", hint=hint)


def _chosen(id_: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    selected = not select or any(id_.startswith(pattern.upper()) for pattern in select)
    return selected and not any(id_.startswith(pattern.upper()) for pattern in ignore)


def _holds(rule: Rule, inspection: Inspection) -> bool:
    about = facts.error_row(rule.id).frameworks
    fits = not about or inspection.framework in about
    return fits and inspection.path in rule.paths and not excused(rule, inspection)


def _check(rule: Rule, inspection: Inspection) -> tuple[list[Finding], RuleOutcome]:
    reason = lacking(rule, inspection)
    if reason:
        return [], RuleOutcome(id=rule.id, outcome="not checked", reason=reason)
    findings = [_finding(rule, hit, inspection) for hit in _hits(rule, inspection)]
    return findings, RuleOutcome(id=rule.id, outcome="found" if findings else "passed")


def _hits(rule: Rule, inspection: Inspection) -> list[Hit]:
    """All hits; bytes that turn out broken while a rule looks are one more."""
    hits: list[Hit] = []
    try:
        for hit in rule.test(inspection):
            hits.append(hit)  # noqa: PERF402 - what came before an error must stay
    except NeopackError as error:
        hits.append(
            Hit(message=f"{error.message}, so the rest was not checked", where=error.where)
        )
    return hits


def _finding(rule: Rule, hit: Hit, inspection: Inspection) -> Finding:
    row = facts.error_row(rule.id)
    return Finding(
        id=row.id,
        level=row.level(inspection.path),
        message=" ".join(hit.message.split()),
        where=hit.where,
        said_by_neo=_filled(row.said_by_neo, hit.values),
        cause=_filled(row.cause, hit.values),
        fix=_filled(row.fix, hit.values),
        source=row.source,
        confidence=row.confidence,
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    """``{name}`` from the hit's values; what it does not name stays as ``<name>``."""
    return _PLACE.sub(lambda place: values.get(place[1], f"<{place[1]}>"), text)
