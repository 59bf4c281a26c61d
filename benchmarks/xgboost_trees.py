"""Compare XGBoost compiled here with XGBoost: 500 trees of depth 8, in one thread, in turns.

Goals: at one row at least 20 times ``Booster.predict(DMatrix)``; at 10,000 rows at least 1.0.
``xgboost_trees.py TURNS`` sets how often each takes its turn; the fastest turns are compared, by
processor time. Each call has rows of its own, for a processor learns the way of a row that comes
again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

import neopack
from neopack.values.artifact import Array

TREES, DEPTH, COLUMNS = 500, 8, 50
ROWS = (1, 10, 100, 1_000, 10_000)
MOST_ROWS, MOST_CALLS = 10_000, 1_000
TURNS = 5
GOALS = {1: 20.0, 10_000: 1.0}


def booster() -> Any:
    numbers = np.random.default_rng(0)
    rows = numbers.normal(size=(20_000, COLUMNS)).astype(np.float32)
    noise = 0.3 * numbers.normal(size=len(rows))
    labels = rows[:, 0] * rows[:, 1] + np.sin(3 * rows[:, 2]) + noise > 0
    parameters = {
        "objective": "binary:logistic",
        "max_depth": DEPTH,
        "eta": 0.1,
        "min_child_weight": 0,
        "nthread": 1,
    }
    return xgboost.train(parameters, xgboost.DMatrix(rows, labels), TREES)


def measured(
    calls: Mapping[str, Callable[[Array], Any]], parts: list[Array], turns: int
) -> dict[str, float]:
    """Microseconds of processor time for a call, in each one's fastest turn."""
    least = dict.fromkeys(calls, float("inf"))
    for _ in range(turns):
        for name, call in calls.items():
            start = time.process_time()
            for part in parts:
                call(part)
            least[name] = min(least[name], 1e6 * (time.process_time() - start) / len(parts))
    return least


def line(model: Any, compiled: neopack.LoadedModel, count: int, turns: int) -> str:
    rows = np.random.default_rng(1).normal(size=(MOST_ROWS, COLUMNS)).astype(np.float32)
    parts = [rows[at : at + count] for at in range(0, MOST_ROWS, count)][:MOST_CALLS]
    calls: dict[str, Callable[[Array], Any]] = {
        "compiled": lambda part: compiled.predict({"data": part})["prediction"],
        "DMatrix": lambda part: model.predict(xgboost.DMatrix(part, nthread=1)),
        "in place": model.inplace_predict,
    }
    off = np.abs(calls["compiled"](parts[0]) - calls["DMatrix"](parts[0])).max()
    times = measured(calls, parts, turns)
    ratios = [times[name] / times["compiled"] for name in ("DMatrix", "in place")]
    columns = "".join(f"{times[name]:13.0f}" for name in calls)
    verdict = ""
    if count in GOALS:
        reached = "reached" if ratios[0] >= GOALS[count] else "missed"
        verdict = f"  goal {GOALS[count]:g}: {reached}"
    return f"{count:7,}{columns}{ratios[0]:11.2f}{ratios[1]:11.2f}{off:12.1e}{verdict}"


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else TURNS
    model = booster()
    with tempfile.TemporaryDirectory() as folder:
        archive = neopack.package(model, path=Path(folder) / "trees.tar.gz")
        artifact = neopack.compile(archive.path, target="linux/x86_64")
        compiled = neopack.load(artifact, threads=1)
    print("   rows  compiled µs   DMatrix µs  in place µs  x DMatrix x in place  difference")
    for count in ROWS:
        print(line(model, compiled, count, turns), flush=True)


if __name__ == "__main__":
    main()
