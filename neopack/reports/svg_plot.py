"""Plots of lines as SVG that stands in a page: text is text, and colors are the page's own.

A page that neopack writes fetches nothing and runs nothing, and is read in light and dark. The
elements have classes, ``s0`` to ``s5`` for the lines, which the page's style sheet colors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from neopack.reports.printable import printable

__all__ = ["COLORS", "Axis", "Line", "Plot", "svg", "text_of"]

COLORS = 6
WIDTH, HEIGHT = 400, 250
LEFT, RIGHT, TOP, BOTTOM = 58, 18, 12, 40
STEPS = (1.0, 2.0, 5.0)
# numbers from here on are told in thousands
MANY = 1e4
# of a linear axis
MOST_TICKS = 6
# a logarithmic axis over less than this has ticks between the powers of ten
FEW_DECADES = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """``names`` stand at 0, 1, 2, ... in place of numbers. A ``log`` axis takes positive ones."""

    label: str
    names: tuple[str, ...] = ()
    log: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``points`` are pairs of x and y, in the order they are joined."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """``dots`` marks the points, where they are few."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    dots: bool = True


def svg(plot: Plot) -> str:
    """The plot as one ``svg`` element; points that an axis does not take are left out."""
    lines = [(line.name, _taken(line.points, plot)) for line in plot.lines]
    across = _Scale(plot.x, [x for _, points in lines for x, _ in points], LEFT, WIDTH - RIGHT)
    up = _Scale(plot.y, [y for _, points in lines for _, y in points], HEIGHT - BOTTOM, TOP)
    marks = [
        mark
        for index, (name, points) in enumerate(lines)
        for mark in _marks(index, name, [(across(x), up(y)) for x, y in points], plot.dots)
    ]
    return "\n".join(
        [
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text_of(plot.title)}">',
            *_across(across, plot.x),
            *_up(up, plot.y),
            *marks,
            "</svg>",
        ]
    )


def text_of(text: str) -> str:
    """A text of a stranger, as HTML and SVG take it: none of it is markup."""
    return escape(printable(text))


def _taken(points: Sequence[tuple[float, float]], plot: Plot) -> list[tuple[float, float]]:
    return [
        (x, y)
        for x, y in points
        if math.isfinite(x) and math.isfinite(y)
        if (x > 0 or not plot.x.log) and (y > 0 or not plot.y.log)
    ]


class _Scale:
    """From the values of an axis to places in the picture."""

    def __init__(self, axis: Axis, values: Sequence[float], start: float, end: float) -> None:
        self._log, self._start, self._end = axis.log, start, end
        if axis.names:
            self.ticks = [float(index) for index in range(len(axis.names))]
            self._low, self._high = -0.5, len(axis.names) - 0.5
            return
        self.ticks = _log_ticks(values) if axis.log else _linear_ticks(values)
        self._low, self._high = self._place(self.ticks[0]), self._place(self.ticks[-1])

    def _place(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def __call__(self, value: float) -> float:
        share = (self._place(value) - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 1)


def _linear_ticks(values: Sequence[float]) -> list[float]:
    """From 0 to what holds the largest."""
    largest = max(values, default=0.0)
    if largest <= 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(largest / MOST_TICKS))
    step = next(s * power for s in (*STEPS, 10.0) if s * power * MOST_TICKS >= largest)
    return [step * index for index in range(math.ceil(largest / step - 1e-9) + 1)]


def _log_ticks(values: Sequence[float]) -> list[float]:
    """From a tick at or below the smallest to one at or above the largest."""
    low, high = min(values, default=1.0), max(values, default=10.0)
    steps = STEPS if high / low < 10**FEW_DECADES else (1.0,)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    ticks = [step * 10.0**power for power in powers for step in steps]
    first = max(index for index, tick in enumerate(ticks) if tick <= low)
    last = min(index for index, tick in enumerate(ticks) if tick >= high)
    return ticks[first : max(last, first + 1) + 1]


def _across(scale: _Scale, axis: Axis) -> Iterator[str]:
    bottom = HEIGHT - BOTTOM
    for index, tick in enumerate(scale.ticks):
        x = scale(tick)
        if not axis.names:
            yield f'<line class="grid" x1="{x}" y1="{TOP}" x2="{x}" y2="{bottom}"/>'
        yield _text(x, bottom + 15, _tick(tick, axis, index), "middle")
    yield f'<line class="axis" x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}"/>'
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, axis.label, "middle", "label")


def _up(scale: _Scale, axis: Axis) -> Iterator[str]:
    for index, tick in enumerate(scale.ticks):
        y = scale(tick)
        yield f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'
        yield _text(LEFT - 6, y + 3.5, _tick(tick, axis, index), "end")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = f' transform="rotate(-90 11 {middle})"'
    yield _text(11, middle, axis.label, "middle", "label", turned)


def _tick(value: float, axis: Axis, index: int) -> str:
    if axis.names:
        return axis.names[index]
    if value >= MANY:
        return f"{value / 1e3:,.4g}k"
    return f"{value:,.0f}" if value >= 1e3 else f"{value:.4g}"


def _text(x: float, y: float, text: str, anchor: str, kind: str = "tick", more: str = "") -> str:
    shown = text_of(text)
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}"{more}>{shown}</text>'


def _marks(
    index: int, name: str, points: Sequence[tuple[float, float]], dots: bool
) -> Iterator[str]:
    """A line, and dots on it; the dots alone where there is one point."""
    if not points:
        return
    color = f"s{index % COLORS} d{index // COLORS % 3}"
    if len(points) > 1:
        joined = " ".join(f"{x},{y}" for x, y in points)
        title = f"<title>{text_of(name)}</title>"
        yield f'<polyline class="{color}" points="{joined}">{title}</polyline>'
    if dots or len(points) == 1:
        for x, y in points:
            yield f'<circle class="{color}" cx="{x}" cy="{y}" r="3"/>'
