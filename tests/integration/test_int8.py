"""A network in 8 bits: calibrated, judged on samples held back, written with what it lost."""

from __future__ import annotations

import numpy as np
import pytest
from desk import Copied, Desk

import neopack
from neopack.artifacts.load import open_archive
from neopack.errors import UsageError, VerificationFailed
from neopack.values.artifact import Array


def angle(ours: Array, theirs: Array) -> float:
    return float((ours * theirs).sum() / np.sqrt((ours**2).sum() * (theirs**2).sum()))


def test_int8_is_as_good_as_its_manifest_says(desk: Desk, copied: Copied) -> None:
    archive = copied("cnn", desk.path)
    images = np.random.default_rng(0).standard_normal((12, 3, 8, 8), dtype=np.float32)
    np.save("images.npy", images)
    made = neopack.compile(
        archive, target="ml_c5", precision="int8", calibration="images.npy", metric="cosine"
    )
    assert made.path is not None
    manifest = open_archive(made.path).compiled
    assert manifest is not None
    record = manifest.quantization
    assert record is not None
    assert record == made.quantization
    assert (record.calibrated, record.held_back, record.metric) == (4, 8, "cosine")
    small, whole = neopack.load(made.path), neopack.load(archive)
    assert small.precision == "int8"
    (name,) = [spec.name for spec in whole.signature.outputs]
    held_back = [images[at : at + 1] for at in range(12) if at % 3]
    pairs = [
        (small.predict({"image": image})[name], whole.predict({"image": image})[name])
        for image in held_back
    ]
    seen = float(np.mean([angle(*pair) for pair in pairs]))
    assert record.after == pytest.approx(seen, abs=1e-4)
    assert max(float(abs(a - b).max()) for a, b in pairs) > 0, "this is fp32"
    assert record.drop is not None
    assert 0 < record.drop < 0.01
    same = [float(a.argmax() == b.argmax()) for a, b in pairs]
    assert record.agreement == np.mean(same)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (0.0, "images.npy: input 'image' is 0 everywhere, in all samples that calibrate"),
        (
            1e37,
            r"images.npy, sample 0: input 'image' has a number as large as 1.9e\+38, too large",
        ),
    ],
)
def test_data_that_gives_no_ranges_is_refused_before_anything_is_written(
    desk: Desk, copied: Copied, scale: float, words: str
) -> None:
    archive = copied("cnn", desk.path)
    images = np.arange(6 * 192, dtype=np.float32).reshape(6, 3, 8, 8) % 20
    np.save("images.npy", np.float32(scale) * images)
    before = desk.seen()
    with pytest.raises(UsageError, match=words) as refused:
        neopack.compile(archive, target="ml_c5", precision="int8", calibration="images.npy")
    assert len(refused.value.line().splitlines()) == 1
    assert desk.seen() == before


def test_what_loses_too_much_is_not_written(desk: Desk, copied: Copied) -> None:
    archive = copied("cnn", desk.path)
    np.save("images.npy", np.arange(6 * 192, dtype=np.float32).reshape(6, 3, 8, 8))
    before = desk.seen()
    (desk.path / "metric.py").write_text("def worst(outputs, expected):\n    return WORST.pop()\n")
    with (desk.path / "metric.py").open("a") as code:
        code.write("WORST = [-float(at) for at in range(99, 0, -1)]\n")
    with pytest.raises(VerificationFailed, match=r"in int8|loses"):
        neopack.compile(
            archive,
            target="ml_c5",
            precision="int8",
            calibration="images.npy",
            metric="metric.py:worst",
            max_accuracy_drop=0.5,
        )
    (desk.path / "metric.py").unlink()
    assert desk.seen() == before
