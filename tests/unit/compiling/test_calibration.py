"""Calibration data and metrics: what is read, and what is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neopack.compiling.calibration import LEAST, MOST, read_samples, refuse_constant, split
from neopack.compiling.metrics import HeldBack, default_metric
from neopack.engines import registry
from neopack.errors import ExportFailed, Malformed, NeopackError, UsageError, VerificationFailed
from neopack.options import CompileOptions
from neopack.values.artifact import Array
from neopack.values.log import SilentLog
from neopack.values.quantization import AUTO, PRECISIONS, Calibration
from neopack.values.signature import Signature, TensorSpec

IMAGE = TensorSpec(name="x", dtype="float32", shape=(2, 3, 4, 4))
IDS = TensorSpec(name="ids", dtype="int32", shape=(1, 5))
PREPROCESS = "size=4x4 mean=0,0,0 std=1,1,1 layout=NCHW"
Save = Callable[..., str]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(**arrays: Any) -> str:
        np.savez(tmp_path / "data.npz", **arrays)
        return str(tmp_path / "data.npz")

    return saved


def read(data: str, *specs: TensorSpec, preprocess: str | None = None) -> Any:
    calibration = Calibration(data=data, preprocess=preprocess)
    return read_samples(calibration, Signature(inputs=specs or (IMAGE,)), SilentLog())


def rows(count: int) -> Array:
    return np.arange(count * 48, dtype=np.float32).reshape(count, 3, 4, 4)


# --- arrays -----------------------------------------------------------------------------------


def test_rows_become_calls_of_the_packaged_batch(save: Save) -> None:
    samples = read(save(x=rows(7), labels=np.arange(7)))
    assert [sample.labels.tolist() for sample in samples] == [[0, 1], [2, 3], [4, 5]]
    assert np.array_equal(samples[1].inputs["x"], rows(7)[2:4])


def test_whole_calls_are_taken_as_they_are(save: Save) -> None:
    calls = rows(6).reshape(3, 2, 3, 4, 4)
    samples = read(save(x=calls, labels=np.arange(6)))
    assert [sample.labels.tolist() for sample in samples] == [[0, 1], [2, 3], [4, 5]]
    assert np.array_equal(samples[2].inputs["x"], calls[2])


def test_an_npy_is_for_the_only_input(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", rows(4).astype(np.float64))
    samples = read(str(tmp_path / "data.npy"))
    assert [sample.inputs["x"].dtype for sample in samples] == [np.float32, np.float32]
    with pytest.raises(UsageError, match="is for one input"):
        read(str(tmp_path / "data.npy"), IMAGE, IDS)


def test_those_that_calibrate_are_not_held_back(save: Save) -> None:
    calibrating, held_back = split(read(save(x=rows(2 * LEAST))))
    assert (len(calibrating), len(held_back)) == (1, 1)
    samples = read(save(ids=np.zeros((MOST + 5, 5), np.int64)), IDS)
    assert len(samples) == MOST


def broken(array: Array, value: float) -> Array:
    array[-1, 0, 0, 0] = value
    return array


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"y": rows(4)}, "lacks input 'x'"),
        ({"x": rows(4), "y": rows(4)}, "has 'y'"),
        ({"x": rows(4)[:, :2]}, r"shape \[4, 2, 4, 4\]: give samples first, \[N, 3, 4, 4\]"),
        ({"x": rows(4).astype(np.uint8)}, "is uint8, not float32"),
        ({"x": broken(rows(4), np.nan)}, "has NaN or infinity"),
        ({"x": broken(rows(4), -np.inf)}, "data.npz, sample 1: input 'x' has NaN or infinity"),
        ({"x": broken(rows(4).astype(float), 1e300)}, "sample 1: .* has numbers beyond float32"),
        ({"x": broken(rows(4), -2e19)}, r"sample 1: input 'x' has a number as large as 2e\+19"),
        ({"x": rows(2)}, "there is 1 sample"),
        ({"x": rows(1)}, "there is not one sample"),
        ({"x": rows(4), "labels": np.arange(3)}, "an integer for each of 4 rows"),
        ({"x": rows(4), "labels": np.arange(4) / 2}, "an integer for each of 4 rows"),
    ],
)
def test_arrays_that_do_not_fit(save: Save, arrays: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        read(save(**arrays))
    assert len(refused.value.line().splitlines()) == 1


def test_counts_and_integers_that_do_not_fit(save: Save) -> None:
    ids = np.zeros((4, 5), np.int64)
    with pytest.raises(UsageError, match="different numbers of samples: x 2, ids 4"):
        read(save(x=rows(4), ids=ids), IMAGE, IDS)
    with pytest.raises(UsageError, match="integers beyond int32"):
        read(save(ids=ids + 2**40), IDS)


class Told(SilentLog):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.mark.parametrize("value", [0.0, -3.5])
def test_one_number_everywhere_gives_no_ranges(save: Save, value: float) -> None:
    data = save(x=np.full((9, 3, 4, 4), value))
    with pytest.raises(UsageError, match=f"input 'x' is {value:g} everywhere, in all samples"):
        refuse_constant(split(read(data))[0], data, SilentLog())
    ids = save(ids=np.zeros((9, 5), np.int32))
    with pytest.raises(UsageError, match="input 'ids' is 0 everywhere"):
        refuse_constant(split(read(ids, IDS))[0], ids, SilentLog())


def test_one_input_of_several_may_be_constant(save: Save) -> None:
    state = TensorSpec(name="state", dtype="float32", shape=(1, 2))
    log, ids = Told(), np.arange(45).reshape(9, 5)
    data = save(ids=ids, state=np.zeros((9, 2)))
    refuse_constant(read(data, IDS, state), data, log)
    assert log.warnings == [
        f"{data}: input 'state' is 0 everywhere, in all samples that calibrate: is it so in use?"
    ]
    # ids that are alike, such as a mask of ones, are not quantized
    data = save(ids=np.ones_like(ids), state=np.arange(18.0).reshape(9, 2))
    refuse_constant(read(data, IDS, state), data, log)
    assert len(log.warnings) == 1


def test_a_pickle_is_not_unpickled(tmp_path: Path, save: Save) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (tmp_path.joinpath("fired").touch, ())

    with pytest.raises(Malformed, match=r"is not an \.npz of arrays"):
        read(save(x=np.array([Bomb(), Bomb()], dtype=object)))
    np.save(tmp_path / "data.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(Malformed, match=r"is not an \.npy of numbers"):
        read(str(tmp_path / "data.npy"))
    assert not (tmp_path / "fired").exists()


@pytest.mark.parametrize(
    ("name", "words"), [("absent.npz", "no such file"), ("data.csv", "is not calibration data")]
)
def test_files_that_are_not_there_or_not_data(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(NeopackError, match=words):
        read(str(tmp_path / name))


# --- images -----------------------------------------------------------------------------------


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    from PIL import Image

    folder = tmp_path / "photographs"
    folder.mkdir()
    for at in range(4):
        Image.new("RGB", (9, 7), (51 * at, 0, 255)).save(folder / f"{at}.png")
    return folder


def test_images_become_inputs_as_named(photographs: Path) -> None:
    text = "size=4x4 mean=0,0.5,0 std=1,1,2 layout=NCHW"
    samples = read(str(photographs), preprocess=text)
    pixels = np.concatenate([sample.inputs["x"] for sample in samples])[:, :, 0, 0]
    assert np.allclose(pixels, [[0.2 * at, -0.5, 0.5] for at in range(4)])
    bgr = read(str(photographs), preprocess=f"{PREPROCESS} color=BGR scale=1")
    assert bgr[0].inputs["x"][1, :, 0, 0].tolist() == [255, 0, 51]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "a preprocessing with size, mean, std, layout"),
        ("size=4x4 mean=0,0,0 std=1,1,1", "a preprocessing with layout"),
        (f"{PREPROCESS} means=1", "not 'means=1'"),
        (PREPROCESS.replace("1,1,1", "1,0,1"), "divides by zero"),
        (PREPROCESS.replace("1,1,1", "1,nan,1"), "is not 3 numbers"),
        (PREPROCESS.replace("4x4", "8x8"), r"images of \[3, 8, 8\]; input 'x' takes \[3, 4, 4\]"),
        (PREPROCESS.replace("NCHW", "NHWC"), r"images of \[4, 4, 3\]"),
        (PREPROCESS.replace("NCHW", "CHW"), "layout is NCHW or NHWC, not CHW"),
    ],
)
def test_a_preprocessing_is_never_guessed(photographs: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read(str(photographs), preprocess=text)


def test_folders_without_images_and_damaged_images(photographs: Path, tmp_path: Path) -> None:
    (photographs / "4.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(Malformed, match="is not an image"):
        read(str(photographs), preprocess=PREPROCESS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="has no images"):
        read(str(tmp_path / "empty"), preprocess=PREPROCESS)


# --- callables --------------------------------------------------------------------------------

CODE = """
import sys
import numpy as np

def endless():
    while True:
        yield np.zeros((1, 5), np.int32), 1

def again():
    ids = np.zeros((1, 5), np.int32)
    for at in range(6):
        ids[:] = at
        yield ids, at

def ragged():
    yield [[1, 2], [3]]

def some():
    yield np.zeros((1, 5), np.int32), 1
    yield np.zeros((1, 5), np.int32)

def unlike():
    yield np.zeros((1, 5), np.int32), 1
    yield np.zeros((1, 5), np.int32), [1, 2]

def wrong():
    yield np.zeros((5,), np.int32)

def broken():
    yield np.zeros((1, 5), np.int32)
    raise KeyError("no more")

def half(outputs, labels):
    return (outputs["y"].argmax(-1) == labels).mean()

def text(outputs, labels):
    return "good"

def nan(outputs, labels):
    return float("nan")

def nothing(outputs, labels):
    pass

def each(outputs, labels):
    return np.ones(3)

def digits(outputs, labels):
    return "0.9"

def raising(outputs, labels):
    raise KeyError("two\\nlines")

def leaving(outputs, labels):
    sys.exit(3)

def zeroing(outputs, expected):
    score = -float(((outputs["y"] - expected["y"]) ** 2).mean())
    outputs["y"][:], expected["y"][:] = 9, 0
    outputs.clear()
    return np.float32(score)
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "data_code.py").write_text(CODE)
    return tmp_path / "data_code.py"


def test_a_callable_yields_inputs_and_labels(code: Path) -> None:
    samples = read(f"{code}:endless", IDS)
    assert len(samples) == MOST
    assert samples[0].labels.tolist() == [1]


def test_a_callable_may_fill_one_array_again(code: Path) -> None:
    samples = read(f"{code}:again", IDS)
    assert [int(sample.inputs["ids"][0, 0]) for sample in samples] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("wrong", UsageError, r"shape \[5\], not \[1, 5\]"),
        ("ragged", UsageError, "sample 0: input 'ids' is not an array"),
        ("some", UsageError, "1 of 2 samples have labels"),
        ("unlike", UsageError, r"labels have different shapes: \[1\] and \[2\]"),
        ("broken", ExportFailed, "raised KeyError: 'no more'"),
        ("absent", NeopackError, "has no 'absent'"),
    ],
)
def test_callables_that_do_not_fit(
    code: Path, name: str, kind: type[NeopackError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        read(f"{code}:{name}", IDS)


# --- metrics ----------------------------------------------------------------------------------


def scores(inputs: Any) -> dict[str, Array]:
    """A model whose class is that of the first id."""
    return {"y": np.eye(4, dtype=np.float32)[inputs["ids"][:, 0]]}


def held_back(
    save: Save, metric: str | None, *, labels: bool = True, bound: float = 0.5
) -> HeldBack:
    ids = np.arange(8)[:, None].repeat(5, axis=1) % 4
    arrays = {"ids": ids, **({"labels": ids[:, 0] * (np.arange(8) < 6)} if labels else {})}
    samples = read(save(**arrays), IDS)
    return HeldBack(metric or default_metric(samples), samples, scores, bound)


def worse(inputs: Any) -> dict[str, Array]:
    """Wrong where the class is 1."""
    return {"y": np.roll(scores(inputs)["y"], int(inputs["ids"][0, 0] == 1), axis=1)}


@pytest.mark.parametrize(
    ("metric", "labels", "before", "after"),
    [
        (None, True, 0.75, 0.5),  # the last two labels are wrong, and one of them is of class 1
        ("top1", False, 1.0, 0.75),
        (None, False, 1.0, 0.75),
        ("mse", False, 0.0, 0.5),
        ("{code}:half", True, 0.75, 0.5),
    ],
)
def test_what_is_lost(
    save: Save, code: Path, metric: str, labels: bool, before: float, after: float
) -> None:
    metric = metric and metric.format(code=code)
    judge = held_back(save, metric, labels=labels)
    assert judge.shown_before == pytest.approx(before)
    loss = judge.within(worse, "int8")
    assert (loss.after, loss.drop) == pytest.approx((after, abs(before - after)))
    assert loss.agreement == 0.75
    strict = held_back(save, metric, labels=labels, bound=0.2)
    with pytest.raises(VerificationFailed, match=r"int8 loses 0\.\d+ of .*, more than 0\.2"):
        strict.within(worse, "int8")


@pytest.mark.parametrize(
    ("metric", "kind", "words"),
    [
        ("top5", UsageError, "did you mean top1"),
        ("{code}:text", ExportFailed, "the metric gives a str, 'good', not a number"),
        ("{code}:digits", ExportFailed, "the metric gives a str, '0.9', not a number"),
        ("{code}:nothing", ExportFailed, "the metric gives a NoneType, None, not a number"),
        ("{code}:each", ExportFailed, "the metric gives a ndarray, array([1., 1., 1.]), not a"),
        ("{code}:raising", ExportFailed, "the metric raised KeyError: "),
        ("{code}:leaving", ExportFailed, "the metric raised SystemExit: 3"),
        ("{code}:nan", ExportFailed, "the metric gives nan"),
    ],
)
def test_metrics_that_do_not_do(
    save: Save, code: Path, metric: str, kind: type[NeopackError], words: str
) -> None:
    with pytest.raises(kind) as refused:
        held_back(save, metric.format(code=code))
    assert words in refused.value.line()
    assert len(refused.value.line().splitlines()) == 1


def test_a_metric_may_overwrite_what_it_is_given(save: Save, code: Path) -> None:
    judge = held_back(save, f"{code}:zeroing", labels=False)
    assert judge.before == 0
    losses = [judge.within(worse, "int8") for _ in range(2)]
    assert losses[0] == losses[1]
    assert losses[0].after == pytest.approx(-0.125)
    assert losses[0].agreement == 0.75


def test_what_is_not_scores_has_no_largest(save: Save) -> None:
    samples = read(save(ids=np.ones((4, 5), np.int32)), IDS)
    one = HeldBack("mse", samples, lambda inputs: {"y": np.ones((1, 1))}, 0.1)
    assert one.within(lambda inputs: {"y": np.ones((1, 1))}, "int8").agreement is None


def test_top1_takes_scores_of_classes(save: Save) -> None:
    samples = read(save(ids=np.zeros((4, 5), np.int32)), IDS)
    with pytest.raises(UsageError, match="metric top1 takes scores"):
        HeldBack("top1", samples, lambda inputs: {"y": np.zeros((1, 2, 2))}, 0.1)
    for label in (4, -1, 0.5):
        labelled = [replace(sample, labels=np.array([label])) for sample in samples]
        with pytest.raises(UsageError, match=f"takes labels from 0 to 3, .* one is {label}"):
            HeldBack("top1", labelled, scores, 0.1)
    with pytest.raises(VerificationFailed, match=r"data.npz, sample 0: output 'y' .* not finite"):
        HeldBack("mse", samples, lambda inputs: {"y": np.full(2, np.nan)}, 0.1)


# --- options ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"precision": "int9"}, "no precision 'int9'"),
        ({"precision": "int9", "calibration": "x.npz"}, "no precision 'int9'"),
        ({"precision": 8}, "no precision 8"),
        ({"precision": None}, "no precision None"),
        ({"precision": "int8"}, "needs --calibration"),
        ({"precision": "bf16", "calibration": "x.npz"}, "does nothing in bf16"),
        ({"precision": "int8-weights", "metric": "top1"}, "--metric goes with --calibration"),
        ({"precision": "auto", "preprocess": PREPROCESS}, "--preprocess goes with"),
        (
            {"precision": "int8", "calibration": "random", "metric": "top1"},
            "--metric does nothing with --calibration random",
        ),
        (
            {"precision": "int8", "calibration": "x.npz", "max_accuracy_drop": -1.0},
            "must be 0 or more",
        ),
    ],
)
def test_options_that_contradict(choices: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        CompileOptions(**choices)


def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as refused:
        CompileOptions(precision="int9")
    known = ", ".join((*PRECISIONS, AUTO))
    assert refused.value.hint == f"did you mean int8? there are {known}"
    assert {word for name in registry.names() for word in registry.precisions(name)} == {
        *PRECISIONS
    }
