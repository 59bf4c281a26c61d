"""Nodes that are not written as their opset has them, in real files; and those that are."""

from __future__ import annotations

import pytest
from contexts import onnx as onnx_context
from onnx import helper, parser
from test_catalogue import ALL

from neopack import facts
from neopack.checks import engine
from neopack.formats.source import BytesSource
from neopack.frameworks.onnx.read import read_source
from neopack.values.finding import Finding

PICTURE = "(float[1,1,2,2] x) => (float[1,1,4,4] y)"
SCALES = "<float[4] s = {1,1,2,2}>"
ROW = "(float[2,3] x) => (float[2,3] y)"


@pytest.mark.parametrize(
    ("opset", "graph", "message"),
    [
        (11, f"{ROW} <int64[1] a = {{0}}> {{y = Squeeze(x, a)}}", "Squeeze (node of y) has the input 'axes'"),
        (12, f"{ROW} {{y = Softmax<axis=1, nonsense=3>(x)}}", "'nonsense', which no opset has"),
        (13, f"{ROW} {{y = Squeeze<axes=[0]>(x)}}", "'axes', which opset 13 took away"),
        (10, f"{ROW} {{y = Clip<min=0.0>(x)}}", ""),
        (11, f"{ROW} {{y = Clip<min=0.0>(x)}}", "'min', which opset 11 took away"),
        (11, f'{PICTURE} {SCALES} {{y = Resize<mode="nearest">(x, s)}}', "lacks the input 'scales'"),
        (10, f'{PICTURE} {SCALES} {{y = Resize<mode="nearest">(x, , s)}}', "Resize (node of y) has"),
        (10, f'{PICTURE} {SCALES} {{y = Resize<nearest_mode="floor">(x, s)}}', "came with opset 11"),
        (10, f'{PICTURE} {SCALES} {{y = Resize<mode="nearest">(x, s)}}', ""),
        (12, f'{ROW} {{y = Cast<to="FLOAT">(x)}}', "has 'to' as string, not int"),
        (12, f"{ROW} {{y = Cast(x)}}", "lacks the attribute 'to'"),
        (12, f"{ROW} {{y = Loop<body = b () => () {{}}>(x)}}", "lacks the input 'cond'"),
        (12, f"{ROW} {{y = Dropout(x)}}", ""),
        (7, f"{ROW} {{y = Dropout(x)}}", ""),
        (6, f"{ROW} {{y = Dropout<is_test=1>(x)}}", ""),
        (7, f"{ROW} {{y = Dropout<is_test=1>(x)}}", "'is_test', which opset 7 took away"),
        (
            12,
            ROW + " <bool c = {1}> {y = If (c) <then_branch = a () => (float[2,3] p) {p = "
            "Relu<alpha=0.1>(x)}, else_branch = b () => (float[2,3] q) {q = Neg(x)}>}",
            "Relu (node of p) has the attribute 'alpha'",
        ),
        (12, f"{ROW} {{y = ai.onnx.ml.Scaler<scale=[1.0], offset=[0.0]>(x)}}", ""),
        (12, f"{ROW} {{y = ai.onnx.ml.Scaler<scales=[1.0]>(x)}}", "opset 2 of ai.onnx.ml: Scaler"),
        (12, f"{ROW} {{y = com.example.Relu<alpha=0.1>(x, x)}}", ""),
    ],
)  # fmt: skip
def test_what_is_said_of_a_node(opset: int, graph: str, message: str) -> None:
    found = said(opset, graph)
    assert [message in finding.message for finding in found] == [True] * bool(message), found


def said(opset: int, graph: str) -> list[Finding]:
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 2)]
    model = helper.make_model(parser.parse_graph(f"g {graph}"), ir_version=7, opset_imports=opsets)
    info = read_source(BytesSource("m", model.SerializeToString()))
    report = engine.run(ALL, onnx_context(info=info))
    return [finding for finding in report.findings if finding.id == "NEO-ON-015"]


def test_the_place_is_told() -> None:
    (finding,) = said(12, f"{ROW} {{y = Relu<a=1>(x) z = Relu<a=1>(x)}}")
    assert finding.where.endswith("node of y")


@pytest.mark.parametrize("domain", sorted(facts.onnx_domains()))
def test_the_table_is_in_order(domain: str) -> None:
    for operator in facts.onnx_operators(domain):
        opsets = [schema.opset for schema in facts.onnx_schemas(domain, operator)]
        assert opsets == sorted(set(opsets)), operator
