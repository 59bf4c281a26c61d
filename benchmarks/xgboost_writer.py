"""Compare writing 1,000 trees of depth 8 in XGBoost 1.3.3's binary format with ``save_model``.

Both start from the same live Booster. neopack converts XGBoost's UBJSON to the binary model;
XGBoost writes its JSON. Goal: at least as fast.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from neopack.formats.source import BytesSource
from neopack.frameworks.xgboost import document
from neopack.frameworks.xgboost.lowering import lower

REPEATS = 15


def booster() -> Any:
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((20_000, 20), dtype=np.float32)
    label = rows.sum(axis=1) + generator.standard_normal(20_000)
    parameters = {"max_depth": 8, "objective": "reg:squarederror"}
    return xgboost.train(parameters, xgboost.DMatrix(rows, label=label), 1000)


def ours(model: Any, to: Path) -> None:
    raw = bytes(model.save_raw("ubj"))
    to.write_bytes(lower.lower(document.load(BytesSource("model", raw), "ubj"), "model").data)


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    model = booster()
    with tempfile.TemporaryDirectory() as folder:
        binary, text = Path(folder) / "m.model", Path(folder) / "m.json"
        written, saved = [], []
        for _ in range(REPEATS):
            written.append(seconds(lambda: ours(model, binary)))
            saved.append(seconds(lambda: model.save_model(text)))
        ratios = [b / a for a, b in zip(written, saved, strict=True)]
        print(
            f"write 1,000 trees: neopack {1e3 * statistics.median(written):.0f} ms, save_model to "
            f"JSON {1e3 * statistics.median(saved):.0f} ms; times as fast: median "
            f"{statistics.median(ratios):.2f}, of minima {min(saved) / min(written):.2f}  "
            "goal: at least 1"
        )


if __name__ == "__main__":
    main()
