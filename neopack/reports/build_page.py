"""A build as one page of HTML that fetches nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.build.results import BuildResult, BuiltTarget
from neopack.reports.build import size_text, steps_text, summary
from neopack.reports.page import items, page, table
from neopack.reports.svg_plot import text_of

__all__ = ["build_page"]

HEADER = (
    "Model", "Target", "State", "Steps", "Size", "Errors", "Warnings", "Difference", "Speed-up"
)  # fmt: skip


def build_page(result: BuildResult) -> str:
    return page("neopack build", _body(result))


def _body(result: BuildResult) -> Iterator[str]:
    yield f'<p class="lead">{text_of(summary(result))}</p>'
    yield from table(HEADER, map(_row, result.rows))
    for row in result.rows:
        if row.failures or row.findings:
            yield f"<h2>{text_of(f'{row.model} for {row.target}')}</h2>"
            yield from items(_told(row))


def _row(row: BuiltTarget) -> tuple[str, ...]:
    return (
        row.model,
        row.target,
        row.state,
        steps_text(row),
        size_text(row.bytes) if row.bytes else "",
        str(row.at("error")),
        str(row.at("warning")),
        "" if row.difference is None else f"{row.difference:.1e}",
        "" if row.speedup is None else f"{row.speedup:.2f}",
    )


def _told(row: BuiltTarget) -> Iterator[str]:
    yield from (f"error: {failure.line()}" for failure in row.failures)
    yield from (f"{each.level} {each.id}: {each.message}" for each in row.findings)
