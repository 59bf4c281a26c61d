"""A page of HTML that fetches nothing and runs nothing, and the parts that reports put on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from neopack.reports.page_style import STYLE
from neopack.reports.svg_plot import COLORS, Plot, svg, text_of

__all__ = ["figure", "items", "page", "pairs", "plot_figure", "table"]

# a cell that is longer has words rather than a number
LONG = 30
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def page(title: str, body: Iterable[str]) -> str:
    """``title`` is text; the lines of ``body`` are markup."""
    return PAGE.format(title=text_of(title), style=STYLE, body="\n".join(body))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The first cell of a row is its heading. A column with a sentence in it is wrapped and
    begins at the left; numbers are not."""
    rows = list(rows)
    wordy = {at for row in rows for at, text in enumerate(row) if at and len(text) > LONG}
    yield '<div class="scroll" tabindex="0"><table>'
    if head:
        names = "".join(_cell("th", text, at in wordy, "col") for at, text in enumerate(head))
        yield f"<thead><tr>{names}</tr></thead>"
    yield "<tbody>"
    for first, *rest in rows:
        cells = "".join(_cell("td", text, at in wordy) for at, text in enumerate(rest, 1))
        yield f"<tr>{_cell('th', first, False, 'row')}{cells}</tr>"
    yield "</tbody></table></div>"


def _cell(tag: str, text: str, is_wordy: bool, scope: str = "") -> str:
    words = ' class="words"' if is_wordy else ""
    scoped = f' scope="{scope}"' if scope else ""
    return f"<{tag}{scoped}{words}>{text_of(text)}</{tag}>"


def items(texts: Iterable[str]) -> Iterator[str]:
    """Remarks; nothing where there are none."""
    listed = "".join(f"<li>{text_of(text)}</li>" for text in texts)
    if listed:
        yield f'<ul class="remarks">{listed}</ul>'


def pairs(labeled: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield "<dl>"
    for label, text in labeled:
        yield f"<div><dt>{text_of(label)}</dt><dd>{text_of(text)}</dd></div>"
    yield "</dl>"


def figure(title: str, drawing: str) -> Iterator[str]:
    yield f"<figure><figcaption>{text_of(title)}</figcaption>"
    yield drawing
    yield "</figure>"


def plot_figure(plot: Plot) -> Iterator[str]:
    yield from figure(plot.title, "\n".join([svg(plot), *_key(plot)]))


def _key(plot: Plot) -> Iterator[str]:
    """What each line is, where there are several."""
    if len(plot.lines) < 2:
        return
    entries = "".join(
        f'<li class="k{index % COLORS} d{index // COLORS % 3}">{text_of(line.name)}</li>'
        for index, line in enumerate(plot.lines)
    )
    yield f'<ul class="key">{entries}</ul>'
