"""Compiled artifacts loaded for many callers, and loaded again."""

from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neopack
from neopack.artifacts import loaded_model, model_cache
from neopack.errors import Unsupported, UsageError
from neopack.runtimes import this_cpu
from neopack.values.artifact import Array


@pytest.fixture
def artifact(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(model_cache, "SMALLEST", 0)
    return Path(shutil.copy(shelf / "cnn-ml_c5.tar.gz", tmp_path / "cnn.tar.gz"))


def images(count: int) -> Array:
    return np.random.default_rng(0).standard_normal((count, 3, 8, 8), dtype=np.float32)


def test_streams_lose_no_call_and_batches_no_row(artifact: Path) -> None:
    rows = images(16)
    model = neopack.load(artifact, streams=2, cache=False)
    with ThreadPoolExecutor(16) as pool:
        calls = [{"image": rows[at : at + 1]} for at in range(16)]
        answers = list(pool.map(model.predict, calls))
    (name,) = answers[0]
    alone = np.concatenate([answer[name] for answer in answers])
    assert np.allclose(model.predict_batch({"image": rows})[name], alone, atol=1e-6)
    assert not artifact.with_name("cnn.cache").exists()


def test_streams_are_of_engines_that_have_them(shelf: Path, artifact: Path) -> None:
    with pytest.raises(Unsupported, match="not compiled has no streams"):
        neopack.load(shelf / "cnn.tar.gz", streams=2)


@pytest.mark.parametrize("count", [0, -1, 10**6, 10**30, 1.5, 2.0, "2", True, [1], float("nan")])
def test_threads_and_streams_are_counted(artifact: Path, count: Any) -> None:
    said = re.escape(f"must be a whole number from 1 to 1024, not {count!r:.40}")
    with pytest.raises(UsageError, match=f"^streams {said}$"):
        neopack.load(artifact, streams=count)
    with pytest.raises(UsageError, match=f"^--threads {said}$"):
        neopack.load(artifact, threads=count)


def test_counts_may_be_numbers_of_numpy(artifact: Path) -> None:
    model = neopack.load(artifact, streams=np.int64(2), threads=np.int32(2))  # type: ignore[arg-type]
    assert model.predict_batch({"image": images(3)})


def test_a_second_load_does_not_read_the_archive(
    artifact: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = neopack.load(artifact).predict({"image": images(1)})
    (kept,) = artifact.with_name("cnn.cache").iterdir()
    with monkeypatch.context() as patched:
        patched.setattr(loaded_model, "open_archive", None)
        again = neopack.load(artifact)
    assert (again.engine, again.precision) == ("openvino", "fp32")
    for name, array in again.predict({"image": images(1)}).items():
        assert np.array_equal(array, first[name])
    # on another CPU
    monkeypatch.setattr(this_cpu, "identity", lambda: "another")
    neopack.load(artifact)
    assert len(list(kept.parent.iterdir())) == 2
    # damaged
    monkeypatch.undo()
    monkeypatch.setattr(model_cache, "SMALLEST", 0)
    for path in kept.iterdir():
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (kept / "neopack.json").unlink()
    assert neopack.load(artifact).signature == again.signature
    # another archive under its name
    shutil.copy(shelf / "onnx-ml_c5.tar.gz", artifact)
    neopack.load(artifact)
    assert not kept.exists()


def test_damage_of_what_was_kept_is_made_good(artifact: Path) -> None:
    neopack.load(artifact)
    (kept,) = artifact.with_name("cnn.cache").iterdir()
    for path in [*kept.glob("*.blob"), kept / "compiled.bin"]:
        path.chmod(0o600)
        path.write_bytes(b"")
    neopack.load(artifact).predict({"image": images(1)})
    assert (kept / "compiled.bin").stat().st_size


def test_what_others_can_write_is_not_read(artifact: Path) -> None:
    neopack.load(artifact)
    folder = artifact.with_name("cnn.cache")
    folder.chmod(0o777)
    assert model_cache.place_of(artifact, str) is None
    shutil.rmtree(folder)
    folder.symlink_to(artifact.parent)
    assert model_cache.place_of(artifact, str) is None


def test_arrays_that_cannot_be_written_to_are_computed_without_a_warning(shelf: Path) -> None:
    given = images(1)
    given.flags.writeable = False
    assert neopack.run(shelf / "cnn.tar.gz", {"image": given})
