"""ONNX models below opset 12: numbers stay, and what has no older form is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx_models import LOWERED, model
from onnx_older import OLDER, apart, numbers_of

from neopack.errors import SourceError
from neopack.facts import onnx_releases
from neopack.frameworks.onnx.lowering.lower import lower, release_for
from neopack.frameworks.onnx.lowering.older_opsets.steps import LOWEST, STEPS, Refusal
from neopack.frameworks.onnx.lowering.operator_docs import histories
from neopack.frameworks.onnx.run import OnnxRuntimeRunner
from neopack.values.artifact import Array
from neopack.values.signature import Signature

RELEASES = {release.opset: release for release in onnx_releases()}
# what a chain from today's opsets ends at
ENDS = {"roi-align": 10, "quantize-one-scale": 10}


def computed(given: Any, inputs: dict[str, Array]) -> dict[str, Array]:
    return OnnxRuntimeRunner(given.SerializeToString(), Signature(inputs=())).predict(inputs)


def lowered(given: Any, opset: int, folder: Path) -> Any:
    (folder / "given.onnx").write_bytes(given.SerializeToString())
    shapes = {name: array.shape for name, array in numbers_of(given).items()}
    lower(folder / "given.onnx", folder / "made.onnx", RELEASES[opset], shapes, "given.onnx")
    made = onnx.load(folder / "made.onnx")
    onnx.checker.check_model(made)
    assert made.opset_import[0].version == opset
    assert made.ir_version == RELEASES[opset].ir
    assert [info.name for info in made.graph.output] == [i.name for i in given.graph.output]
    return made


@pytest.mark.parametrize("name", OLDER)
def test_the_numbers_stay_in_every_opset(name: str, tmp_path: Path) -> None:
    case = OLDER[name]
    given = model(case.opset, case.graph)
    inputs = numbers_of(given)
    golden = computed(given, inputs)
    for opset in range(case.opset - 1, case.floor - 1, -1):
        made = lowered(given, opset, tmp_path)
        assert apart(golden, computed(made, inputs)) == "", opset


@pytest.mark.parametrize("name", [name for name, case in OLDER.items() if case.floor > LOWEST])
def test_what_has_no_older_form_is_named(name: str, tmp_path: Path) -> None:
    case = OLDER[name]
    given = model(case.opset, case.graph)
    for opset in range(case.floor - 1, LOWEST - 1, -1):
        words = rf"opset {case.floor - 1} has nothing for: .*\("
        with pytest.raises(SourceError, match=words) as caught:
            lowered(given, opset, tmp_path)
        assert caught.value.hint.startswith("use instead: ")
        named = re.findall(r"[( ](\w+_\d+)[,)/]", str(caught.value))
        assert set(named) <= {node.name for node in given.graph.node}
        assert named


@pytest.mark.parametrize("name", [name for name in LOWERED if not name.endswith("half")])
def test_models_of_today_go_all_the_way(name: str, tmp_path: Path) -> None:
    given = model(*LOWERED[name])
    inputs = numbers_of(given)
    made = lowered(given, ENDS.get(name, LOWEST), tmp_path)
    assert apart(computed(given, inputs), computed(made, inputs)) == ""


def test_every_change_of_a_schema_has_a_way() -> None:
    for opset, ways in STEPS.items():
        changed = {
            name
            for name, schemas in histories().items()
            for schema in schemas
            if schema.since_version == opset and not schema.deprecated
        }
        assert set(ways) == changed, opset
    assert set(STEPS) == set(range(LOWEST + 1, 13))


def test_what_stays_as_it_is_has_the_inputs_and_attributes_it_had() -> None:
    """None in the table: types, words and attributes that defaults explain."""
    for opset, ways in STEPS.items():
        for name in (name for name, way in ways.items() if way is None):
            before, after = (
                [s for s in histories()[name] if s.since_version <= version][-1]
                for version in (opset - 1, opset)
            )
            assert set(before.attributes) - {"spatial"} <= set(after.attributes), (name, opset)
            assert before.max_input == after.max_input, (name, opset)


def test_each_way_is_tried() -> None:
    tried = {
        (opset, node.op_type)
        for case in OLDER.values()
        for node in inner_nodes(model(case.opset, case.graph).graph)
        for opset in range(case.floor, case.opset + 1)
    }
    # what a rewrite makes and what an opset before 11 called otherwise
    made = {(9, "Upsample"), (9, "Scatter"), (8, "Expand"), (10, "Resize")}
    for opset, ways in STEPS.items():
        for name, way in ways.items():
            if way is not None and not isinstance(way, Refusal):
                assert (opset, name) in tried | made, (opset, name)


def inner_nodes(graph: Any) -> list[Any]:
    found = []
    for node in graph.node:
        found.append(node)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                found += inner_nodes(attribute.g)
    return found


def test_releases_before_opset_7_are_refused(tmp_path: Path) -> None:
    given = model(12, "(float[2] x) => (float[2] y) {y = Relu(x)}")
    (tmp_path / "given.onnx").write_bytes(given.SerializeToString())
    with pytest.raises(
        SourceError, match=r"ONNX 1\.1\S* is of opset [56], and the lowering ends at 7"
    ):
        lower(tmp_path / "given.onnx", tmp_path / "made", release_for("1.1"), {}, "given.onnx")
    assert not (tmp_path / "made").exists()


def test_weights_in_branches_are_lifted_where_branches_had_none(tmp_path: Path) -> None:
    case = OLDER["loop"]
    made = lowered(model(case.opset, case.graph), 8, tmp_path)
    (loop,) = [node for node in made.graph.node if node.op_type == "Loop"]
    assert not loop.attribute[0].g.initializer
    listed = {info.name for info in made.graph.input}
    assert {tensor.name for tensor in made.graph.initializer} <= listed


def test_names_in_both_branches_may_be_alike(tmp_path: Path) -> None:
    case = OLDER["branches"]
    given = model(case.opset, case.graph)
    for shift in (-5, 5):
        inputs = {name: array + shift for name, array in numbers_of(given).items()}
        inputs = {name: array.astype("float32") for name, array in inputs.items()}
        made = lowered(given, LOWEST, tmp_path)
        assert apart(computed(given, inputs), computed(made, inputs)) == ""
