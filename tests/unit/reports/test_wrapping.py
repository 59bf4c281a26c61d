"""Tables of text on terminals of several widths."""

from __future__ import annotations

import pytest

from neopack.reports.wrapping import table

ROWS = [
    ("model", "load", "answers/s", "p50 ms", "p95 ms", "errors"),
    ("mobilenet-int8.tar.gz", "16 callers", "398.8", "39.84", "52.58", "0"),
]


def shown(columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    return list(table(ROWS))


@pytest.mark.parametrize("columns", [66, 61, 60, 55, 45])
def test_a_table_keeps_to_the_columns_and_loses_nothing(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = shown(columns, monkeypatch)
    assert max(map(len, lines)) <= columns
    words = " ".join(lines).split()
    assert {word for row in ROWS for cell in row for word in cell.split()} == set(words)


def test_what_has_no_room_stands_below_behind_the_first_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shown(50, monkeypatch) == [
        "model                  load      answers/s  p50 ms",
        "mobilenet-int8.tar.gz  16            398.8   39.84",
        "                       callers",
        "",
        "model                  load        p95 ms  errors",
        "mobilenet-int8.tar.gz  16 callers   52.58       0",
    ]


def test_columns_move_together_before_any_goes_below(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "" in shown(56, monkeypatch)
    assert "" not in shown(59, monkeypatch)
