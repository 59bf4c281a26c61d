"""Lines of plain text: a text under its label, wrapped to a width, and tables.

On a terminal they keep to its columns. In a log or a pipe a text has the same lines on every
machine, and a row of a table is a line.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

__all__ = ["WIDTH", "fits", "fitted", "table", "wrap", "wrapped"]

WIDTH = 88
# fewer columns than this hold no label and a word beside it
NARROWEST = 40
GAP, CLOSE = "  ", " "


def wrap(label: str, text: str, width: int) -> list[str]:
    """Lines that begin behind ``label``; the label alone where the text is empty."""
    return textwrap.wrap(
        text,
        min(width, _columns() or width),
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [label.rstrip()]


def wrapped(label: str, text: str) -> list[str]:
    return wrap(label, text, WIDTH)


def fitted(text: str) -> list[str]:
    """A line; on a terminal that is narrower, several, the later ones indented."""
    columns = _columns()
    if not columns or len(text) <= columns:
        return [text]
    return textwrap.wrap(
        text, columns, subsequent_indent=GAP, break_long_words=False, break_on_hyphens=False
    )


def fits(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table of ``rows`` needs no folding."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    columns = _columns()
    return not columns or sum(widths) + len(GAP) * (len(widths) - 1) <= columns


def table(rows: Sequence[Sequence[str]], *, left: int = 2) -> Iterator[str]:
    """Columns two spaces apart, the first ``left`` to the left, the rest to the right.

    On a terminal that is too narrow for them, the widest columns are folded between words; if that
    is not enough they move together by a space, and then the last ones to a table below.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    narrowest = [max(map(_longest_word, column)) for column in zip(*rows, strict=True)]
    columns = _columns()
    gap = GAP
    parts = _parts(narrowest, left, GAP, columns)
    if len(parts) > 1 and len(_parts(narrowest, left, CLOSE, columns)) == 1:
        gap, parts = CLOSE, [list(range(len(widths)))]
    for at, part in enumerate(parts):
        if at:
            yield ""
        fitting = _fitting([widths[i] for i in part], [narrowest[i] for i in part], gap, columns)
        for row in rows:
            yield from _row([row[i] for i in part], fitting, left, gap)


def _parts(narrowest: Sequence[int], left: int, gap: str, columns: int) -> list[list[int]]:
    """The columns of each table, by their places; the first ``left`` stand in all of them."""
    first = list(range(left))
    parts = [first]
    for index in range(left, len(narrowest)):
        longer = [*parts[-1], index]
        breadth = sum(narrowest[i] + len(gap) for i in longer) - len(gap)
        if columns and breadth > columns and parts[-1] != first:
            parts.append([*first, index])
        else:
            parts[-1] = longer
    return parts


def _columns() -> int:
    """The terminal's columns; 0 where standard output is not one."""
    columns = shutil.get_terminal_size((0, 0)).columns
    return max(columns, NARROWEST) if columns else 0


def _longest_word(cell: str) -> int:
    indent = len(cell) - len(cell.lstrip())
    return indent + max(map(len, cell.split()), default=0)


def _fitting(widths: Sequence[int], narrowest: Sequence[int], gap: str, columns: int) -> list[int]:
    """``widths``, those that can be folded taken in, the widest first, until a row fits into
    ``columns``; words stay whole."""
    fitting = list(widths)
    room = columns - len(gap) * (len(fitting) - 1)
    while columns and sum(fitting) > room:
        folds = [index for index, width in enumerate(fitting) if width > narrowest[index]]
        if not folds:
            break
        fitting[max(folds, key=fitting.__getitem__)] -= 1
    return fitting


def _row(row: Sequence[str], widths: Sequence[int], left: int, gap: str) -> Iterator[str]:
    folded = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
    for parts in zip_longest(*folded, fillvalue=""):
        cells = [
            part.ljust(width) if index < left else part.rjust(width)
            for index, (part, width) in enumerate(zip(parts, widths, strict=True))
        ]
        yield gap.join(cells).rstrip()


def _folded(cell: str, width: int) -> list[str]:
    """The cell in lines of ``width``; the indent of a first column stays."""
    if len(cell) <= width:
        return [cell]
    indent = " " * (len(cell) - len(cell.lstrip()))
    return textwrap.wrap(
        cell.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
