"""Plots as SVG: what is drawn, and where."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from neopack.reports.svg_plot import Axis, Line, Plot, svg


def plot(*lines: Line, x: Axis | None = None, y: Axis | None = None, dots: bool = True) -> Plot:
    across, up = x or Axis(label="x"), y or Axis(label="y")
    return Plot(title="title", x=across, y=up, lines=lines, dots=dots)


def drawn(value: Plot) -> etree._Element:
    return etree.fromstring(svg(value).encode())


def ticks(value: Plot) -> list[str]:
    return [text.text or "" for text in drawn(value).iter("text") if text.get("class") == "tick"]


def line(*points: tuple[float, float]) -> Line:
    return Line(name="a line", points=points)


def test_a_line_of_points_in_their_places() -> None:
    tree = drawn(plot(line((0, 0), (5, 50), (10, 100))))
    (joined,) = tree.iter("polyline")
    points = [tuple(map(float, pair.split(","))) for pair in joined.attrib["points"].split()]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert 2 * points[1][0] == pytest.approx(points[0][0] + points[2][0], abs=0.2)
    assert len(list(tree.iter("circle"))) == 3


@pytest.mark.parametrize(
    ("points", "log", "labels"),
    [
        (((0, 0), (1, 250)), False, ["0", "50", "100", "150", "200", "250"]),
        (((0, 0), (1, 0.3)), False, ["0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3"]),
        (((0, 0), (1, 0)), False, ["0", "1"]),
        (((0, 1.5), (1, 7)), True, ["1", "2", "5", "10"]),
        (((0, 0.02), (1, 7000)), True, ["0.01", "0.1", "1", "10", "100", "1,000", "10k"]),
        (((0, 10), (1, 10)), True, ["10", "20"]),
    ],
)
def test_ticks(points: tuple[tuple[float, float], ...], log: bool, labels: list[str]) -> None:
    value = plot(line(*points), x=Axis(label="x", names=("a", "b")), y=Axis(label="y", log=log))
    assert ticks(value) == ["a", "b", *labels]


def test_what_an_axis_does_not_take_is_left_out() -> None:
    points = ((1.0, 0.0), (2.0, float("nan")), (3.0, float("inf")), (4.0, 8.0))
    tree = drawn(plot(line(*points), y=Axis(label="y", log=True)))
    assert len(list(tree.iter("circle"))) == 1
    assert not list(tree.iter("polyline"))


def test_one_point_is_seen_without_dots() -> None:
    assert list(drawn(plot(line((1, 2)), dots=False)).iter("circle"))


def test_more_lines_than_colors_differ() -> None:
    tree = drawn(plot(*(line((0, n), (1, n)) for n in range(1, 14))))
    classes = [each.attrib["class"] for each in tree.iter("polyline")]
    assert len(set(classes)) == 13


def test_names_are_text() -> None:
    hostile = '</svg><script>"&\x9b'
    value = Plot(
        title=hostile,
        x=Axis(label=hostile, names=(hostile,)),
        y=Axis(label=hostile),
        lines=(Line(name=hostile, points=((0, 1), (0, 2))),),
    )
    assert {each.tag for each in drawn(value).iter()} == {
        "svg", "text", "line", "polyline", "title", "circle",
    }  # fmt: skip
    assert not re.search("[\x80-\x9f]", svg(value))
