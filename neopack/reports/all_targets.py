"""The matrix of targets, as text and as Markdown: a row for each, and below what is in the way."""

from __future__ import annotations

from neopack.checks.all_targets import Cell, Matrix, TargetVerdict
from neopack.reports import markdown
from neopack.reports.wrapping import fitted, table, wrapped

__all__ = ["matrix_markdown", "matrix_text"]

VERDICTS: tuple[TargetVerdict, ...] = ("takes it", "after package", "no", "not known")
HEADER = ("Target", *(verdict.capitalize() for verdict in VERDICTS))
# a target that takes no such framework, or whose versions no page lists
NO_VERSION = "-"


def matrix_text(matrix: Matrix) -> str:
    rows, notes = _rows(matrix)
    lines = fitted(f"{matrix.path}: {matrix.framework}, by Neo's rules as of {matrix.facts_as_of}")
    if matrix.remark:
        lines += wrapped("note     ", matrix.remark)
    head = tuple(word.lower() for word in HEADER)
    lines += table([head, *rows], left=len(head))
    for number, note in enumerate(notes, 1):
        lines += wrapped(f"[{number}] ", note)
    return "\n".join([*lines, _summary(matrix)])


def matrix_markdown(matrix: Matrix) -> str:
    rows, notes = _rows(matrix)
    title = f"{matrix.path}: {matrix.framework}, by Neo's rules as of {matrix.facts_as_of}"
    lines = [f"## {markdown.plain(title)}", ""]
    if matrix.remark:
        lines += [markdown.plain(matrix.remark), ""]
    lines += markdown.table(HEADER, rows)
    lines += ["", *(f"{n}. {markdown.plain(note)}" for n, note in enumerate(notes, 1))]
    return "\n".join([*lines, "", _summary(matrix)])


def _rows(matrix: Matrix) -> tuple[list[tuple[str, ...]], list[str]]:
    """A row for each target, and the notes that its cells refer to by number."""
    notes: dict[str, int] = {}
    rows = []
    for target in dict.fromkeys(cell.target for cell in matrix.cells):
        cells = [cell for cell in matrix.cells if cell.target == target]
        columns = (_versions([c for c in cells if c.verdict == v], notes) for v in VERDICTS)
        rows.append((target, *columns))
    return rows, list(notes)


def _versions(cells: list[Cell], notes: dict[str, int]) -> str:
    """``1.4 [1] 1.5 1.6``: the versions, after those of one reason its note."""
    words: list[str] = []
    for why in dict.fromkeys(_why(cell) for cell in cells):
        words += [cell.version or NO_VERSION for cell in cells if _why(cell) == why]
        if why:
            words.append(f"[{notes.setdefault(why, len(notes) + 1)}]")
    return " ".join(words)


def _why(cell: Cell) -> str:
    """In words that targets share."""
    why = cell.why.replace(f"the target {cell.target}", "the target")
    why = why.replace(cell.target, "the target")
    return f"{cell.rule}: {why}" if cell.rule else ""


def _summary(matrix: Matrix) -> str:
    counts = [
        f"{verdict}: {len({c.target for c in matrix.cells if c.verdict == verdict})}"
        for verdict in VERDICTS
    ]
    return f"{len({c.target for c in matrix.cells})} targets; {', '.join(counts)}"
