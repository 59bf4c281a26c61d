"""Bars and intervals as SVG, one below the other, each under its name: names may be long."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from neopack.reports.svg_plot import COLORS, text_of

__all__ = ["Bar", "Interval", "svg_bars", "svg_intervals"]

WIDTH, ROW, THICK = 400, 40, 14
# numbers stand behind the longest bar, and behind the widest interval
NUMBERS, SPANS = 110, 155
AXIS = 26
# longer names are cut: about what the width holds
LONGEST = 58
TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """``shown`` is the value in words; ``color`` is that of the same subject in other plots, or
    negative for gray."""

    name: str
    value: float
    shown: str
    color: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A ratio from ``low`` to ``high``, both positive; a dot at ``middle``, if there is one."""

    name: str
    low: float
    high: float
    middle: float | None
    shown: str
    color: int = 0


def svg_bars(title: str, bars: Sequence[Bar]) -> str:
    """Bars from zero; values are 0 or more."""
    longest = max((bar.value for bar in bars), default=0.0) or 1.0
    marks = (mark for at, bar in enumerate(bars) for mark in _bar(at, bar, longest))
    return _drawing(title, ROW * len(bars), marks)


def _bar(at: int, bar: Bar, longest: float) -> Iterator[str]:
    length = round((WIDTH - NUMBERS) * bar.value / longest, 1)
    top = ROW * at + 18
    yield _name(at, bar.name)
    color = f"f{bar.color % COLORS}" if bar.color >= 0 else "gray"
    yield f'<rect class="{color}" x="0" y="{top}" width="{length}" height="{THICK}"/>'
    yield (
        f'<text class="number" x="{length + 6}" y="{top + THICK - 3}">{text_of(bar.shown)}</text>'
    )


def svg_intervals(title: str, intervals: Sequence[Interval]) -> str:
    """Ratios on a logarithmic axis, with a line at 1, where both are alike."""
    low = min((each.low for each in intervals), default=0.5)
    high = max((each.high for each in intervals), default=2.0)
    place = _Logarithmic(min(low, 0.9), max(high, 1.1))
    bottom = ROW * len(intervals)
    marks = [*place.axis(len(intervals))]
    marks += [mark for at, each in enumerate(intervals) for mark in _interval(at, each, place)]
    return _drawing(title, bottom + AXIS, marks)


class _Logarithmic:
    """From ratios to places in the picture."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = math.log(low), math.log(high)

    def __call__(self, value: float) -> float:
        share = (math.log(value) - self._low) / (self._high - self._low)
        return round(6 + share * (WIDTH - SPANS - 12), 1)

    def axis(self, rows: int) -> Iterator[str]:
        """Its lines beside each interval, not through the names."""
        for tick in TICKS:
            if not self._low <= math.log(tick) <= self._high:
                continue
            x, kind = self(tick), "axis" if tick == 1 else "grid"
            for row in range(rows):
                top, bottom = ROW * row + 17, ROW * row + 37
                yield f'<line class="{kind}" x1="{x}" y1="{top}" x2="{x}" y2="{bottom}"/>'
            yield (
                f'<text class="tick" x="{x}" y="{ROW * rows + 15}" text-anchor="middle">'
                f"{tick:g}x</text>"
            )


def _interval(at: int, each: Interval, place: _Logarithmic) -> Iterator[str]:
    y, low, high = ROW * at + 26, place(each.low), place(each.high)
    yield _name(at, each.name)
    yield f'<line class="s{each.color % COLORS} span" x1="{low}" y1="{y}" x2="{high}" y2="{y}"/>'
    if each.middle is not None:
        yield f'<circle class="s{each.color % COLORS}" cx="{place(each.middle)}" cy="{y}" r="4"/>'
    yield (
        f'<text class="number" x="{WIDTH}" y="{y + 4}" text-anchor="end">'
        f"{text_of(each.shown)}</text>"
    )


def _name(at: int, name: str) -> str:
    shown = name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."
    return f'<text class="name" x="0" y="{ROW * at + 12}">{text_of(shown)}</text>'


def _drawing(title: str, height: float, marks: Sequence[str] | Iterator[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{text_of(title)}">'
    return "\n".join([head, *marks, "</svg>"])
