"""The operators that compilers convert, as plain text, 60 columns wide."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.reports.support import echo
from neopack.reports.wrapping import wrap
from neopack.support import OperatorRow, OperatorsAnswer, UnknownOperator

__all__ = ["operators_text"]

WIDTH = 60


def operators_text(answer: OperatorsAnswer) -> str:
    lines = echo(answer.readings)
    if answer.counts:
        lines += _counts(answer)
    for framework in dict.fromkeys(row.framework for row in answer.rows):
        lines.append(framework)
        own = [row for row in answer.rows if row.framework == framework]
        lines += [line for row in own for line in _row(row, answer)]
    lines += [line for unknown in answer.unknown for line in _unknown(unknown, answer)]
    return "\n".join([*lines, *_sources(answer)])


def _counts(answer: OperatorsAnswer) -> Iterator[str]:
    """A block for each framework, with the releases that convert more or fewer than before."""
    for row in answer.counts:
        held, before = [], 0
        for release, count in zip(answer.releases, row.operators, strict=True):
            if count not in (0, before):
                held.append(f"{release.name}: {count}")
                before = count
        yield from wrap(f"{row.framework:<13}", ", ".join(held) or "none", WIDTH)


def _row(row: OperatorRow, answer: OperatorsAnswer) -> Iterator[str]:
    every = tuple(release.name for release in answer.releases)
    yield from wrap(f"  {row.operator}  ", _releases(row.releases, every), WIDTH)
    if row.opsets:
        yield from wrap("    opsets  ", ", ".join(map(str, row.opsets)), WIDTH)
    for limit in row.limits:
        yield from wrap("    raises  " if answer.compiler == "tvm" else "    only  ", limit, WIDTH)


def _releases(having: tuple[str, ...], every: tuple[str, ...]) -> str:
    """``from 0.7 on`` where nothing is missing after that, else the releases."""
    if having == every:
        return "all releases" if len(every) > 1 else "yes"
    if having and having == every[-len(having) :] and len(having) > 1:
        return f"from {having[0]} on"
    return ", ".join(having) or "no"


def _unknown(unknown: UnknownOperator, answer: OperatorsAnswer) -> Iterator[str]:
    text = f"no release of {answer.compiler} in the tables converts it"
    yield from wrap(f"{unknown.operator}: ", text, WIDTH)
    if unknown.instead:
        yield from wrap("  instead  ", unknown.instead, WIDTH)
    if unknown.nearest:
        yield from wrap("  nearest  ", unknown.nearest, WIDTH)


def _sources(answer: OperatorsAnswer) -> Iterator[str]:
    """A line for each release, under the source that they share."""
    for source in dict.fromkeys(release.source for release in answer.releases):
        yield from wrap("source: ", source, WIDTH)
        for release in answer.releases:
            if release.source == source:
                yield f"  {release.name}  {release.commit[:7]} ({release.date})"
