"""Advice as text: what was measured, what takes the model, what cannot be had."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.advice.result import Advice, Choice, TargetOption
from neopack.facts.instances import source as memory_source
from neopack.facts.published import RANKING, Publication
from neopack.reports.cost import money
from neopack.reports.published import PUBLISHED_HEAD, published_notes, published_rows
from neopack.reports.wrapping import table, wrapped

__all__ = ["advice_text"]

MIB = 1 << 20


def advice_text(advice: Advice) -> str:
    sections = (
        _measured(advice), _targets(advice), _published(advice), _gone(advice)
    )  # fmt: skip
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


def _measured(advice: Advice) -> Iterator[str]:
    if not advice.measured:
        told = f"nothing was measured of {advice.path}: neopack experiment {advice.path} -t TARGET"
        yield from wrapped("", f"{told} --format json > experiment.json, and again with --results")
        return
    yield from table([_head(advice), *(_row(choice, advice) for choice in advice.measured)])
    for choice in advice.measured:
        for miss in choice.misses:
            yield from wrapped("", f"{choice.measured.name} on {choice.measured.place}: {miss}")
    yield from wrapped("", _verdict(advice))


def _head(advice: Advice) -> tuple[str, ...]:
    rate = advice.wishes.demand.rate
    demand = () if rate is None else (f"for {rate:g}/s", "a month")
    return ("measured", "on", "runs in", "answers/s", "p95 ms", "a million", *demand, "fits")


def _row(choice: Choice, advice: Advice) -> tuple[str, ...]:
    measured, cost, price = choice.measured, choice.cost, choice.measured.price
    cells: tuple[str, ...] = (
        measured.name,
        measured.place,
        measured.engine,
        f"{measured.throughput:.1f}",
        f"{measured.p95:.2f}",
        "?" if price is None else money(cost.per_million or 0, price),
    )
    if advice.wishes.demand.rate is not None:
        monthly = "?" if price is None else money(cost.monthly or 0, price)
        cells = (*cells, str(cost.instances), monthly)
    return (*cells, "yes" if choice.fits else "no")


def _verdict(advice: Advice) -> str:
    best = advice.best
    if best is None:
        return "nothing that was measured fits"
    measured = best.measured
    return f"take {measured.name} on {measured.place}: measured, {', '.join(_reasons(best))}"


def _reasons(choice: Choice) -> Iterator[str]:
    measured, cost = choice.measured, choice.cost
    yield f"{measured.throughput:.1f} answers a second at {measured.load}"
    yield f"p95 {measured.p95:.4g} ms"
    if cost.monthly is not None and measured.price is not None:
        yield f"{cost.instances} instances for {money(cost.monthly, measured.price)} a month"


def _targets(advice: Advice) -> Iterator[str]:
    size = f"{advice.memory / MIB:,.1f} MiB"
    known = "as measured, with the server" if advice.memory_is_measured else "its files alone"
    yield from wrapped("", f"targets that take {advice.path}; it needs {size} of memory, {known}")
    if not advice.targets:
        yield "none"
        return
    head = ("target", "version", "instances", "published", "too small for it")
    yield from table([head, *map(_target_row, advice.targets)], left=3)
    yield from wrapped(
        "",
        "published: USD for a million answers of another model on its instances (below); the "
        f"others are not ranked. Memory: {memory_source()}",
    )
    for option in advice.targets:
        for notice in option.notices:
            yield from wrapped("", f"{option.target}: {notice}")


def _target_row(option: TargetOption) -> tuple[str, ...]:
    sizes = [name.rpartition(".")[2] for name in option.instances]
    small = [name.rpartition(".")[2] for name in option.small]
    return (
        option.target,
        option.version or "any",
        ", ".join(sizes),
        "" if option.published is None else f"{option.published:g}",
        ", ".join(small),
    )


def _published(advice: Advice) -> Iterator[str]:
    for publication in advice.publications:
        if publication.id == RANKING:
            yield from _publication_lines(publication)


def _publication_lines(publication: Publication) -> Iterator[str]:
    yield from wrapped("", "what AWS published")
    yield from table([PUBLISHED_HEAD, *published_rows(publication)])
    for note in published_notes(publication):
        yield from wrapped("", note)


def _gone(advice: Advice) -> Iterator[str]:
    yield "what cannot be had, or not for long"
    for line in advice.gone:
        yield from wrapped("- ", line)
