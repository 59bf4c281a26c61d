"""XGBoost's three encodings, read without it; the binary one, written as 1.3.3 writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neopack.errors import Malformed, NeopackError, SourceError
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.xgboost import binary, document, read, source
from neopack.frameworks.xgboost.facts import LearnerFacts
from neopack.frameworks.xgboost.lowering import base_score, lower, siblings, turns
from neopack.frameworks.xgboost.lowering.lift import lift, read_learner
from neopack.frameworks.xgboost.lowering.missing import with_missing
from neopack.values.model import ModelSource, facts_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "xgboost"
OLD = sorted(path.stem for path in FIXTURES.glob("*-1.3.3.model"))
MODEL = ("learner", "gradient_booster", "model")
NEW = ("logistic", "softprob", "poisson", "dart", "linear")


def learner(path: Path) -> document.Learner:
    with FileSource(path) as opened:
        form = document.encoding(opened)
        assert form is not None
        return document.load(opened, form)


def lowered(path: Path) -> bytes:
    return lower.lower(learner(path), path.name).data


@pytest.mark.parametrize("name", OLD)
def test_the_writer_gives_the_bytes_of_xgboost_1_3_3(name: str) -> None:
    assert lowered(FIXTURES / f"{name}.json") == (FIXTURES / f"{name}.model").read_bytes()


@pytest.mark.parametrize("name", NEW)
def test_json_and_ubjson_give_the_same_binary(name: str) -> None:
    assert lowered(FIXTURES / f"{name}.json") == lowered(FIXTURES / f"{name}.ubj")


@pytest.mark.parametrize("name", NEW)
def test_the_way_back_and_forth_changes_nothing(name: str) -> None:
    written = lowered(FIXTURES / f"{name}.ubj")
    lifted = lift(read_learner(BytesSource(name, written), "binary"))
    again = document.load(BytesSource(name, lifted), "json")
    assert lower.lower(again, name).data == written


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("logistic.json", "json"), ("logistic.ubj", "ubj"), ("dart-1.3.3.model", "binary"),
        ("linear-1.3.3.model", "binary"), ("booster.pkl", "pickle"), ("dump.json", "dump"),
        ("dump.txt", "dump"),
    ],
)  # fmt: skip
def test_forms_are_told_by_bytes(name: str, form: str) -> None:
    with FileSource(FIXTURES / name) as opened:
        assert read.form(opened) == form


@pytest.mark.parametrize("text", [b"", b"{}", b'{"a": 1}', b"[1, 2]", b"PK\x03\x04", b"{L"])
def test_other_bytes_are_not_taken_for_xgboost(text: bytes) -> None:
    assert read.recognize(BytesSource("other", text)) is None


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_a_document_tells_what_is_in_it(suffix: str) -> None:
    with FileSource(FIXTURES / f"softprob.{suffix}") as opened:
        info = read.read_source(opened)
    assert info.signature is not None
    assert info.signature.inputs[0].shape == (None, 4)
    assert info.versions["xgboost"].startswith("3.")
    facts = facts_of(info, LearnerFacts)
    assert facts.objective == "multi:softprob"
    assert (
        facts.trees,
        facts.num_class,
        facts.outputs,
    ) == (6, 3, 3)
    assert len(facts.base_score) == 3
    assert facts.inexpressible == ""


def test_the_binary_tells_the_same() -> None:
    with FileSource(FIXTURES / "softprob-1.3.3.model") as opened:
        info = read.read_source(opened)
    assert info.versions == {"xgboost": "1.3"}
    facts = facts_of(info, LearnerFacts)
    assert (facts.trees, facts.num_class) == (6, 3)
    assert facts.attributes == ("best_iteration", "note", "objective")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("absolute-error.ubj", "objective reg:absoluteerror"),
        ("categories.ubj", "splits on categories"),
        ("vector-leaves.ubj", "2 targets"),
    ],
)
def test_what_1_3_3_cannot_express_is_refused_by_name(name: str, what: str) -> None:
    with pytest.raises(SourceError, match=what):
        lowered(FIXTURES / name)


def test_what_is_no_model_is_refused() -> None:
    given = ModelSource(kind="file", where=str(FIXTURES / "dump.json"), framework="XGBOOST")
    with pytest.raises(SourceError, match="no XGBoost loads"):
        source.require_file(given)


def test_damage_names_its_place() -> None:
    model = json.loads((FIXTURES / "logistic.json").read_text())
    del model["learner"]["gradient_booster"]["model"]["trees"][1]["parents"]
    with pytest.raises(Malformed, match=r"trees\[1\] has no parents"):
        document.learner(model, "m")


def _append(at: dict[str, Any], name: str) -> None:
    at[name].append(0)


def _set(at: dict[str, Any], name: str, value: str) -> None:
    at[name] = value


@pytest.mark.parametrize(
    ("path", "damage", "words"),
    [
        (MODEL, lambda at: _append(at, "tree_info"), "2 trees and tree_info for 3"),
        (
            (*MODEL, "gbtree_model_param"),
            lambda at: _set(at, "num_trees", "1"),
            "2 trees and num_trees 1",
        ),
        (
            (*MODEL, "trees", 0),
            lambda at: _append(at, "split_type"),
            r"trees\[0\] has \d nodes and an array of",
        ),
        (
            ("learner", "learner_model_param"),
            lambda at: _set(at, "base_score", "nan"),
            "base_score is 'nan'",
        ),
    ],
)
def test_what_disagrees_in_a_document_is_refused(
    path: tuple[Any, ...], damage: Callable[[Any], None], words: str
) -> None:
    model = json.loads((FIXTURES / "logistic.json").read_text())
    at = model
    for name in path:
        at = at[name]
    damage(at)
    with pytest.raises(Malformed, match=words):
        document.learner(model, "m")


@pytest.mark.parametrize("value", ["0", None, {}, 0.5])
@pytest.mark.parametrize(
    "array", ["left_children", "default_left", "split_indices", "split_type", "split_conditions"]
)
def test_arrays_are_of_numbers(array: str, value: Any) -> None:
    model = json.loads((FIXTURES / "logistic.json").read_text())
    tree = model["learner"]["gradient_booster"]["model"]["trees"][1]
    tree[array][0] = value
    if array == "split_conditions" and value == 0.5:
        assert document.learner(model, "m").trees[1].split_condition[0] == value
        return
    with pytest.raises(Malformed, match=rf"trees\[1\].{array} is not (integers|numbers)"):
        document.learner(model, "m")


@pytest.mark.parametrize("value", [-1, 2, 256])
@pytest.mark.parametrize("array", ["default_left", "split_type"])
def test_flags_are_0_and_1(array: str, value: int) -> None:
    model = json.loads((FIXTURES / "logistic.json").read_text())
    model["learner"]["gradient_booster"]["model"]["trees"][0][array][0] = value
    with pytest.raises(Malformed, match=rf"trees\[0\].{array} is not of 0 and 1"):
        document.learner(model, "m")


def test_arrays_of_floats_are_not_of_integers() -> None:
    data = (FIXTURES / "softprob.ubj").read_bytes()
    place = data.index(b"left_children") + len(b"left_children[$")
    assert data[place : place + 1] == b"l"
    source = BytesSource("m", data[:place] + b"d" + data[place + 1 :])
    with pytest.raises(Malformed, match=r"trees\[0\].left_children is not integers"):
        document.load(source, "ubj")


def test_dart_has_a_weight_for_each_tree() -> None:
    model = json.loads((FIXTURES / "dart.json").read_text())
    model["learner"]["gradient_booster"]["weight_drop"].pop()
    with pytest.raises(Malformed, match="trees and weight_drop for"):
        document.learner(model, "m")


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("feature_names", 3, "feature_names is not a list"),
        ("num_feature", str(2**31), "num_feature is 2147483648"),
        ("weights", [float("inf"), "x"], "model.weights is not numbers"),
    ],
)
def test_a_damaged_document_is_refused_in_words(place: str, value: Any, words: str) -> None:
    model = json.loads((FIXTURES / "linear.json").read_text())
    inner = model["learner"]
    holder = {
        "feature_names": inner,
        "num_feature": inner["learner_model_param"],
        "weights": inner["gradient_booster"]["model"],
    }
    holder[place][place] = value
    source = BytesSource("m", json.dumps(model).encode())
    with pytest.raises(Malformed, match=words):
        lower.lower(read_learner(source, "json"), "m")


@pytest.mark.parametrize("group", [3, -1, 2**40])
def test_a_tree_is_of_a_class_that_there_is(group: int) -> None:
    model = learner(FIXTURES / "softprob.json")
    with pytest.raises(Malformed, match=f"names class {group} of 3"):
        lower.lower(replace(model, tree_info=(group, *model.tree_info[1:])), "m")


@pytest.mark.parametrize("name", ["logistic-1.3.3.model", "linear-1.3.3.model", "dart.ubj"])
def test_every_truncation_is_malformed(name: str) -> None:
    whole = (FIXTURES / name).read_bytes()
    for end in range(0, len(whole) - 1, 7):
        with pytest.raises(NeopackError):
            read.read_source(BytesSource(name, whole[:end]))


@pytest.mark.parametrize("name", ["softprob-1.3.3.model", "dart.ubj", "logistic.json"])
def test_a_changed_byte_never_crashes_a_reader(name: str) -> None:
    whole = bytearray((FIXTURES / name).read_bytes())
    for place in range(0, len(whole), 5):
        kept, whole[place] = whole[place], whole[place] ^ 0xFF
        with_damage = BytesSource(name, bytes(whole))
        try:
            info = read.read_source(with_damage)
        except NeopackError:
            pass
        else:
            assert info.framework == "XGBOOST"
        whole[place] = kept


def test_sizes_of_the_format() -> None:
    """sizeof of XGBoost 1.3.3's own structs."""
    assert (binary.LEARNER.size, binary.GBTREE_PARAM.size) == (136, 160)
    assert (binary.TREE_PARAM.size, binary.GBLINEAR_PARAM.size) == (148, 136)


@pytest.mark.parametrize(
    ("field", "child", "words"),
    [("left_children", 99, "is not in its tree"), ("left_children", 0, "in a circle")],
)
def test_a_damaged_tree_cannot_take_a_missing_number(field: str, child: int, words: str) -> None:
    model = json.loads((FIXTURES / "logistic.json").read_text())
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        tree[field][0], tree["default_left"][0], tree["split_conditions"][0] = child, 1, -5.0
    with pytest.raises(Malformed, match=words):
        with_missing(document.learner(model, "m"), 0.0, "m")


def test_trees_have_their_right_children_beside_the_left() -> None:
    """Today's XGBoost looks for them there."""
    routed = with_missing(learner(FIXTURES / "softprob.ubj"), 0.5, "m")
    assert sum(tree.nodes for tree in routed.trees) > 42
    for tree in routed.trees:
        for left, right in zip(tree.left, tree.right, strict=True):
            assert right == (left + 1 if left != lower.LEAF else lower.LEAF)


@pytest.mark.parametrize(
    ("objective", "version", "score", "margin"),
    [
        ("binary:logistic", (0, 0), 0.7, 0.7), ("binary:logistic", (1, 3), 0.7, 0.8473),
        ("binary:logitraw", (1, 2), 0.7, 0.8473), ("binary:logitraw", (1, 3), 0.7, 0.7),
        ("survival:cox", (0, 0), 1.5, 1.5), ("survival:cox", (2, 0), 1.5, 0.4055),
        ("binary:hinge", (0, 0), 0.5, 0.5), ("reg:gamma", (3, 2), 2.0, 0.6931),
    ],
)  # fmt: skip
def test_a_base_score_means_what_its_version_says(
    objective: str, version: tuple[int, int], score: float, margin: float
) -> None:
    model = replace(
        learner(FIXTURES / "logistic.json"),
        objective=objective,
        version=version,
        base_scores=(score,),
    )
    assert base_score.margins(model)[0] == pytest.approx(margin, abs=1e-4)


def test_trees_of_classes_are_put_in_turns() -> None:
    """The same trees for each class, in the same order; with DART, each with its weight."""
    model = learner(FIXTURES / "softprob.json")
    assert turns.in_turns(model, "m") is model
    shuffled = sorted(range(len(model.trees)), key=lambda index: model.tree_info[index])
    together = replace(
        model,
        trees=tuple(model.trees[index] for index in shuffled),
        tree_info=tuple(sorted(model.tree_info)),
        weight_drop=[float(index) for index in shuffled],
    )
    again = turns.in_turns(together, "m")
    assert (again.trees, again.tree_info) == (model.trees, model.tree_info)
    assert again.weight_drop == [float(index) for index in range(len(model.trees))]
    with pytest.raises(SourceError, match="more trees for one class"):
        turns.in_turns(replace(together, tree_info=(0,) * len(model.trees)), "m")


FIELDS = (
    "split_condition", "base_weight", "loss_change", "sum_hessian", "split_index", "default_left",
)  # fmt: skip


def shuffled(tree: document.Tree) -> document.Tree:
    """The same tree, its nodes but the root in another order."""
    order = [0, *np.random.default_rng(0).permutation(np.arange(1, tree.nodes)).tolist()]
    places = {node: place for place, node in enumerate(order)}
    fields = {name: lower.numbers(getattr(tree, name), "<f8") for name in FIELDS}
    links = {name: lower.numbers(getattr(tree, name), "<i8") for name in ("left", "right")}
    parents = lower.numbers(tree.parent, "<i8")
    moved: dict[str, Any] = {name: field[order].tolist() for name, field in fields.items()}
    for name, link in links.items():
        moved[name] = [places.get(link[node], -1) for node in order]
    return replace(
        tree, parent=[places.get(parents[node], parents[node]) for node in order], **moved
    )


@pytest.mark.parametrize("name", ["logistic", "softprob", "dart"])
def test_nodes_are_numbered_as_xgboost_numbers_them(name: str) -> None:
    model = learner(FIXTURES / f"{name}.json")
    assert siblings.are_adjacent(model)
    other = replace(model, trees=tuple(map(shuffled, model.trees)))
    assert not siblings.are_adjacent(other)
    again = siblings.with_adjacent(other, "m")
    assert lower.lower(again, "m").data == lower.lower(model, "m").data


def test_a_node_of_two_parents_is_refused() -> None:
    model = learner(FIXTURES / "logistic.json")
    tree = shuffled(model.trees[0])
    twice = replace(tree, right=tree.left)
    with pytest.raises(Malformed, match="is the child of two"):
        siblings.with_adjacent(replace(model, trees=(twice,)), "m")


def test_a_file_tells_whether_its_classes_are_in_turns() -> None:
    model = learner(FIXTURES / "softprob.json")
    together = replace(model, tree_info=tuple(sorted(model.tree_info)))
    for each, expected in ((model, True), (together, False)):
        written = lower.lower(each, "m").data
        info = read.read_source(BytesSource("m", written))
        assert facts_of(info, LearnerFacts).in_turns is expected
