"""What a stranger can write into a manifest, beside an archive or inside an artifact, and into a
receipt: nothing that they name is read or written, and nothing ends in a traceback."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import Call, Copied, Desk

from neopack.errors import Unsafe
from neopack.formats.file_names import require_file_name
from neopack.sagemaker import receipt

Document = dict[str, Any]
ESCAPE = "\x1b[31mghost"


def image(**changes: object) -> Document:
    return {"name": "image", "dtype": "float32", "shape": [1, 3, 8, 8], **changes}


# what is changed in a signature, and a word of the answer
SIGNATURES: dict[str, tuple[Document, str]] = {
    "another name": ({"inputs": [image(name=ESCAPE)]}, "ghost"),
    "one more input": ({"inputs": [image(), image(name="mask")]}, "mask"),
    "no input": ({"inputs": []}, "image"),
    "the same name twice": ({"inputs": [image(), image()]}, "twice"),
    "a dtype of nobody's": ({"inputs": [image(dtype="junk")]}, "'junk'"),
    "more dims than NumPy has": ({"inputs": [image(shape=[1] * 70)]}, "70 dims"),
    "a negative dim": ({"inputs": [image(shape=[-1, 3, 8, 8])]}, "negative"),
    "4 EiB": ({"inputs": [image(shape=[1 << 40, 1 << 20])]}, "elements"),
    "another rank": ({"inputs": [image(shape=[1, 2, 3])]}, "rank"),
    "another dtype": ({"inputs": [image(dtype="int64")]}, "int64"),
}
# options of an engine that no artifact may carry
OPTIONS: tuple[Document, ...] = (
    {"CACHE_DIR": "/anywhere"},
    {"PERFORMANCE_HINT": "LATENCY", "CACHE_DIR": "cache"},
    {"INFERENCE_PRECISION_HINT": "f8"},
    {"INFERENCE_NUM_THREADS": 4096},
    {"LOG_LEVEL": "LOG_TRACE"},
    {"DEVICE_PROPERTIES": {"CPU": {"CACHE_DIR": "cache"}}},
)
NAMES = (
    "/etc/passwd",
    "../up.tar.gz",
    "a/b.tar.gz",
    "..",
    ".",
    "",
    "a\0b",
    "..\\up",
    "c:\\x",
    "\ud800",
)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_manifest_of_another_model(neopack: Call, desk: Desk, copied: Copied, name: str) -> None:
    archive = copied("onnx", desk.path)
    changes, word = SIGNATURES[name]
    beside = desk.path / "onnx.neopack.json"
    document = json.loads(beside.read_text())
    document["signature"] |= changes
    beside.write_text(json.dumps(document))
    answer = neopack("run", "--random", archive)
    assert answer.code in (1, 6), answer.err
    assert len(answer.errors) == 1
    assert word in answer.errors[0]
    assert "neopack has a bug" not in answer.err
    assert "\x1b" not in answer.err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signature": {"inputs": [image()], "outputs": []}}, "has no outputs"),
        ({"framework_version": "../../2.0"}, "'../../2.0' is not a framework version"),
        ({"framework_version": ESCAPE}, "is not a framework version"),
        ({"framework": "EVIL"}, "'EVIL' is not a framework of Neo"),
        ({"framework_version": "9" * 99}, "is not a framework version"),
    ],
)
@pytest.mark.parametrize("command", ["check", "verify", "run"])
def test_what_no_manifest_says(
    refused: Call, desk: Desk, copied: Copied, changes: Document, words: str, command: str
) -> None:
    archive = copied("onnx", desk.path)
    beside = desk.path / "onnx.neopack.json"
    beside.write_text(json.dumps(json.loads(beside.read_text()) | changes))
    more = ["--random"] if command == "run" else []
    code = 2 if "framework of Neo" in words else 1
    refused(code, ("onnx.neopack.json", words), command, archive, *more)


@pytest.mark.parametrize("options", OPTIONS)
def test_an_artifact_carries_no_option_but_neopacks(
    neopack: Call, refused: Call, desk: Desk, shelf: Path, options: Document
) -> None:
    artifact = desk.path / "artifact.tar.gz"
    change(shelf / "cnn-ml_c5.tar.gz", artifact, lambda manifest: manifest | {"options": options})
    refused(1, ("does not take", next(reversed(options))), "run", "--random", artifact)
    answer = neopack("check", artifact)
    assert answer.code == 1
    assert "NEO-CA-008" in answer.out


def test_an_artifact_as_neopack_writes_it_runs(neopack: Call, desk: Desk, shelf: Path) -> None:
    artifact = desk.path / "artifact.tar.gz"
    change(shelf / "cnn-ml_c5.tar.gz", artifact, lambda manifest: manifest)
    assert neopack("run", "--random", artifact).code == 0
    assert "NEO-CA-008" not in neopack("check", artifact).out


def test_a_graph_that_does_not_fit_its_manifest(refused: Call, desk: Desk, shelf: Path) -> None:
    artifact = desk.path / "artifact.tar.gz"
    graph = (
        b'<net name="g" version="11"><layers><layer id="0" name="x" type="Parameter" '
        b'version="opset1"><data shape="1" element_type="f32"/><output><port id="0" '
        b'precision="FP32"><dim>1</dim></port></output></layer><layer id="1" name="r" '
        b'type="Result" version="opset1"><input><port id="0"><dim>1</dim></port></input></layer>'
        b'</layers><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges>'
        b"</net>"
    )
    change(shelf / "cnn-ml_c5.tar.gz", artifact, lambda manifest: manifest, graph=graph)
    refused(1, "'compiled.xml' is not what openvino compiled", "run", "--random", artifact)
    change(
        shelf / "cnn-ml_c5.tar.gz",
        artifact,
        lambda manifest: manifest | {"digests": {}},
        graph=graph,
    )
    refused(6, "OpenVINO cannot compute the artifact", "run", "--random", artifact)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", ["archive", "artifact"])
def test_a_receipt_names_files_beside_it_only(tmp_path: Path, field: str, name: str) -> None:
    written = receipt.Receipt(
        job="job", region="us-west-2", target="ml_c5", archive="net.tar.gz", content_sha256="",
        artifact="net-ml_c5.tar.gz", framework="ONNX", request={},
    )  # fmt: skip
    path = tmp_path / "net.ml_c5.job.json"
    path.write_text(json.dumps(json.loads(written.dumps()) | {field: name}))
    with pytest.raises(Unsafe, match="is not a file beside it"):
        receipt.read(path)


def test_plain_names_are_names() -> None:
    for name in ("net.tar.gz", "..net", "a b", "ä.npz", "-x"):
        assert require_file_name(name, "here") == name


def change(
    source: Path,
    target: Path,
    manifest: Callable[[Document], Document],
    *,
    graph: bytes | None = None,
) -> None:
    """Write ``source`` to ``target`` with another neopack.json, and another graph if given."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old.getmembers():
            data = old.extractfile(member)
            assert data is not None
            content = data.read()
            if member.name == "neopack.json":
                content = json.dumps(manifest(json.loads(content))).encode()
            if member.name == "compiled.xml" and graph is not None:
                content = graph
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
