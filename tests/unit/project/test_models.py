"""What ``neopack.toml`` says of the models that a build is of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from neopack.errors import UsageError
from neopack.project.models import BuiltModel
from neopack.project.settings import read_project, read_settings

NET = '[[model]]\nname = "net"\nsource = "net.py:Net"\n'
TARGETS = 'targets = ["ml_c5", "ml.c4"]\n'


def models(folder: Path, text: str, **variables: str) -> tuple[BuiltModel, ...]:
    (folder / "neopack.toml").write_text(text)
    return read_project(folder, variables).models


def test_defaults_group_and_model(tmp_path: Path) -> None:
    text = f"""{TARGETS}
[defaults]
verify = "framework"
compile = {{ precision = "fp16", engine = "openvino" }}
thresholds.max_size = "10 MB"

[groups.vision]
inputs = {{ x = [1, 3, 8, 8] }}
compile.precision = "int8"
compile.calibration = "random"

[[model]]
name = "one"
source = "net.py:Net"
group = "vision"
arguments = {{ width = 2 }}
seed = 3

[[model]]
name = "two"
source = "two.onnx"
inputs = {{ ids = {{ shape = [1, 4], dtype = "int64", below = 9 }} }}
targets = "linux/arm64"
compile = false
verify = "no"
"""
    one, two = models(tmp_path, text)
    assert one.targets == ("ml_c5", "ml_c4")
    assert one.settings.inputs["x"].shape == (1, 3, 8, 8)
    assert one.settings.compile is not None
    assert (one.settings.compile.precision, one.settings.compile.engine) == ("int8", "openvino")
    assert (one.settings.verify, one.settings.seed) == ("framework", 3)
    assert one.settings.arguments == {"width": 2}
    assert (two.targets, two.settings.compile, two.settings.verify) == (
        ("linux/arm64",),
        None,
        "no",
    )
    assert (two.settings.inputs["ids"].dtype, two.settings.inputs["ids"].below) == ("int64", 9)


def test_a_matrix_keeps_types_and_exclude_leaves_out(tmp_path: Path) -> None:
    text = f"""{TARGETS}
[[model]]
name = "net"
source = "net.py:Net"
matrix = {{ width = [0.5, 2], size = [8] }}
arguments = {{ width = "${{width}}", size = "${{size}}", note = "w${{width}}" }}
inputs = {{ x = [1, "${{size}}"] }}
exclude = [{{ width = 2, target = "ml.c5" }}]
"""
    half, double = models(tmp_path, text)
    assert (half.name, double.name) == ("net-0.5-8", "net-2-8")
    assert half.settings.arguments == {"width": 0.5, "size": 8, "note": "w0.5"}
    assert half.settings.inputs["x"].shape == (1, 8)
    assert (half.targets, double.targets) == (("ml_c5", "ml_c4"), ("ml_c4",))


def test_variables_come_from_the_environment(tmp_path: Path) -> None:
    text = f'{TARGETS}role = "${{ROLE}}"\n{NET}weights = "${{W}}/${{F:-w}}.pt"\ncode = "$${{W}}"\n'
    (model,) = models(tmp_path, text, W="there")
    assert (model.settings.weights, model.settings.code) == ("there/w.pt", "${W}")
    assert read_settings(tmp_path, {"ROLE": "arn"}).role == "arn"
    assert read_settings(tmp_path, {}).role == ""
    with pytest.raises(UsageError, match="the variable W is not set"):
        models(tmp_path, text)


def test_included_paths_are_of_the_file_that_has_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.toml").write_text(
        f'region = "far"\nrole = "far"\n[groups.g]\nweights = "w.pt"\n{NET}group = "g"\n'
    )
    (model,) = models(tmp_path, f'{TARGETS}include = ["sub/more.toml"]\nrole = "near"\n')
    assert (model.settings.source, model.settings.weights) == ("sub/net.py:Net", "sub/w.pt")
    assert model.settings.where == "sub/more.toml"
    settings = read_settings(tmp_path)
    assert (settings.role, settings.region, settings.where) == ("near", "far", "neopack.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (NET, "lacks a target"),
        (f"{TARGETS}{NET}{NET}", "two models have the name net"),
        (f"{TARGETS}{NET}{NET.replace('net', 'NET', 1)}", "two models have the name NET"),
        (f'{TARGETS}{NET}targets = ["ml_c5", "ml.c5"]\n', "ml_c5 twice"),
        (f'{TARGETS}{NET}targets = ["ml_c55"]\n', "did you mean ml_c5"),
        (f'{TARGETS}{NET}wieghts = "w"\n', "'wieghts'.*did you mean weights"),
        (f"{TARGETS}{NET}compile.precison = 'fp16'\n", "'compile.precison'.*mean precision"),
        (f"{TARGETS}defaults.inptus = 1\n{NET}", "'defaults.inptus'.*mean inputs"),
        (f"modle = 1\n{TARGETS}{NET}", "'modle'.*mean model"),
        (f"{TARGETS}{NET}group = 'g'\n", "no group 'g'"),
        (f"{TARGETS}{NET}matrix = {{ width = [] }}\n", "net: matrix.width has no values"),
        (f"{TARGETS}{NET}verify = 'frameworks'\n", "verify is not one of.*mean framework"),
        (f"{TARGETS}{NET}reads = ['a', '']\n", "reads has an empty pattern"),
        (f"{TARGETS}{NET}seed = true\n", "seed is not a whole number"),
        (f"{TARGETS}{NET}seed = 2020-01-01\n", "seed is not a whole number"),
        (f"{TARGETS}{NET}inputs = {{x = ['a']}}\n", "inputs.x.shape is not a list of whole"),
        (f"{TARGETS}{NET}bench = true\n", "bench needs compile"),
        (f"{TARGETS}{NET}thresholds.max_size = 'big'\n", "not a size"),
        (f"{TARGETS}{NET}exclude = [{{ with = 1 }}]\n", "exclude has no 'with'"),
        (f"{TARGETS}{NET.replace('net', '../net', 1)}", "not the name of a file"),
        (f'{TARGETS}[[model]]\nname = "net"\n', "lacks a source"),
        (f"targets = 'ml_c5'\ntarget = 'ml_c5'\n{NET}", "both target and targets"),
        ("include = 'neopack.toml'\n", "which includes it"),
        ("include = ['other.toml', './other.toml']\n", "twice"),
        ("include = 'othr.toml'\n", "no such file.*did you mean .*other.toml"),
        (f"{TARGETS}model = 1\n", "model is not a list of tables"),
        (TARGETS, "has no model"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "other.toml").write_text("")
    with pytest.raises(UsageError) as caught:
        models(tmp_path, text)
    line = caught.value.line()
    assert "neopack.toml" in line
    assert re.search(says, line), line


def test_two_files_cannot_include_each_other(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text('include = "neopack.toml"\n')
    with pytest.raises(UsageError, match=r"b\.toml: includes neopack\.toml, which includes it"):
        models(tmp_path, 'include = "b.toml"\n')


@pytest.mark.parametrize("data", [b"role = '\xff'", "role = 'ö'".encode("utf-16")])
def test_a_file_that_is_not_utf_8(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "neopack.toml").write_bytes(data)
    with pytest.raises(UsageError, match="not UTF-8 at byte"):
        read_settings(tmp_path)


def test_the_mark_of_utf_8_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "neopack.toml").write_bytes(b"\xef\xbb\xbf" + b'role = "arn"\n')
    assert read_settings(tmp_path).role == "arn"
