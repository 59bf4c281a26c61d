"""Requests that wait together are computed together, and each gets its own rows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import neopack
from neopack.artifacts.loaded_model import LoadedModel
from neopack.errors import UsageError
from neopack.serving.batched import BatchedContainer
from neopack.serving.bodies import Body


class Counting:
    """A runner that counts its calls."""

    def __init__(self, model: LoadedModel) -> None:
        self.signature, self._runner, self.calls = model.signature, model.runner, 0

    def predict(self, inputs: object) -> dict[str, np.ndarray]:
        self.calls += 1
        return self._runner.predict(inputs)  # type: ignore[arg-type]


def test_each_request_gets_its_own_rows(models: Path, tmp_path: Path) -> None:
    archive = neopack.package(
        f"{models}:cnn", inputs={"image": (4, 3, 8, 8)}, path=tmp_path / "a.tar.gz"
    )
    model = neopack.load(archive.path)
    counting = Counting(model)
    container = BatchedContainer(replace(model, runner=counting), max_batch=4, max_wait=0.2)
    arrays = np.random.default_rng(0).standard_normal((12, 1, 3, 8, 8)).astype(np.float32)

    def asked(array: np.ndarray) -> object:
        body = Body(kind="application/json", data=json.dumps(array.tolist()).encode())
        return json.loads(container.answer(body, "").data)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(asked, arrays))
    assert counting.calls < 12
    np.testing.assert_allclose(
        np.concatenate(answers),  # type: ignore[arg-type]
        model.predict_batch({"image": np.concatenate(list(arrays))})["output0"],
        rtol=1e-4,
        atol=1e-6,
    )
    with pytest.raises(UsageError, match="1 to 4 rows"):
        asked(arrays[:5, 0])
    with pytest.raises(UsageError, match="has shape"):
        asked(arrays[0, :, :2])
    container.close()
    with pytest.raises(UsageError, match="--max-batch 8 does not fit the model: image"):
        BatchedContainer(model, max_batch=8, max_wait=0)
