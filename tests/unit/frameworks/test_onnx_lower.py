"""ONNX models of today's opsets, lowered: numbers, names, shapes and weights stay."""

from __future__ import annotations

import re
import string
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import LOWERED, inputs_of, model

from neopack.errors import SourceError
from neopack.frameworks.onnx.lowering.changed_operators import CHANGED
from neopack.frameworks.onnx.lowering.einsum import in_small_letters
from neopack.frameworks.onnx.lowering.lower import lower, release_for
from neopack.frameworks.onnx.lowering.new_operators import ADDED, EXPANDED
from neopack.frameworks.onnx.run import OnnxRuntimeRunner
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array
from neopack.values.signature import Signature


def lowered(given: Any, folder: Path, version: str = "") -> tuple[Any, tuple[str, ...]]:
    """The model for that release, and what was rewritten."""
    path = folder / "given.onnx"
    path.write_bytes(given.SerializeToString())
    shapes = {name: array.shape for name, array in inputs_of(given).items()}
    told = lower(path, folder / "lowered.onnx", release_for(version), shapes, "given.onnx")
    return onnx.load(folder / "lowered.onnx"), told


def computed(given: Any, inputs: dict[str, Array]) -> dict[str, Array]:
    return OnnxRuntimeRunner(given.SerializeToString(), Signature(inputs=())).predict(inputs)


def opset_of(given: Any) -> int:
    return int(next(one.version for one in given.opset_import if not one.domain))


@pytest.mark.parametrize("name", LOWERED)
def test_the_numbers_stay(name: str, tmp_path: Path) -> None:
    given = model(*LOWERED[name])
    made, told = lowered(given, tmp_path)
    assert (made.ir_version, opset_of(made)) == (7, 12)
    assert told[:2] == ("IR version 10 to 7", f"opset {LOWERED[name][0]} to 12")
    assert [info.name for info in made.graph.input] == [info.name for info in given.graph.input]
    assert [info.name for info in made.graph.output] == [info.name for info in given.graph.output]
    golden, found = (computed(one, inputs_of(given)) for one in (given, made))
    assert {key: array.dtype for key, array in found.items()} == {
        key: array.dtype for key, array in golden.items()
    }
    # half precision has 11 bits
    assert difference(golden, found) < (2e-3 if name.endswith("half") else 1e-6)


class Refused(NamedTuple):
    opset: int
    graph: str
    words: str


@pytest.mark.parametrize(
    "case",
    [
        Refused(
            16,
            "(float[1,1,4,4] x, float[1,2,2,2] g) => (float[1,1,2,2] y) {y = GridSample(x, g)}",
            r"nothing for: GridSample \(GridSample_0\).*use instead: Resize",
        ),
        Refused(
            13,
            "(float[2,3] x, int64[1] a) => (float[2] y) {y = ReduceSum<keepdims=0>(x, a)}",
            r"ReduceSum whose axes is computed.*\(ReduceSum_0\).*a constant axes",
        ),
        Refused(
            19,
            "(float[1,4] x) => (float[1,6] y) <int64[4] p = {0,1,0,1}> "
            '{y = Pad<mode="wrap">(x, p)}',
            r"Pad that wraps \(Pad_0\).*Slice and Concat",
        ),
        Refused(
            16,
            "(float[2] x, int64[1,1] i, float[1] u) => (float[2] y) "
            '{y = ScatterND<reduction="add">(x, i, u)}',
            "ScatterND with reduction",
        ),
        Refused(
            18,
            "(float[1,1,4,4] x) => (float[1,1,2,2] y) <int64[4] s = {1,1,2,2}> "
            '{y = Resize<mode="linear", antialias=1>(x, , , s)}',
            "Resize with antialias.*AveragePool",
        ),
        Refused(
            14,
            "(float[1,3,4] x, float[1,8,4] w, float[1,8,2] r) => (float[1,3,1,2] y) "
            "{y = LSTM<hidden_size=2, layout=1>(x, w, r)}",
            "LSTM with layout",
        ),
        Refused(
            18,
            "(uint8[2] x, uint8[2] z) => (uint8[2] y) {a = BitwiseAnd(x, z) y = BitwiseOr(a, z)}",
            r"BitwiseAnd \(BitwiseAnd_0\); BitwiseOr \(BitwiseOr_1\)",
        ),
        Refused(
            13,
            "(float[2] x) => (bfloat16[2] y) {y = Cast<to=16>(x)}",
            "Cast.*bfloat16.*convert the model to float32",
        ),
        Refused(
            14, "(float16[2] x) => (float16[2] y) <int64 a = {0}> {y = CumSum(x, a)}", "CumSum"
        ),
    ],
)
def test_what_the_old_version_has_not_is_named(case: Refused, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        lowered(model(case.opset, case.graph), tmp_path)
    assert caught.value.where == "given.onnx"
    assert re.search(case.words, f"{caught.value} {caught.value.hint}")
    assert not (tmp_path / "lowered.onnx").exists()


def test_forms_that_changed_more_than_types_were_all_looked_at() -> None:
    """Inputs added, attributes gone: no generic rule rewrites these."""
    history = defaultdict(list)
    for schema in onnx.defs.get_all_schemas_with_history():
        if not schema.domain:
            history[schema.name].append(schema)
    for name, schemas in history.items():
        schemas.sort(key=lambda schema: schema.since_version)
        old = [schema for schema in schemas if schema.since_version <= 12]
        new = [schema for schema in schemas if schema.since_version > 12 and not schema.deprecated]
        if not old or not new or name in CHANGED:
            continue
        assert new[-1].max_input == old[-1].max_input, name
        assert set(old[-1].attributes) <= set(new[-1].attributes), name


def test_each_rewrite_is_tried() -> None:
    used = {node.op_type for entry in LOWERED.values() for node in model(*entry).graph.node}
    assert (set(ADDED) | set(EXPANDED)) <= used | {"HardSwish"}
    alike = {operator for operator in CHANGED if operator.startswith("Reduce")}
    alike |= {"Sub", "Mul", "Div", "LpPool", "Range"}
    assert set(CHANGED) <= used | alike


@pytest.mark.parametrize(
    ("equation", "small"),
    [
        ("ij,jk->ik", "ij,jk->ik"),
        ("...Aa,aB->...AB", "...ba,ac->...bc"),
        (string.ascii_letters, string.ascii_letters),
    ],
)
def test_labels_become_small_where_there_are_enough(equation: str, small: str) -> None:
    assert in_small_letters(equation) == small


def big(opset: int, ir: int = 10) -> Any:
    """A model with a weight that is set aside, and free dims."""
    weight = np.arange(10_000, dtype=np.float32).reshape(100, 100) / 1e4
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["h"], name="multiply"),
        helper.make_node("Relu", ["h"], ["y"], name="rectify"),
    ]
    shapes = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 100]) for name in "xy"
    ]
    graph = helper.make_graph(
        nodes, "big", shapes[:1], shapes[1:], [numpy_helper.from_array(weight, "weight")]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = ir
    return made


def test_weights_free_dims_and_names_are_kept(tmp_path: Path) -> None:
    given = big(18)
    (tmp_path / "given.onnx").write_bytes(given.SerializeToString())
    for name in ("once", "twice"):
        told = lower(
            tmp_path / "given.onnx", tmp_path / name, release_for(""), {"x": (2, 100)}, "given"
        )
    assert told == ("IR version 10 to 7", "opset 18 to 12")
    assert (tmp_path / "once").read_bytes() == (tmp_path / "twice").read_bytes()
    made = onnx.load(tmp_path / "once")
    assert made.graph.initializer == given.graph.initializer
    assert made.graph.input == given.graph.input
    assert made.graph.output == given.graph.output
    assert made.graph.node == given.graph.node


@pytest.mark.parametrize(("version", "ir", "opset"), [("1.6.0", 6, 11), ("1.3", 3, 8)])
def test_older_releases_are_reached(tmp_path: Path, version: str, ir: int, opset: int) -> None:
    given = big(18)
    (tmp_path / "given.onnx").write_bytes(given.SerializeToString())
    lower(
        tmp_path / "given.onnx", tmp_path / "old", release_for(version), {"x": (2, 100)}, "given"
    )
    made = onnx.load(tmp_path / "old")
    assert (made.ir_version, opset_of(made)) == (ir, opset)
    listed = ["x", "weight"] if ir < 4 else ["x"]
    assert [info.name for info in made.graph.input] == listed
    inputs = {"x": np.random.default_rng(0).standard_normal((2, 100)).astype(np.float32)}
    assert difference(computed(given, inputs), computed(made, inputs)) == 0


def test_what_an_older_opset_has_not_is_named(tmp_path: Path) -> None:
    graph = "(float[2,3] x) => (int64[2,n] y) {r = Relu(x) y = NonZero(r)}"
    words = r"opset 8 has nothing for: NonZero \(NonZero_1\)"
    with pytest.raises(SourceError, match=words) as caught:
        lowered(model(13, graph), tmp_path, "1.3")
    assert caught.value.hint == "use instead: a mask and Mul"


@pytest.mark.parametrize("version", ["1.3", "1.5.0", "1.6.0"])
@pytest.mark.parametrize("opset", [12, 18])
@pytest.mark.parametrize(
    "gemm",
    ["Gemm<transB=1>(x, w, c)", "Gemm<transB=1, alpha=0.5, beta=3.0>(x, w, c)",
     "Gemm<transB=1, alpha=0.5>(x, w)", "Gemm<transA=1, transB=1>(t, w, c)"],
)  # fmt: skip
def test_gemm_goes_down_as_it_is(gemm: str, opset: int, version: str, tmp_path: Path) -> None:
    graph = "(float[2,3] x) => (float[2,2] y) <float[2,3] w = {1,-2,3,-4,5,-6}> "
    body = f"{{c = Constant<value_floats=[1.0,2.0]>() t = Transpose<perm=[1,0]>(x) y = {gemm}}}"
    given = model(opset, graph + body)
    made, told = lowered(given, tmp_path, version)
    assert opset_of(made) == release_for(version).opset
    assert [node.op_type for node in made.graph.node].count("Gemm") == 1
    without = "x, w)" in gemm and release_for(version).opset < 11
    assert ("Gemm: C is zero (1)" in told) == (without or (opset > 12 and "x, w)" in gemm))
    inputs = inputs_of(given)
    assert difference(computed(given, inputs), computed(made, inputs)) < 1e-6


def test_only_the_header_of_a_newer_ir_changes(tmp_path: Path) -> None:
    made, told = lowered(model(12, "(float[2] x) => (float[2] y) {y = Relu(x)}"), tmp_path)
    assert told == ("IR version 10 to 7",)
    assert made.ir_version == 7


@pytest.mark.parametrize(("inside", "outside"), [(18, 18), (13, 18), (12, 18), (18, 12), (11, 12)])
def test_functions_of_any_opset_are_laid_open(inside: int, outside: int, tmp_path: Path) -> None:
    softmax = helper.make_node("Softmax", ["a"], ["b"], axis=1, name="inner")
    function = helper.make_function(
        "own", "Soft", ["a"], ["b"], [softmax], [helper.make_opsetid("", inside)]
    )
    given = model(outside, "(float[2,3,1] x) => (float[2,3,1] y) {h = Relu(x) y = Relu(h)}")
    given.graph.node[1].CopyFrom(helper.make_node("Soft", ["h"], ["y"], domain="own"))
    given.functions.append(function)
    given.opset_import.append(helper.make_opsetid("own", 1))
    made, told = lowered(given, tmp_path)
    assert "functions of the model's own: laid open" in told
    assert [one.domain for one in made.opset_import] == [""]
    assert not made.functions
    inputs = inputs_of(given)
    assert difference(computed(given, inputs), computed(made, inputs)) < 1e-6


def test_fields_of_later_ir_versions_are_left_out(tmp_path: Path) -> None:
    given = model(18, "(float[2] x) => (float[2] y) {y = Relu(x)}")
    note = given.graph.node[0].metadata_props.add()
    note.key, note.value = "stack_trace", "File model.py"
    made, _ = lowered(given, tmp_path)
    assert b"stack_trace" not in made.SerializeToString()


def test_trees_of_a_later_ml_opset_are_named(tmp_path: Path) -> None:
    given = model(18, "(float[2,3] x) => (float[2,1] y) {y = Relu(x)}")
    trees = helper.make_node(
        "TreeEnsemble", ["x"], ["y"], name="forest", domain="ai.onnx.ml", n_targets=1
    )
    given.graph.node[0].CopyFrom(trees)
    given.opset_import.append(helper.make_opsetid("ai.onnx.ml", 5))
    with pytest.raises(SourceError, match=r"has no such TreeEnsemble \(forest\)"):
        lowered(given, tmp_path)
