"""A build as text and as Markdown: a row for each model and target, then what was refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.build.results import BuildResult, BuiltTarget
from neopack.build.upkeep import CacheContents, Pruned
from neopack.reports.markdown import plain
from neopack.reports.markdown import table as markdown_table
from neopack.reports.wrapping import fits, fitted, table

__all__ = [
    "build_markdown",
    "build_text",
    "cache_text",
    "pruned_text",
    "size_text",
    "steps_text",
    "summary",
]

HEADER = ("model", "target", "state", "steps", "size", "findings", "difference", "speed-up")
STATES = ("made", "restored", "up to date", "to do", "refused", "not reached")
# a row of a build without changes says nothing
QUIET = ("up to date",)


def build_text(result: BuildResult) -> str:
    """A table where it fits, else a paragraph a row."""
    rows = [row for row in result.rows if row.state not in QUIET]
    cells = _told([HEADER, *map(_row, rows)])
    if not rows or fits(cells):
        lines = [line.rstrip() for line in table(cells, left=4)] if rows else []
    else:
        lines = [line for row in rows for line in fitted(_paragraph(row))]
    for row in rows:
        lines += _failures(row)
    return "\n".join([*lines, *fitted(summary(result))])


def _told(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Without the columns that say nothing of any row."""
    columns = [column for column in zip(*rows, strict=True) if set(column[1:]) != {"-"}]
    return list(zip(*columns, strict=True))


def _paragraph(row: BuiltTarget) -> str:
    """``net for ml_c5: made; package 1.2 s (new); size 584 B; findings 1 W``."""
    model, target, state, steps, *numbers = _row(row)
    named = [
        f"{name} {number}"
        for name, number in zip(HEADER[4:], numbers, strict=True)
        if number != "-"
    ]
    parts = [state, *([steps] if steps != "-" else []), *named]
    return f"{model} for {target}: {'; '.join(parts)}"


def summary(result: BuildResult) -> str:
    """``4 made, 86 up to date, 1 refused in 3.2 s``."""
    counts = [(result.count(state), state) for state in STATES]  # type: ignore[arg-type]
    told = ", ".join(f"{count} {state}" for count, state in counts if count)
    there = f"; reports in {', '.join(result.reports)}" if result.reports else ""
    return f"{told or 'nothing to build'} in {result.seconds:.1f} s{there}"


def build_markdown(result: BuildResult) -> str:
    verdict = "did not pass" if result.exit_code else "passed"
    lines = [f"## The build {verdict}", "", plain(summary(result)), ""]
    lines += markdown_table([word.capitalize() for word in HEADER], [*map(_row, result.rows)])
    for row in result.rows:
        if row.failures:
            lines += ["", f"### {plain(row.model)} for {plain(row.target)}", ""]
            lines += [f"- {plain(failure.line())}" for failure in row.failures]
    return "\n".join(lines)


def steps_text(row: BuiltTarget) -> str:
    """What its steps did: ``package 1.2 s (net.py changed), compile to do``."""
    told = []
    for step in row.steps:
        if step.state in ("up to date", "not reached", "skipped") or not (
            step.seconds or step.why
        ):
            continue
        state = f"{step.seconds:.1f} s" if step.state in ("made", "failed") else step.state
        why = f" ({step.why})" if step.why and step.state != "failed" else ""
        told.append(f"{step.step} {state}{why}")
    return ", ".join(told) or "-"


def size_text(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _row(row: BuiltTarget) -> tuple[str, ...]:
    found = [f"{row.at('error')} E" * bool(row.at("error")), f"{row.at('warning')} W"]
    return (
        row.model,
        row.target,
        row.state,
        steps_text(row),
        size_text(row.bytes) if row.bytes else "-",
        " ".join(filter(None, found)) if row.findings else "-",
        "-" if row.difference is None else f"{row.difference:.1e}",
        "-" if row.speedup is None else f"{row.speedup:.2f}x",
    )


def _failures(row: BuiltTarget) -> Iterator[str]:
    for failure in row.failures:
        yield from fitted(f"error: {row.model} for {row.target}: {failure.line()}")


def cache_text(contents: CacheContents) -> str:
    lines = [
        contents.place,
        f"  steps      {contents.entries}",
        f"  files      {contents.blobs}",
        f"  size       {size_text(contents.bytes)}",
    ]
    lines += [f"  others     {contents.strange}"] if contents.strange else []
    lines += [f"  damaged    {name}, removed" for name in contents.damaged]
    return "\n".join(lines)


def pruned_text(pruned: Pruned) -> str:
    freed, left = size_text(pruned.freed), size_text(pruned.left)
    return f"{pruned.place}: {pruned.removed} files removed, {freed} freed, {left} left"
