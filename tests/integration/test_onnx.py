"""ONNX models of every form, packaged, compiled and run for real."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest
from desk import Call, Desk

import neopack as package
from neopack.errors import SourceError, UsageError
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array, NeoArchive

# what a newer opset and IR version would be found to be
NEW = ("NEO-ON-001", "NEO-ON-002")
TWO = {"input_ids": (1, 6), "attention_mask": (1, 4, 6)}


def model_in(made: NeoArchive) -> bytes:
    with tarfile.open(made.path) as tar:
        (entry,) = tar.getmembers()
        assert entry.name == "model.onnx"
        stream = tar.extractfile(entry)
        assert stream is not None
        return stream.read()


def manifest(made: NeoArchive) -> Any:
    return json.loads(made.manifest.read_bytes())


def computed(model: bytes, inputs: dict[str, Array]) -> dict[str, Array]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def agrees(made: NeoArchive, model: bytes) -> None:
    """The golden outputs are what ``model`` computes, and what the archive computes."""
    inputs, golden = load_goldens(made.goldens)
    assert difference(golden, computed(model, inputs)) == 0
    assert difference(golden, package.load(made.path).predict(inputs)) == 0


def test_a_plain_file_is_kept_byte_for_byte(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "onnx/cnn-opset12.onnx"
    made = package.package(path, path=tmp_path / "m.tar.gz")
    assert model_in(made) == path.read_bytes()
    agrees(made, path.read_bytes())
    described = manifest(made)
    assert described["data_input_config"] == '{"image":[1,3,8,8]}'
    assert described["compiler_options"] is None
    assert described["source"] == "cnn-opset12.onnx"


def test_an_ir_version_newer_than_onnx_runtime_is_run(tmp_path: Path, fixtures: Path) -> None:
    """Today's onnx writes one, whatever is in the model."""
    source = fixtures / "onnx/cnn-opset18.onnx"
    newer = onnx.load(source)
    newer.ir_version = onnx.IR_VERSION
    (tmp_path / "newer.onnx").write_bytes(newer.SerializeToString())
    archives = [
        package.package(path, target="ml_c5", path=tmp_path / f"{path.stem}.tar.gz")
        for path in (source, tmp_path / "newer.onnx")
    ]
    assert model_in(archives[0]) == model_in(archives[1])


def test_external_data_is_embedded(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "onnx/external-data.onnx"
    made = package.package(path, path=tmp_path / "m.tar.gz")
    model = model_in(made)
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "model.onnx").write_bytes(model)
    loaded = onnx.load(alone / "model.onnx")
    assert not any(tensor.external_data for tensor in loaded.graph.initializer)
    inputs, golden = load_goldens(made.goldens)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    expected = dict(zip(names, session.run(names, inputs), strict=True))
    assert difference(golden, expected) == 0
    agrees(made, model)


@pytest.mark.parametrize("beside", ["nothing", "a link", "too little"])
def test_external_data_that_cannot_be_had(
    tmp_path: Path, fixtures: Path, refused: Call, desk: Desk, beside: str
) -> None:
    shutil.copy(fixtures / "onnx/external-data.onnx", desk.path)
    data = desk.path / "external-data.bin"
    if beside == "a link":
        (tmp_path / "secret").write_bytes(bytes(1000))
        data.symlink_to(tmp_path / "secret")
    elif beside == "too little":
        data.write_bytes(bytes(10))
    refused(1, "external-data.onnx", "package", "external-data.onnx", "-o", "out.tar.gz")


def test_more_than_one_file_can_hold(desk: Desk, refused: Call, fixtures: Path) -> None:
    """The data is a hole: refused before it is read."""
    given = onnx.load(fixtures / "onnx/external-data.onnx", load_external_data=False)
    tensor = max(given.graph.initializer, key=lambda each: math.prod(each.dims))
    tensor.dims[0] = (2 << 30) // (4 * math.prod(tensor.dims[1:])) + 1
    size = 4 * math.prod(tensor.dims)
    for entry in tensor.external_data:
        if entry.key == "length":
            entry.value = str(size)
        if entry.key == "location":
            place = desk.path / entry.value
        if entry.key == "offset":
            entry.value = "0"
    with place.open("wb") as stream:
        stream.truncate(size)
    (desk.path / "large.onnx").write_bytes(given.SerializeToString())
    refused(1, "2.00 GiB", "package", "large.onnx", "-o", "out.tar.gz")


def test_external_data_outside_of_its_folder_is_not_read(
    tmp_path: Path, fixtures: Path, refused: Call, desk: Desk
) -> None:
    model = onnx.load(fixtures / "onnx/external-data.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../secret"
    (tmp_path / "secret").write_bytes(bytes(1000))
    (desk.path / "bad.onnx").write_bytes(model.SerializeToString())
    refused(1, "bad.onnx", "package", "bad.onnx", "-o", "out.tar.gz")


def test_a_symbolic_batch_must_be_given(tmp_path: Path, fixtures: Path, refused: Call) -> None:
    path = fixtures / "onnx/symbolic-batch.onnx"
    words = ("symbolic-batch.onnx", "image", "--input image=")
    refused(2, words, "package", path, "-o", "out.tar.gz")
    made = package.package(path, inputs={"image": (2, 3, 8, 8)}, path=tmp_path / "m.tar.gz")
    assert manifest(made)["data_input_config"] == '{"image":[2,3,8,8]}'
    agrees(made, path.read_bytes())


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"picture": (1, 3, 8, 8)}, "no input 'picture'"),
        ({"image": (1, 3, 9, 9)}, r"not float32 \[1, 3, 9, 9\]"),
        ({"image": (3, 8, 8)}, r"not float32 \[3, 8, 8\]"),
    ],
)
def test_inputs_that_the_graph_does_not_take(
    tmp_path: Path, fixtures: Path, inputs: dict[str, tuple[int, ...]], words: str
) -> None:
    path = fixtures / "onnx/cnn-opset12.onnx"
    with pytest.raises(UsageError, match=words):
        package.package(path, inputs=inputs, path=tmp_path / "m.tar.gz")
    assert not list(tmp_path.iterdir())


def test_two_inputs(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "onnx/two-inputs.onnx"
    made = package.package(path, inputs=TWO, path=tmp_path / "m.tar.gz")
    assert manifest(made)["data_input_config"] == ('{"input_ids":[1,6],"attention_mask":[1,4,6]}')
    inputs, _ = load_goldens(made.goldens)
    assert {name: str(array.dtype) for name, array in inputs.items()} == {
        "input_ids": "int64", "attention_mask": "int64",
    }  # fmt: skip
    agrees(made, path.read_bytes())


def test_an_opset_that_is_too_new_is_lowered(
    neopack: Call, desk: Desk, tmp_path: Path, fixtures: Path
) -> None:
    path = fixtures / "onnx/cnn-opset18.onnx"
    answer = neopack("package", path, "-o", "m.tar.gz")
    assert answer.code == 0
    assert "lowered for ONNX 1.7.0: IR version 10 to 7; opset 18 to 12" in answer.err
    made = package.package(path, path=tmp_path / "m.tar.gz")
    assert not made.report.at("error")
    assert manifest(made)["rewrites"] == ["IR version 10 to 7", "opset 18 to 12"]
    assert {finding.id for finding in package.check(made.path).findings}.isdisjoint(NEW)
    agrees(made, path.read_bytes())


def test_what_cannot_be_lowered_is_refused_by_name(refused: Call, desk: Desk) -> None:
    text = (
        '<ir_version: 10, opset_import: ["": 16]> agraph (float[1,1,4,4] x, float[1,2,2,2] g) => '
        "(float[1,1,2,2] y) {y = GridSample(x, g)}"
    )
    model = onnx.parser.parse_model(text)
    model.graph.node[0].name = "warp"
    onnx.save(model, desk.path / "warp.onnx")
    words = ("warp.onnx", "GridSample (warp)", "use instead")
    refused(1, words, "package", "warp.onnx", "-o", "out.tar.gz")


def test_weights_and_callables_do_not_go_with_onnx(fixtures: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="--weights"):
        package.package(
            fixtures / "onnx/cnn-opset12.onnx",
            weights=fixtures / "pytorch/state-dict.pt",
            path=tmp_path / "m.tar.gz",
        )
    with pytest.raises(SourceError, match="from a file"):
        package.package("os:getcwd", framework="onnx", path=tmp_path / "m.tar.gz")


def test_a_live_model_makes_the_same_archive(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "onnx/cnn-opset12.onnx"
    made = [
        package.package(given, path=tmp_path / f"{index}.tar.gz")
        for index, given in enumerate((path, onnx.load(path)))
    ]
    names = [load_goldens(each.goldens)[1] for each in made]
    assert difference(names[0], names[1]) == 0


def test_packaging_twice_gives_the_same_bytes(
    neopack: Call, desk: Desk, tmp_path: Path, fixtures: Path
) -> None:
    path = fixtures / "onnx/cnn-opset12.onnx"
    made = package.package(path, path=tmp_path / "m.tar.gz")
    assert neopack("package", path, "-o", "m.tar.gz").code == 0
    for file in (made.path, made.manifest, made.goldens):
        assert (desk.path / file.name).read_bytes() == file.read_bytes()


ROAD: dict[str, dict[str, tuple[int, ...]]] = {
    "cnn-opset12": {},
    "cnn-opset18": {},
    "external-data": {},
    "symbolic-batch": {"image": (2, 3, 8, 8)},
    "two-inputs": TWO,
    "listed-initializers": {},
}


@pytest.mark.parametrize("name", ROAD)
def test_compile_and_predict(tmp_path: Path, fixtures: Path, name: str) -> None:
    made = package.package(
        fixtures / f"onnx/{name}.onnx",
        inputs=ROAD[name],
        path=tmp_path / "m.tar.gz",
    )
    compiled = package.compile(made.path, target="ml_c5")
    assert compiled.difference is not None
    assert compiled.difference < 1e-5
    inputs, golden = load_goldens(made.goldens)
    alone = tmp_path / "alone"
    alone.mkdir()
    only = Path(shutil.copy(tmp_path / "m-ml_c5.tar.gz", alone))
    assert difference(golden, package.load(only).predict(inputs)) < 1e-5


def test_check_run_and_bench(shelf: Path) -> None:
    assert package.check(shelf / "onnx.tar.gz").clean
    inputs, golden = load_goldens(shelf / "onnx.golden.npz")
    for name in ("onnx.tar.gz", "onnx-ml_c5.tar.gz"):
        assert difference(golden, package.run(shelf / name, inputs)) < 1e-5
    result = package.bench(shelf / "onnx-ml_c5.tar.gz", against=shelf / "onnx.tar.gz", seconds=0.1)
    assert [side.engine for side in result.sides] == ["openvino", "onnxruntime"]
    assert result.difference is not None
    assert result.difference < 1e-5


def test_a_batch_that_was_not_packaged_is_refused(shelf: Path) -> None:
    with pytest.raises(UsageError, match=r"has shape \[2, 3, 8, 8\], not \[1, 3, 8, 8\]"):
        package.run(shelf / "onnx.tar.gz", {"image": np.zeros((2, 3, 8, 8), np.float32)})


def test_no_telemetry_is_left_among_temporary_files(
    neopack: Call, desk: Desk, shelf: Path
) -> None:
    """In a fresh process, with nothing that would turn it off."""
    silencing = ("ORT_DISABLE_TELEMETRY", "CI")
    environment = {key: value for key, value in os.environ.items() if key not in silencing}
    command = [sys.executable, "-m", "neopack", "run", str(shelf / "onnx.tar.gz"), "--random"]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    assert not list(desk.temporary.iterdir())
