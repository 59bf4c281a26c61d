"""Inputs and outputs that are not tensors of numbers: a ZipMap at the end is cut off, the others
are refused before anything is computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest

import neopack
from neopack.archive.read import extract_member, scan
from neopack.errors import SourceError
from neopack.goldens.cases import load_cases

HEADER = '<ir_version: 7, opset_import: ["": 12, "ai.onnx.ml": 2]> g '
SCORES = "<float[3,3] w = {1,0,2,0,1,0,-1,0,1}> {m = MatMul(x, w) s = Softmax(m) "
ARGMAX = "label = ArgMax<axis=1, keepdims=0>(s) "
CUT = {
    "numbers": "(float[2,3] x) => (int64[2] label, seq(map(int64, float)) p) "
    + SCORES
    + ARGMAX
    + "p = ai.onnx.ml.ZipMap<classlabels_int64s=[3,1,2]>(s)}",
    "words": "(float[2,3] x) => (seq(map(string, float)) p) "
    + SCORES
    + 'p = ai.onnx.ml.ZipMap<classlabels_strings=["b","c","a"]>(s)}',
    "scores-are-an-output": "(float[2,3] x) => (float[2,3] s, seq(map(int64, float)) p) "
    + SCORES
    + "p = ai.onnx.ml.ZipMap<classlabels_int64s=[0,1,2]>(s)}",
}
LABELS: dict[str, list[Any]] = {
    "numbers": [3, 1, 2],
    "words": ["b", "c", "a"],
    "scores-are-an-output": [0, 1, 2],
}
REFUSED = {
    "split": (
        "(float[2,3] x) => (seq(float[2,1]) y) {y = SplitToSequence<axis=1>(x)}",
        "output 'y' is a sequence",
    ),
    "constructed": (
        "(float[2,3] x) => (seq(float[2,3]) y) {z = Relu(x) y = SequenceConstruct(x, z)}",
        "output 'y' is a sequence",
    ),
    "words": (
        "(float[2,3] x) => (string[2] words) "
        + SCORES
        + ARGMAX
        + "words = ai.onnx.ml.LabelEncoder<keys_int64s=[0,1,2], "
        'values_strings=["a","b","c"]>(label)}',
        "output 'words' is a tensor of strings",
    ),
    "words-in": (
        "(string[2] words) => (bool[2] y) {y = Equal(words, words)}",
        "input 'words' is a tensor of strings",
    ),
}


WORDS = {
    "a classifier's": (
        "(float[2,3] x) => (string[2] words, float[2,3] s) " + SCORES + ARGMAX
        + 'words = ai.onnx.ml.LabelEncoder<keys_int64s=[0,1,2], values_strings=["a","b","c"]>'
        "(label)}",
        ["MatMul", "Softmax"],
    ),
    "one whose number is an output": (
        "(float[2,3] x) => (int64[2] label, string[2] words, float[2,3] m) " + SCORES + ARGMAX
        + 'words = ai.onnx.ml.LabelEncoder<keys_int64s=[0,1,2], values_strings=["a","b","c"]>'
        "(label)}",
        ["MatMul", "Softmax", "ArgMax"],
    ),
    "a cast's, beside a map": (
        "(float[2,3] x) => (string[2,3] words, seq(map(int64, float)) p) " + SCORES
        + "words = Cast<to=8>(m) p = ai.onnx.ml.ZipMap<classlabels_int64s=[0,1,2]>(s)}",
        ["MatMul", "Softmax"],
    ),
}  # fmt: skip


def _saved(graph: str, folder: Path) -> Path:
    path = folder / "model.onnx"
    onnx.save(onnx.parser.parse_model(HEADER + graph), path)
    return path


@pytest.mark.parametrize("name", CUT)
def test_a_zip_map_at_the_end_is_cut_off(name: str, tmp_path: Path) -> None:
    path = _saved(CUT[name], tmp_path)
    archive = neopack.package(path, path=tmp_path / "m.tar.gz")
    manifest = json.loads(archive.manifest.read_text())
    assert "ZipMap: the output 's' in place of 'p'" in manifest["rewrites"]
    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for case in load_cases(tmp_path / "m.golden.npz"):
        maps = session.run(["p"], dict(case.inputs))[0]
        assert case.outputs["s"].dtype == np.float32
        np.testing.assert_array_equal(
            case.outputs["s"], [[row[key] for key in LABELS[name]] for row in maps]
        )
        assert "p" not in case.outputs


@pytest.mark.parametrize("name", REFUSED)
def test_others_are_refused_by_name_and_type(name: str, tmp_path: Path) -> None:
    graph, message = REFUSED[name]
    with pytest.raises(SourceError, match=message) as caught:
        neopack.package(_saved(graph, tmp_path), path=tmp_path / "m.tar.gz")
    assert "class numbers" in caught.value.hint or "zipmap" in caught.value.hint


@pytest.mark.parametrize("name", [*CUT, *REFUSED])
def test_check_says_it_too(name: str, tmp_path: Path) -> None:
    graph = CUT.get(name) or REFUSED[name][0]
    report = neopack.check(_saved(graph, tmp_path), target="ml_c5")
    assert "NEO-ON-013" in {finding.id for finding in report.findings}


@pytest.mark.parametrize("name", WORDS)
def test_strings_are_left_out_where_there_are_numbers(name: str, tmp_path: Path) -> None:
    graph, operators = WORDS[name]
    path = _saved(graph, tmp_path)
    archive = neopack.package(path, path=tmp_path / "m.tar.gz")
    assert any("left out the output 'words'" in rewrite for rewrite in _rewrites(archive))
    extract_member(scan(archive.path), "model.onnx", tmp_path / "out.onnx")
    model = onnx.load(tmp_path / "out.onnx")
    assert [node.op_type for node in model.graph.node] == operators
    assert {entry.domain for entry in model.opset_import} == {""}
    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    numbers = [info.name for info in session.get_outputs() if info.name in ("label", "m", "s")]
    for case in load_cases(tmp_path / "m.golden.npz"):
        assert "words" not in case.outputs
        computed = session.run(numbers, dict(case.inputs)) if numbers else ()
        for output, value in zip(numbers, computed, strict=True):
            np.testing.assert_array_equal(case.outputs[output], value)


def _rewrites(archive: Any) -> list[str]:
    return list(json.loads(archive.manifest.read_text())["rewrites"])
