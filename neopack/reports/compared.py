"""Two results beside each other as text: how many times the first the second is."""

from __future__ import annotations

from neopack.experiments.comparing import FIGURES, Comparison, StagePair
from neopack.reports.wrapping import fitted, table

__all__ = ["comparison_text"]

# what is not told as a ratio: usually 0, and then without one
COUNTS = ("errors", "difference")


def comparison_text(comparison: Comparison) -> str:
    pairs = comparison.pairs
    figures = [name for name in FIGURES if any(name in pair.first for pair in pairs)]
    rows = [(comparison.kind, *figures)]
    rows += [(pair.stage, *(_cell(pair, name) for name in figures)) for pair in pairs]
    lines = list(table(rows, left=1))
    for line in comparison.held:
        lines += fitted(f"fails: {line}")
    return "\n".join(lines)


def _cell(pair: StagePair, figure: str) -> str:
    if figure not in pair.first or figure not in pair.second:
        return "?"
    if figure in COUNTS:
        return f"{pair.first[figure]:.3g} to {pair.second[figure]:.3g}"
    ratio = pair.ratio(figure)
    return "?" if ratio is None else f"{ratio:.2f}x"
