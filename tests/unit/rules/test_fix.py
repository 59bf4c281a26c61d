"""How files are packed again: what stays, under which name, and why the rest does not."""

from __future__ import annotations

import pytest
from contexts import entries, entry

from neopack import facts
from neopack.checks.repacking import RepackingPlan, plan
from neopack.formats.tar import TarEntry
from neopack.frameworks import registry

TARGET = facts.target("ml_c5")


def planned(framework: str, *given: TarEntry, model: str = "") -> RepackingPlan:
    return plan(given, registry.get(framework), TARGET, model)


def rules(made: RepackingPlan) -> list[str]:
    return [change.rule for change in made.changes]


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (entry("../evil.pth"), "NEO-AR-004"),
        (entry("a/../../evil.pth"), "NEO-AR-004"),
        (entry("a\x07.txt"), "NEO-AR-004"),
        (entry("link", "symlink", link="/etc/passwd"), "NEO-AR-005"),
        (entry("link", "hardlink", link="net.pth"), "NEO-AR-005"),
        (entry("null", "device"), "NEO-AR-006"),
        (entry("pipe", "fifo"), "NEO-AR-006"),
        (entry(""), "NEO-AR-008"),
        (entry("._net.pth"), "NEO-AR-010"),
        (entry("__MACOSX/net.pth"), "NEO-AR-010"),
        (entry(".DS_Store"), "NEO-AR-010"),
    ],
)
def test_what_is_left_out(bad: TarEntry, rule: str) -> None:
    made = planned("PYTORCH", entry("net.pth"), bad)
    assert list(made.placed) == ["net.pth"]
    assert [(c.member, c.to, c.rule) for c in made.changes] == [(bad.name, "", rule)]


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("./net.pth", "net.pth"),
        ("/home/me/net.pth", "home/me/net.pth"),
        ("C:\\models\\net.pth", "models/net.pth"),
    ],
)
def test_names_as_tar_would_have_packed_them(name: str, to: str) -> None:
    assert list(planned("PYTORCH", entry(name)).placed) == [to]


def test_the_later_of_two_stays() -> None:
    first, second = entry("net.pth", size=1), entry("./net.pth", size=2)
    made = planned("PYTORCH", first, second)
    assert made.placed == {"net.pth": second}
    assert rules(made) == ["NEO-AR-007"]


def test_a_pytorch_model_is_named_pth() -> None:
    made = planned("PYTORCH", *entries("net.PT", "code/inference.py"))
    assert list(made.placed) == ["code/inference.py", "net.pth"]
    assert rules(made) == ["NEO-AR-011", "NEO-PT-001"]


def test_two_pytorch_models_are_a_choice() -> None:
    made = planned("PYTORCH", *entries("a.pt", "b.pt"))
    assert list(made.placed) == ["a.pt", "b.pt"]
    assert made.changes == ()


def test_nothing_is_renamed_onto_another_file() -> None:
    made = planned("ONNX", entry("net.ONNX", size=1), entry("net.onnx", size=2))
    assert {name: e.size for name, e in made.placed.items()} == {"net.ONNX": 1, "net.onnx": 2}


def test_a_saved_model_gets_a_directory() -> None:
    files = entries(
        "saved_model.pb", "keras_metadata.pb", "fingerprint.pb", "checkpoint", "code/inference.py",
        "variables/variables.index", "variables/variables.data-00000-of-00001",
    )  # fmt: skip
    made = planned("TENSORFLOW", *files, model="saved_model.pb")
    assert set(made.placed) == {
        "code/inference.py", "export/saved_model.pb", "export/variables/variables.index",
        "export/variables/variables.data-00000-of-00001",
    }  # fmt: skip
    assert made.directories == ("export",)
    assert rules(made) == ["NEO-TF-002"] * 2 + ["NEO-TF-006"] + ["NEO-TF-003"] * 3


def test_a_saved_model_whose_directory_is_no_member() -> None:
    made = planned("TENSORFLOW", *entries("1/saved_model.pb"), model="1/saved_model.pb")
    assert set(made.directories) == {"1", "1/variables"}
    assert {change.to for change in made.changes} == {"1/", "1/variables/"}
    there = [entry(name, "directory", 0) for name in made.directories]
    again = planned("TENSORFLOW", *entries("1/saved_model.pb"), *there, model="1/saved_model.pb")
    assert again.changes == ()


def test_mxnet_without_another_json() -> None:
    files = entries("net-symbol.json", "net-0007.params", "notes.json", "model-shapes.json")
    made = planned("MXNET", *files, model="net-symbol.json")
    assert set(made.placed) == {"net-symbol.json", "net-0007.params", "model-shapes.json"}
    assert rules(made) == ["NEO-MX-002"]


@pytest.mark.parametrize(
    ("parameters", "to", "rule"),
    [
        ("other-0003.params", "net-0003.params", "NEO-MX-004"),
        ("net.params", "net-0000.params", "NEO-MX-005"),
    ],
)
def test_mxnet_parameters_are_named_after_the_symbol(parameters: str, to: str, rule: str) -> None:
    made = planned("MXNET", *entries("net-symbol.json", parameters), model="net-symbol.json")
    assert set(made.placed) == {"net-symbol.json", to}
    assert rules(made) == [rule]


def test_xgboost_is_alone() -> None:
    made = planned("XGBOOST", *entries("net.model", "README"), model="net.model")
    assert list(made.placed) == ["net.model"]
    assert rules(made) == ["NEO-XG-001"]


def test_keras_is_named_h5() -> None:
    made = planned("KERAS", *entries("net.hdf5"), model="net.hdf5")
    assert list(made.placed) == ["net.h5"]
    assert rules(made) == ["NEO-KR-001"]
