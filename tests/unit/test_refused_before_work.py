"""What is refused in one line before anything large, or foreign, is touched."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

import neopack
from neopack.errors import SourceError, UsageError
from neopack.formats.files import FolderFiles
from neopack.frameworks.xgboost.run import lifted, runner
from neopack.goldens.batch_ranges import BatchRange, batches_of
from neopack.values.signature import Signature, TensorSpec


@pytest.mark.parametrize(("dtype", "fits"), [("uint8", 14266), ("float32", 3566)])
def test_a_batch_too_large_to_compute_is_refused(dtype: str, fits: int) -> None:
    image = TensorSpec(name="x", dtype=dtype, shape=(1, 3, 224, 224))
    signature = Signature(inputs=(image,))
    within = BatchRange(name="x", least=1, most=fits, rest=(3, 224, 224))
    assert batches_of([within], signature) == (1, fits)
    beyond = BatchRange(name="x", least=1, most=999_999_999, rest=(3, 224, 224))
    with pytest.raises(UsageError, match=r"999999999 take [\d,]+ bytes"):
        batches_of([beyond], signature)


def test_bench_says_how_two_are_measured() -> None:
    two: Any = ["a.tar.gz", "b.tar.gz"]
    with pytest.raises(UsageError, match="one path, not a list") as caught:
        neopack.bench(two)
    assert "against=b" in caught.value.hint


def test_a_pickled_booster_is_neither_run_nor_lifted(tmp_path: Path) -> None:
    rows = np.arange(20, dtype=np.float32).reshape(10, 2)
    booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(rows, rows[:, 0]), 1)
    model = tmp_path / "xgboost-model"
    model.write_bytes(pickle.dumps(booster))
    with pytest.raises(SourceError, match="is a pickle") as caught:
        runner(FolderFiles(tmp_path), model.name, Signature(inputs=()), None)
    assert "Booster.save_model" in caught.value.hint
    with pytest.raises(SourceError, match="is a pickle"):
        lifted(model, tmp_path)
