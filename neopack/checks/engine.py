"""Runs rules over an context and reports all that they found.

No finding stops the rest. The level of a finding follows the evidence: ``facts/errors.toml``
says for each rule what it is on each of Neo's compiler paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from neopack import facts
from neopack.checks.memory import Memory, Watched
from neopack.errors import NeopackError, UsageError
from neopack.rules.needs import excused, lacking
from neopack.rules.rule import CheckContext, Hit, Rule
from neopack.spelling import did_you_mean
from neopack.values.finding import Finding, Report, RuleOutcome
from neopack.values.target import CompilerPath

__all__ = ["Judge", "refuse_unknown", "run"]

_RANK = {"error": 0, "warning": 1, "info": 2}


def run(
    rules: Iterable[Rule],
    context: CheckContext,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Report:
    """Judge one context: see ``Judge``."""
    return Judge(rules, select=select, ignore=ignore).report(context)


class Judge:
    """The rules that were chosen, for one context or for many of one archive.

    ``select`` and ``ignore`` take ids or their beginnings (``NEO-PT``); an unknown one is a
    UsageError. What a rule said is kept with what it looked at, so that a rule that looks at no
    target is run once for all targets.
    """

    def __init__(
        self, rules: Iterable[Rule], *, select: Sequence[str] = (), ignore: Sequence[str] = ()
    ) -> None:
        refuse_unknown(*select, *ignore)
        chosen = (rule for rule in rules if _chosen(rule.id, select, ignore))
        self._rules = sorted(chosen, key=lambda rule: rule.id)
        self._holding: dict[tuple[str, CompilerPath], list[Rule]] = {}
        self._said = {rule.id: Memory() for rule in self._rules}
        self._passed = {rule.id: RuleOutcome(id=rule.id, outcome="passed") for rule in self._rules}

    def report(self, context: CheckContext) -> Report:
        """All findings of all rules that hold on its path, by level, then id; what could not be
        checked is an outcome."""
        findings: list[Finding] = []
        outcomes: list[RuleOutcome] = []
        watched = Watched.of(context)
        for rule in self._on(context.framework, context.path):
            if not excused(rule, context):
                found, outcome = self._check(rule, context, watched)
                findings += found
                outcomes.append(outcome)
        return Report(
            subject=context.archive_name,
            framework=context.framework,
            framework_version=context.framework_version,
            target=context.target.name,
            facts_as_of=context.as_of or facts.newest(),
            findings=tuple(sorted(findings, key=lambda finding: _RANK[finding.level])),
            outcomes=tuple(outcomes),
        )

    def _on(self, framework: str, path: CompilerPath) -> list[Rule]:
        if (framework, path) not in self._holding:
            holding = [rule for rule in self._rules if _holds(rule, framework, path)]
            self._holding[framework, path] = holding
        return self._holding[framework, path]

    def _check(
        self, rule: Rule, context: CheckContext, watched: Watched
    ) -> tuple[list[Finding], RuleOutcome]:
        reason = lacking(rule, context)
        if reason:
            return [], RuleOutcome(id=rule.id, outcome="not checked", reason=reason)
        memory = self._said[rule.id]
        hits = memory.hits(context)
        if hits is None:
            hits = _hits(rule, watched)
            memory.keep(watched.looked_at(), hits)
        if not hits:
            return [], self._passed[rule.id]
        findings = [_finding(rule, hit, context) for hit in hits]
        return findings, RuleOutcome(id=rule.id, outcome="found")


def refuse_unknown(*patterns: str) -> None:
    """Raise ``UsageError`` for a pattern that no rule's id begins with."""
    ids = facts.error_ids()
    for pattern in patterns:
        if not pattern or not any(id_.startswith(pattern.upper()) for id_ in ids):
            raise _unknown(pattern, ids)


def _unknown(pattern: str, ids: Sequence[str]) -> UsageError:
    hint = did_you_mean(pattern, ids, "ids look like NEO-PT-001, families like NEO-PT")
    return UsageError(f"{pattern!r} is not a rule or a family of rules", where="rule", hint=hint)


def _chosen(id_: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    selected = not select or any(id_.startswith(pattern.upper()) for pattern in select)
    return selected and not any(id_.startswith(pattern.upper()) for pattern in ignore)


def _holds(rule: Rule, framework: str, path: CompilerPath) -> bool:
    about = facts.error_row(rule.id).frameworks
    return (not about or framework in about) and path in rule.paths


def _hits(rule: Rule, context: CheckContext) -> list[Hit]:
    """All hits; bytes that turn out broken while a rule looks are one more."""
    hits: list[Hit] = []
    try:
        for hit in rule.test(context):
            hits.append(hit)  # noqa: PERF402 - what came before an error must stay
    except NeopackError as error:
        hits.append(
            Hit(message=f"{error.message}, so the rest was not checked", where=error.where)
        )
    return hits


def _finding(rule: Rule, hit: Hit, context: CheckContext) -> Finding:
    row = facts.error_row(rule.id)
    return Finding(
        id=row.id,
        level=row.level(context.path),
        message=" ".join(hit.message.split()),
        where=hit.where,
        said_by_neo=facts.filled(row.said, hit.values),
        cause=facts.filled(row.cause, hit.values),
        fix=facts.filled(row.fix, hit.values),
        source=row.source,
        confidence=row.confidence,
    )
