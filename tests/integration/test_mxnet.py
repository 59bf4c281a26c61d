"""MXNet models of every form, packaged and run in MXNet 1.8.0 itself."""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neopack as package
from neopack import runtimes
from neopack.errors import (
    CheckFailed,
    ExportFailed,
    Missing,
    SourceError,
    Unsupported,
    UsageError,
)
from neopack.formats import mxparams
from neopack.formats.source import BytesSource
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import NeoArchive

IMAGE = {"data": (1, 3, 8, 8)}
VERSIONS = ("0.9.5", "0.11.0", "1.5.1", "1.8.0", "1.9.1")
NET = """
import mxnet as mx
from mxnet.gluon import nn

def small(outputs=3):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("relu"))
    net.add(nn.Flatten(), nn.Dense(outputs))
    return net

class Two(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(3)

    def hybrid_forward(self, F, left, right):
        return self.dense(left) + right, left * 2

def checkpoint():
    data = mx.sym.Variable("data")
    symbol = mx.sym.FullyConnected(data, num_hidden=2, name="fc")
    held = {"fc_weight": mx.nd.ones((2, 4)), "fc_bias": mx.nd.ones((2,))}
    return symbol, held, {}

def plain():
    return nn.Sequential()

def nothing():
    return 3

def lacks():
    import gluoncv

def fails():
    raise ValueError("no weights at hand")
"""


def members(made: NeoArchive) -> dict[str, bytes]:
    with tarfile.open(made.path) as tar:
        streams = {entry.name: tar.extractfile(entry) for entry in tar.getmembers()}
        return {name: stream.read() for name, stream in streams.items() if stream}


def manifest(made: NeoArchive) -> Any:
    return json.loads(made.manifest.read_bytes())


def agrees(made: NeoArchive) -> None:
    """What the archive computes is what its golden outputs say, and is no single number."""
    inputs, golden = load_goldens(made.goldens)
    assert difference(golden, package.load(made.path).predict(inputs)) == 0
    assert max(array.max() - array.min() for array in golden.values()) > 0
    assert package.check(made.path, target="ml_c5").clean


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(NET)
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_every_versions_files_are_kept_byte_for_byte(
    tmp_path: Path, fixtures: Path, version: str
) -> None:
    folder = fixtures / "mxnet" / f"mxnet-{version}"
    made = package.package(folder, inputs=IMAGE, path=tmp_path / "m.tar.gz")
    assert members(made) == {
        "model-0000.params": (folder / "module-0000.params").read_bytes(),
        "model-symbol.json": (folder / "module-symbol.json").read_bytes(),
    }
    assert manifest(made)["versions"]["mxnet"] == "1.8.0"
    assert manifest(made)["data_input_config"] == '{"data":[1,3,8,8],"softmax_label":[1]}'
    agrees(made)


def test_all_versions_wrote_the_same_model(tmp_path: Path, fixtures: Path) -> None:
    outputs = []
    for version in VERSIONS:
        folder = fixtures / "mxnet" / f"mxnet-{version}"
        made = package.package(folder, inputs=IMAGE, path=tmp_path / f"{version}.tar.gz")
        outputs.append(load_goldens(made.goldens)[1]["softmax_output"])
    assert all(np.array_equal(outputs[0], other) for other in outputs)


def as_of_0_8(symbol: dict[str, Any]) -> dict[str, Any]:
    """The document as MXNet wrote it before 0.9: "param", entries of two, no batch statistics."""
    kept = [n for n, node in enumerate(symbol["nodes"]) if "moving" not in node["name"]]
    place = {old: new for new, old in enumerate(kept)}
    nodes = [
        {
            "op": symbol["nodes"][old]["op"],
            "param": symbol["nodes"][old].get("attrs", {})
            if symbol["nodes"][old]["inputs"]
            else {},
            "name": symbol["nodes"][old]["name"],
            "inputs": [
                [place[e[0]], e[1]] for e in symbol["nodes"][old]["inputs"] if e[0] in place
            ],
            "backward_source_id": -1,
        }
        for old in kept
    ]
    variables = [n for n, node in enumerate(nodes) if node["op"] == "null"]
    return {"nodes": nodes, "arg_nodes": variables, "heads": [[len(nodes) - 1, 0]]}


def test_a_symbol_of_before_0_9(tmp_path: Path, fixtures: Path) -> None:
    folder = fixtures / "mxnet" / "mxnet-0.9.5"
    symbol = json.loads((folder / "module-symbol.json").read_text())
    renamed = {"nodes": [{**n, "attrs": n.get("attr", {})} for n in symbol["nodes"]]}
    (tmp_path / "old-symbol.json").write_text(json.dumps(as_of_0_8(renamed)))
    shutil.copy(folder / "module-0000.params", tmp_path / "old-0000.params")
    old = package.package(tmp_path, inputs=IMAGE, path=tmp_path / "old.tar.gz")
    new = package.package(folder, inputs=IMAGE, path=tmp_path / "new.tar.gz")
    assert difference(load_goldens(new.goldens)[1], load_goldens(old.goldens)[1]) == 0
    agrees(old)


def test_shapes_that_sagemaker_keeps_need_no_input(tmp_path: Path, fixtures: Path) -> None:
    made = package.package(fixtures / "mxnet/sagemaker", path=tmp_path / "m.tar.gz")
    assert sorted(members(made)) == ["model-0000.params", "model-shapes.json", "model-symbol.json"]
    agrees(made)


@pytest.mark.parametrize("target", ["ml_inf1", "rasp4b", "linux/arm64"])
def test_the_same_archive_goes_to_every_target(
    tmp_path: Path, fixtures: Path, target: str
) -> None:
    path = fixtures / "mxnet/gluon/gluon-0000.params"
    made = package.package(path, inputs=IMAGE, target=target, path=tmp_path / "m.tar.gz")
    assert made.report.clean
    assert manifest(made)["data_input_config"] == '{"data":[1,3,8,8]}'


def test_a_loop_runs(tmp_path: Path, fixtures: Path) -> None:
    folder = fixtures / "mxnet/loop"
    agrees(package.package(folder, inputs={"data": (4, 3)}, path=tmp_path / "m.tar.gz"))


def test_a_callable_is_built_inside_the_runtime(tmp_path: Path) -> None:
    name = "mxnet.gluon.model_zoo.vision:squeezenet1_1"
    made = [
        package.package(
            name,
            inputs={"data": (1, 3, 224, 224)},
            arguments={"classes": 10},
            path=tmp_path / f"{number}.tar.gz",
        )
        for number in range(2)
    ]
    assert made[0].sha256 == made[1].sha256
    assert manifest(made[0])["framework"] == "MXNET"
    agrees(made[0])


def test_a_file_of_code_with_its_weights(tmp_path: Path, fixtures: Path, code: Path) -> None:
    weights = fixtures / "mxnet/plain-parameters/gluon-0000.params"
    made = package.package(
        f"{code}:small", inputs=IMAGE, weights=weights, path=tmp_path / "m.tar.gz"
    )
    given = mxparams.read_params(BytesSource("given", weights.read_bytes()))
    packed = mxparams.read_params(BytesSource("packed", members(made)["model-0000.params"]))
    assert [array.shape for array in packed] == [array.shape for array in given]
    agrees(made)


def test_weights_of_another_block_are_refused(tmp_path: Path, fixtures: Path, code: Path) -> None:
    weights = fixtures / "mxnet/plain-parameters/gluon-0000.params"
    with pytest.raises(SourceError, match="do not fit the block"):
        package.package(f"{code}:Two", inputs=IMAGE, weights=weights, path=tmp_path / "m.tar.gz")


def test_several_inputs_and_outputs(tmp_path: Path, code: Path) -> None:
    inputs = {"data0": (2, 4), "data1": (2, 3)}
    made = package.package(f"{code}:Two", inputs=inputs, path=tmp_path / "m.tar.gz")
    _, golden = load_goldens(made.goldens)
    assert [array.shape for array in golden.values()] == [(2, 3), (2, 4)]
    agrees(made)


def test_a_symbol_with_its_parameters_from_code(tmp_path: Path, code: Path) -> None:
    made = package.package(
        f"{code}:checkpoint", inputs={"data": (2, 4)}, path=tmp_path / "m.tar.gz"
    )
    inputs, golden = load_goldens(made.goldens)
    expected = inputs["data"].sum(axis=1, keepdims=True) + 1
    assert np.allclose(golden["fc_output"], expected.repeat(2, axis=1), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("plain", SourceError, "is not a HybridBlock"),
        ("nothing", SourceError, "a int is neither"),
        ("gone", SourceError, "has no 'gone'"),
        ("fails", ExportFailed, "ValueError: no weights at hand"),
        ("lacks", SourceError, "No module named 'gluoncv'"),
    ],
)
def test_code_that_gives_no_model(
    tmp_path: Path, code: Path, name: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        package.package(f"{code}:{name}", inputs=IMAGE, path=tmp_path / "m.tar.gz")
    assert not (tmp_path / "m.tar.gz").exists()


def test_what_mxnet_says_of_other_shapes_is_told(tmp_path: Path, fixtures: Path) -> None:
    folder = fixtures / "mxnet/mxnet-1.8.0"
    with pytest.raises(ExportFailed, match="Shape inconsistent"):
        package.package(folder, inputs={"data": (1, 3, 32, 32)}, path=tmp_path / "m.tar.gz")


def test_a_stray_json_in_code_is_found(tmp_path: Path, fixtures: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "labels.json").write_text("[]")
    folder = fixtures / "mxnet/gluon"
    with pytest.raises(CheckFailed, match="code/labels"):
        package.package(
            folder, inputs=IMAGE, target="rasp4b", code=code, path=tmp_path / "m.tar.gz"
        )


def test_a_directory_of_two_models_is_refused(tmp_path: Path, fixtures: Path) -> None:
    for path in (*(fixtures / "mxnet/gluon").iterdir(), *(fixtures / "mxnet/cycle").iterdir()):
        shutil.copy(path, tmp_path)
    with pytest.raises(SourceError, match="holds 2 models"):
        package.package(tmp_path, inputs=IMAGE, path=tmp_path / "m.tar.gz")


def test_shapes_have_to_be_given(tmp_path: Path, fixtures: Path) -> None:
    with pytest.raises(UsageError, match="does not tell the shape of its input 'data'"):
        package.package(fixtures / "mxnet/gluon", path=tmp_path / "m.tar.gz")


def test_what_compiles_it_is_named_where_it_is_not_installed(
    tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = package.package(fixtures / "mxnet/sagemaker", path=tmp_path / "m.tar.gz")
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path))
    with pytest.raises(Missing, match="tvm compiles this and is not installed") as told:
        package.compile(made.path, target="rasp3b")
    assert told.value.hint == "neopack runtimes install neo-loader-mxnet-1.8.0"


def test_it_compiles_without_mxnet(tmp_path: Path, fixtures: Path) -> None:
    made = package.package(fixtures / "mxnet/gluon", inputs=IMAGE, path=tmp_path / "m.tar.gz")
    artifact = package.compile(made.path, target="ml_c5")
    assert artifact.engine == "openvino"
    assert artifact.difference is not None
    assert artifact.difference < 1e-6


def test_operators_that_are_not_written_are_named(tmp_path: Path, fixtures: Path) -> None:
    with zipfile.ZipFile(fixtures / "mxnet/operators.zip") as archive:
        shape = json.loads(archive.read("index.json"))["topk_mask"]
        for name in ("topk_mask-symbol.json", "topk_mask-0000.params"):
            archive.extract(name, tmp_path)
    made = package.package(
        tmp_path / "topk_mask-symbol.json",
        inputs={"data": shape},
        path=tmp_path / "m.tar.gz",
    )
    with pytest.raises(Unsupported, match=r"not written as ONNX: topk \(") as told:
        package.compile(made.path, target="ml_c5")
    assert told.value.hint == "neopack compile --engine tvm"
    assert not list(tmp_path.glob("m-ml_c5*"))


@pytest.mark.parametrize("runtime", [None, "mxnet-1.5.1"])
@pytest.mark.parametrize("model", ["sagemaker", "mxnet-1.9.1"])
def test_an_archive_is_proven(
    tmp_path: Path, fixtures: Path, model: str, runtime: str | None
) -> None:
    made = package.package(
        fixtures / "mxnet" / model, inputs=IMAGE, target="ml_inf1", path=tmp_path / "m.tar.gz"
    )
    evidence = package.verify(made.path, runtime=runtime)
    assert evidence.runtime == (runtime or "mxnet-1.8.0")
    assert evidence.difference < 1e-6


def test_our_reader_and_mxnet_name_the_same_inputs(fixtures: Path) -> None:
    with runtimes.worker("mxnet-1.8.0") as worker:
        for symbol in sorted((fixtures / "mxnet").glob("*/*-symbol.json")):
            prefix = symbol.name.removesuffix("-symbol.json")
            parameters = symbol.with_name(f"{prefix}-0000.params")
            if symbol.parent.name in ("cycle", "misfit", "plain-parameters", "custom-operator"):
                continue
            where = {"path": str(symbol), "parts": [str(parameters)]}
            answer, _ = worker.call("load", where)
            info = package.inspect(symbol).info
            assert info is not None
            assert info.signature is not None
            assert answer["inputs"] == [spec.name for spec in info.signature.inputs]
