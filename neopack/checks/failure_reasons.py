"""What a job's FailureReason means: its class, the rule of ours that finds it beforehand, the fix.

Neo cuts FailureReason at 1024 characters and fills names in, so texts are matched by the parts of
them that do not change, in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from neopack import facts
from neopack.facts import failures
from neopack.facts.compiler_table import tvm_said
from neopack.facts.mending import Mend, mended_by

__all__ = ["Explanation", "explain", "explain_rule"]

# what is filled in: {name} by our rules, <name> by the service
_FILLED = re.compile(r"\{\w+\}|<[\w. ]+>")
_PREFIX = re.compile(r"^(Client ?Error|ServerError|Server Error): *")
# the rules' texts that say less than this mean nothing; nor does a mere code of the API
_SHORTEST = 12
_CODES = frozenset({"validationexception"})
# Neo's wording varied over the years (neo-troubleshooting-compilation, 2020 to 2026)
_SPELLINGS = {"can't": "cannot", ".pb or .pbtxt": ".pb"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``rule`` is one of ours that may find such a thing beforehand, empty where none does;
    ``cause`` and ``fix`` are empty where the text is not known at all; ``mended_by`` is what of
    neopack's own mends it, ``also`` are other rules that end in the same words."""

    kind: str
    reason: str
    rule: str = ""
    title: str = ""
    cause: str = ""
    fix: str = ""
    source: str = ""
    confidence: str = ""
    mended_by: tuple[Mend, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    parts: tuple[str, ...]
    rule: str
    kind: str
    cause: str
    fix: str
    source: str
    confidence: str
    inner: bool = False

    @property
    def weight(self) -> int:
        return sum(map(len, self.parts))


def explain(reason: str) -> Explanation:
    """The best we know of ``reason``: the known text that shares most with it.

    A framework's own words decide, also inside a sentence of Neo's, which is the same for many
    mistakes. Several mistakes end in one text, so the row that is about the text speaks before the
    rule that stands for one of the mistakes.
    """
    message = " ".join(reason.split())
    fitting = sorted(
        (each for each in _known() if _fits(each.parts, message)),
        key=lambda each: -each.weight,
    ) or [each for each in _known() if _is_part(message, each.parts)]
    if not fitting:
        return Explanation(kind=failures.class_of(message), reason=message)
    if inner := [each for each in fitting if each.inner]:
        return _of_inner(inner[0], fitting, message)
    rule = next((each.rule for each in fitting if each.rule), "")
    best = next((each for each in fitting if not each.rule), fitting[0])
    return Explanation(
        kind=best.kind or _class(message, rule),
        reason=message,
        rule=rule,
        title=facts.error_row(rule).title if rule else "",
        cause=best.cause,
        fix=best.fix,
        source=best.source,
        confidence=best.confidence,
        mended_by=mended_by(rule),
        also=tuple(sorted({each.rule for each in fitting} - {"", rule})),
    )


def _of_inner(words: _Known, fitting: Sequence[_Known], message: str) -> Explanation:
    """What a framework's own words mean; ``also`` are the rules that its wrapper may stand for."""
    return Explanation(
        kind=words.kind,
        reason=message,
        rule=words.rule,
        title=facts.error_row(words.rule).title if words.rule else "",
        cause=words.cause,
        fix=words.fix,
        source=words.source,
        confidence=words.confidence,
        mended_by=mended_by(words.rule) if words.rule else (),
        also=tuple(sorted({each.rule for each in fitting if each.inner} - {"", words.rule})),
    )


def _class(message: str, rule: str) -> str:
    """By the words of ``message``; where it is a piece that tells nothing, by the rule's."""
    whole = facts.error_row(rule).said_by_neo if rule else ""
    return next((c for c in map(failures.class_of, (message, whole)) if c != "unknown"), "unknown")


def explain_rule(id_: str) -> Explanation:
    """What a rule of ours is about; ``reason`` is what Neo says where it is broken."""
    row = facts.error_row(id_)
    return Explanation(
        kind=failures.class_of(row.said_by_neo),
        reason=facts.filled(row.said, {}),
        rule=row.id,
        title=row.title,
        cause=row.cause,
        fix=facts.filled(row.fix, {}),
        source=f"{row.source}, {row.date}",
        confidence=row.confidence,
        mended_by=mended_by(row.id),
    )


def _fits(parts: tuple[str, ...], message: str) -> bool:
    place, folded = 0, _folded(message)
    for part in parts:
        at = folded.find(part, place)
        if at < 0:
            return False
        place = at + len(part)
    return True


def _folded(text: str) -> str:
    folded = text.casefold()
    for spelling, usual in _SPELLINGS.items():
        folded = folded.replace(spelling, usual)
    return folded


def _is_part(message: str, parts: tuple[str, ...]) -> bool:
    """Whether somebody gave us a piece of a known text, which the service cuts too."""
    piece = _folded(_PREFIX.sub("", message)).rstrip(" .")
    return len(piece) >= _SHORTEST and any(piece in part for part in parts)


def _parts(text: str) -> tuple[str, ...]:
    plain = _folded(_PREFIX.sub("", " ".join(text.split())))
    return tuple(part for part in (p.strip(" .") for p in _FILLED.split(plain)) if part)


@cache
def _known() -> tuple[_Known, ...]:
    ours = (*_of_the_rules(), *_of_the_frameworks(), *_of_the_compiler())
    telling = (k for k in ours if k.weight >= _SHORTEST and not _CODES.issuperset(k.parts))
    return (*_inner_words(), *_of_the_service(), *telling)


def _inner_words() -> Iterator[_Known]:
    for row in failures.framework_words():
        yield _Known(
            _parts(row.said),
            row.rule,
            row.kind,
            row.cause,
            row.fix,
            row.source,
            row.confidence,
            inner=True,
        )


def _of_the_service() -> Iterator[_Known]:
    for row in failures.failures():
        yield _Known(
            _parts(row.said), "", row.kind, row.cause, row.fix, row.source, row.confidence
        )


def _of_the_rules() -> Iterator[_Known]:
    for id_ in facts.error_ids():
        row = facts.error_row(id_)
        yield _Known(
            _parts(row.said_by_neo),
            id_,
            "",
            row.cause,
            facts.filled(row.fix, {}),
            row.source,
            row.confidence,
        )


def _of_the_frameworks() -> Iterator[_Known]:
    """The texts that a framework's row fills into the two rules on its files."""
    for row in facts.frameworks():
        for id_, text in (("NEO-AR-002", row.none_found), ("NEO-AR-003", row.many_found)):
            about = facts.error_row(id_)
            values = {"framework": row.title, "wanted": _suffixes(row)}
            fix = facts.filled(about.fix, values)
            yield _Known(
                _parts(text), id_, "load", about.cause, fix, about.source, about.confidence
            )


def _of_the_compiler() -> Iterator[_Known]:
    """Neo's sentences about operators, of each framework."""
    row = facts.error_row("NEO-TV-001")
    for framework in facts.frameworks():
        text = tvm_said(framework.name).replace("{operators}", "<operators>")
        if text:
            fix = facts.filled(row.fix, {})
            yield _Known(
                _parts(text), row.id, "compilation", row.cause, fix, row.source, row.confidence
            )


def _suffixes(row: facts.FrameworkRow) -> str:
    groups = [" or ".join(group.suffixes) for group in row.files if group.suffixes]
    return " and ".join(groups) or "model"
