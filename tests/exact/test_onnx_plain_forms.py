"""Forms that ONNX 1.7.0 has and its ONNX Runtime or TVM reads otherwise are written plainly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import onnx.parser
import pytest
from onnx import helper

import neopack

# opset and graph, and the operators that package says it rewrites
GRAPHS: Mapping[str, tuple[int, str, list[str]]] = {
    "one axis": (9, "{y = Slice<starts=[1], ends=[3]>(x)}", ["Slice"]),
    "two axes": (8, "{y = Slice<starts=[1, 0], ends=[3, 2]>(x)}", ["Slice"]),
    "to the end": (7, "{y = Slice<starts=[-2], ends=[9]>(x)}", ["Slice"]),
    "named": (9, "{y = Slice<axes=[1], starts=[1], ends=[3]>(x)}", []),
    "a number": (12, "{c = Constant<value_float=2.5>() y = Mul(x, c)}", ["Constant"]),
    "a list": (12, "{c = Constant<value_ints=[5, 4]>() y = Reshape(x, c)}", ["Constant"]),
    "numbers": (12, "{c = Constant<value_floats=[1.0]>() y = Add(x, c)}", ["Constant"]),
    "capitals": (12, '{y = Einsum<equation="AB->BA">(x)}', ["Einsum"]),
}


@pytest.mark.usefixtures("onnx_1_7_0")
@pytest.mark.parametrize("name", GRAPHS)
def test_they_are_computed_alike(name: str, tmp_path: Path) -> None:
    opset, body, told = GRAPHS[name]
    graph = onnx.parser.parse_graph(f"g (float[4,5] x) => (float[N,M] y) {body}")
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, ir_version=7, opset_imports=opsets)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    made = neopack.package(path, path=tmp_path / "m.tar.gz", verify=True, compiler=False)
    rewrites = json.loads(made.manifest.read_bytes())["rewrites"]
    assert [rewrite.partition(":")[0] for rewrite in rewrites] == told
    assert made.report.evidence[0].difference == 0.0
