"""The templates: Python 3.6, without a finding, and really serving a packaged model."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import neopack
from neopack import runtimes
from neopack.archive.manifest import golden_path, manifest_path
from neopack.goldens.cases import load_goldens
from neopack.runtimes import install
from neopack.serving.bodies import Body
from neopack.serving.tensorflow_script import TensorFlowScript
from neopack.values.log import SilentLog

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
SCRIPTS = sorted(TEMPLATES.glob("*/code/*.py"))
SOURCES = {"pytorch": "pytorch/tokens-traced.pt", "onnx": "onnx/cnn-opset12.onnx"}
NPY, NPZ, JSON = "application/x-npy", "application/x-npz", "application/json"


def imported(path: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location("served", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def package(source: str, folder: Path, template: str) -> Path:
    archive = folder / "model.tar.gz"
    code = TEMPLATES / template / "code"
    made = neopack.package(ROOT / "fixtures" / source, path=archive, code=code)
    assert not made.report.findings
    return archive


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_a_template_is_python_3_6(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 6))


def test_every_template_is_tested() -> None:
    assert {path.parts[-3] for path in SCRIPTS} == {*SOURCES, "tensorflow", "mxnet"}


@pytest.mark.parametrize("target", ["ml_c5", "ml_g4dn", "ml_inf1"])
def test_no_rule_finds_anything_in_pytorch(target: str, served: Path) -> None:
    report = neopack.check(served / "model.tar.gz", target=target)
    assert not [f for f in report.findings if f.id.startswith("NEO-HD")]


# --- pytorch ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packaged model with the template, unpacked as the container does it."""
    folder = tmp_path_factory.mktemp("served")
    with tarfile.open(package(SOURCES["pytorch"], folder, "pytorch")) as archive:
        archive.extractall(folder, filter="data")
    shutil.copy(manifest_path(folder / "model.tar.gz"), folder / "code")
    return folder


@pytest.fixture(scope="module")
def script(served: Path) -> Any:
    return imported(served / "code" / "inference.py")


@pytest.fixture(scope="module")
def goldens(served: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return load_goldens(golden_path(served / "model.tar.gz"))


def npz(arrays: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_requests_get_the_golden_answers(script: Any, served: Path, goldens: Any) -> None:
    inputs, (golden,) = goldens[0], goldens[1].values()
    model = script.model_fn(str(served))
    lists = {name: array.tolist() for name, array in reversed(inputs.items())}
    for body, kind in (
        (npz(inputs), NPZ),
        (bytearray(json.dumps(lists).encode()), JSON),
        (json.dumps(lists), "application/json; charset=utf-8"),
    ):
        prediction = script.predict_fn(script.input_fn(body, kind), model)
        answer, kind = script.output_fn(prediction, "*/*")
        assert kind == JSON
        np.testing.assert_allclose(json.loads(answer), golden, rtol=1e-6)
    answer, kind = script.output_fn(prediction, NPY)
    np.testing.assert_array_equal(np.load(io.BytesIO(answer)), prediction.numpy())
    answer, kind = script.output_fn({"a": prediction, "b": prediction}, f"{NPY}, {NPZ}")
    assert (kind, set(np.load(io.BytesIO(answer)))) == (NPZ, {"a", "b"})


def test_what_does_not_fit_is_refused(script: Any) -> None:
    with pytest.raises(ValueError, match="attention_mask"):
        script.input_fn('{"input_ids": [[1]]}', JSON)
    with pytest.raises(script.UnsupportedFormatError):
        script.input_fn(b"1,2", "text/csv")
    with pytest.raises(script.UnsupportedFormatError):
        script.output_fn([], "text/csv")


def test_images_become_normalised_pixels() -> None:
    image: Any = pytest.importorskip("PIL.Image")
    script: Any = imported(TEMPLATES / "pytorch" / "code" / "inference.py")
    script.INPUTS = [("input0", [1, 3, 8, 6], "float32")]
    stream = io.BytesIO()
    image.new("RGB", (20, 30), (255, 0, 0)).save(stream, "png")
    (pixels,) = script.input_fn(stream.getvalue(), "image/png")
    assert (pixels.shape, pixels.dtype) == ((1, 3, 8, 6), np.float32)
    np.testing.assert_allclose(pixels[0, :, 0, 0], [2.2489, -2.0357, -1.8044], atol=1e-4)


def test_without_shapes_one_input_is_still_served(tmp_path: Path, caplog: Any) -> None:
    script: Any = imported(TEMPLATES / "pytorch" / "code" / "inference.py")
    shutil.copy(ROOT / "fixtures" / "pytorch" / "cnn-traced.pt", tmp_path / "model.pt")
    caplog.set_level("WARNING", logger="served")  # engines set the root's
    model = script.model_fn(str(tmp_path))
    assert "no warm-up" in caplog.text
    arrays = script.input_fn(npy(np.ones((1, 3, 8, 8), np.float32)), NPY)
    assert script.predict_fn(arrays, model).shape == (1, 5)
    with pytest.raises(OSError, match=r"model\.pt"):
        script.model_fn(str(tmp_path / "nowhere"))


# --- onnx ---------------------------------------------------------------------------------------


def test_the_onnx_template_serves_what_dlr_hands_it(tmp_path: Path) -> None:
    archive = package(SOURCES["onnx"], tmp_path, "onnx")
    script: Any = imported(TEMPLATES / "onnx" / "code" / "inference.py")
    inputs, golden = load_goldens(golden_path(archive))
    (name, array), (output,) = *inputs.items(), golden.values()
    for body, kind in ((npy(array), NPY), (json.dumps(array.tolist()), JSON)):
        given = script.neo_preprocess(body, kind)
        (answer,) = neopack.run(archive, {name: given}).values()
        body, kind = script.neo_postprocess(answer)
        assert kind == JSON
        np.testing.assert_allclose(json.loads(body), output, rtol=1e-5)
    assert json.loads(script.neo_postprocess([answer, answer])[0]) == [answer.tolist()] * 2
    with pytest.raises(ValueError, match="text/csv"):
        script.neo_preprocess("1,2", "text/csv")


def test_several_inputs_go_by_name() -> None:
    script: Any = imported(TEMPLATES / "onnx" / "code" / "inference.py")
    script.INPUTS = [("ids", "int64"), ("mask", "float32")]
    given = script.neo_preprocess('{"mask": [1], "ids": [2]}', JSON)
    assert {name: array.dtype.name for name, array in given.items()} == dict(script.INPUTS)
    with pytest.raises(ValueError, match="ids"):
        script.neo_preprocess('{"ids": [2]}', JSON)
    with pytest.raises(ValueError, match="name each"):
        script.neo_preprocess("[1]", JSON)


# --- tensorflow ---------------------------------------------------------------------------------


class Doubled:
    """What runs behind the server beside TensorFlow Serving: one input alone, or two by name."""

    def __call__(self, values: Any) -> Any:
        arrays = list(values.values()) if isinstance(values, dict) else [values]
        return 2 * sum(arrays)


@pytest.mark.parametrize(
    ("body", "kind", "answer"),
    [
        ("[[1, 2]]", JSON, {"outputs": [[2, 4]]}),
        ('{"instances": [[1, 2]]}', JSON, {"predictions": [[2, 4]]}),
        ('{"a": [1], "b": [2]}', JSON, {"outputs": [6]}),
        (npy(np.array([[1, 2]])), NPY, {"outputs": [[2, 4]]}),
        (npz({"a": np.array([1]), "b": np.array([2])}), NPZ, {"outputs": [6]}),
    ],
)
def test_the_tensorflow_template(body: Any, kind: str, answer: Any) -> None:
    script = TensorFlowScript(
        imported(TEMPLATES / "tensorflow/code/inference.py"), "", lambda: Doubled()
    )
    answered = script.answer(Body.of(body, kind), "*/*")
    assert (json.loads(answered.data), answered.kind) == (answer, JSON)


def test_what_the_tensorflow_template_refuses() -> None:
    script = TensorFlowScript(
        imported(TEMPLATES / "tensorflow/code/inference.py"), "", lambda: Doubled()
    )
    with pytest.raises(ValueError, match="text/csv"):
        script.answer(Body.of("1,2", "text/csv"), "")
    with pytest.raises(ValueError, match="text/csv is not"):
        script.answer(Body.of("[1]", JSON), "text/csv")
    with pytest.raises(ValueError, match="error"):
        script.answer(Body.of('{"a": [1], "b": ["x"]}', JSON), "")


# --- mxnet --------------------------------------------------------------------------------------

ASK = """
import io, json, numpy as np, inference
inference.INPUTS = [("data", (1, 3, 8, 8), "float32")]
model = inference.model_fn(".")
array = np.arange(192, dtype="float32").reshape(1, 3, 8, 8) / 192
stream = io.BytesIO()
np.save(stream, array)
npz = io.BytesIO()
np.savez(npz, data=array)
bodies = [
    (json.dumps(array.tolist()), "application/json; charset=utf-8"),
    (json.dumps({"data": array.tolist()}), "application/json"),
    (stream.getvalue(), "application/x-npy"),
    (npz.getvalue(), "application/x-npz"),
]
answers = []
for body, kind in bodies:
    prediction = inference.predict_fn(inference.input_fn(body, kind), model)
    answer, kind = inference.output_fn(prediction, "*/*")
    assert kind == "application/json"
    answers.append(json.loads(answer))
answer, kind = inference.output_fn(prediction, "application/x-npy")
answers.append(np.load(io.BytesIO(answer)).tolist())
print(json.dumps(answers))
"""


def test_the_mxnet_template_in_its_own_version(tmp_path: Path) -> None:
    """With plain parameters: ``neomx``, which only AWS has, registers more operators."""
    runtime = runtimes.get("mxnet-1.8.0")
    python = install.ensure(runtime, SilentLog())
    shutil.copy(TEMPLATES / "mxnet/code/inference.py", tmp_path)
    for name in ("module-symbol.json", "module-0000.params"):
        shutil.copy(ROOT / "fixtures/mxnet/mxnet-1.8.0" / name, tmp_path)
    (tmp_path / "neomx.py").touch()
    done = subprocess.run([python, "-c", ASK], cwd=tmp_path, capture_output=True, check=True)
    first, *others = json.loads(done.stdout.splitlines()[-1])
    assert np.shape(first) == (1, 3)
    assert np.isclose(np.sum(first), 1)  # a softmax
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-6)
