"""The catalogue from the command line: text of 80 columns, JSON, refusals, the page's answers."""

from __future__ import annotations

import doctest
import importlib.util
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from desk import Call

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "support.md"


@pytest.mark.parametrize(
    "call",
    [
        "targets",
        "targets ml_c5",
        "targets jetson_nano --framework tf",
        "targets ml_eia2",
        "targets linux/arm64/nvidia",
        "targets --class inferentia --framework pytorch",
        "targets --as-of 2021-01-01 --class cloud",
        "targets --changes",
        "support neo",
        "support ei",
        "support edge",
        "support edge resnet --chip jetson_nano",
        "support training-compiler",
        "support training-compiler --smaller",
    ],
)
def test_tables_fit_80_columns(neopack: Call, call: str) -> None:
    answer = neopack(*call.split())
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.strip()
    assert [line for line in answer.out.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("targets", "targets"),
        ("targets --changes", "changes"),
        ("support neo", "support neo"),
        ("support ei", "support ei"),
        ("support edge yolo", "support edge"),
        ("support smp", "support smp"),
        ("support operators einsum", "support operators"),
        ("support training-compiler", "support training-compiler"),
        ("image --framework torch1.8 -t ml.c5 --region us-west-2", "image"),
    ],
)
def test_every_answer_is_json_too(neopack: Call, call: str, kind: str) -> None:
    answer = neopack(*call.split(), "--format", "json")
    assert answer.code == 0
    document = answer.document
    assert (document["schema"], document["kind"]) == (1, kind)


def test_json_has_what_was_read_and_whence(neopack: Call) -> None:
    answer = neopack("targets", "ml.c5", "--framework", "pytorch1.8", "--format", "json")
    document = answer.document
    assert document["readings"] == [
        {"given": "ml.c5", "read_as": "ml_c5"},
        {"given": "pytorch1.8", "read_as": "PYTORCH==1.8"},
    ]
    (row,) = document["targets"][0]["frameworks"]
    assert (row["as_of"], row["path"]) == ("2026", "integrated")
    assert "neo-supported-cloud" in row["source"]
    account = neopack(
        "image", "--framework", "onnx", "-t", "ml_c5", "--region", "us-east-2", "--format", "json"
    ).document["account"]
    assert account == "007439368137"


@pytest.mark.parametrize(
    ("code", "words", "call"),
    [
        (2, "before the first table", "targets --as-of 2019-01-01"),
        (2, "'ml.r5.xlarge' is not a target", "targets ml.r5.xlarge"),
        (3, "listed are 1.8 below and 1.12 above", "targets ml_c5 --framework torch1.10"),
        (2, "not a region with these images",
         "image --framework torch -t ml_c5 --region eu-north-9"),
        (3, "no table has an image", "image --framework tf -t rasp3b --region us-west-2"),
        (2, "--since goes with --changes", "targets --since 2022"),
        (2, "not of one target", "targets ml_c5 --changes"),
        (1, "no such file", "support ei --model gone.onnx"),
        (2, "did you mean gpt2", "support training-compiler gtp2"),
        (2, "did you mean bert-base-uncased, ", "support training-compiler bert-base"),
        (2, "did you mean ml_m6g", "targets m6i"),
        (2, "did you mean ml_g4dn", "targets p4d.24xlarge"),
        (2, "did you mean rasp4b", "targets rpi4"),
        (2, "did you mean eu-central-1, ", "image --framework tf -t c5 --region eu"),
        (2, "the tables lack tvm 0.5 (they have 0.6,", "support operators --compiler tvm==0.5"),
        (2, "'glow' is not a compiler", "support operators relu --compiler glow"),
        (3, "tvm does not read XGBOOST", "support operators --framework xgboost"),
        (3, "no row of alexnet", "support edge alexnet --framework darknet --chip nvidia"),
    ],
)  # fmt: skip
def test_what_is_refused(refused: Call, code: int, words: str, call: str) -> None:
    refused(code, words, *call.split())


def test_operators_of_compilers_in_60_columns(neopack: Call) -> None:
    for call in (
        "",
        "--framework onnx",
        "conv2d Softmax",
        "--framework tf2 --compiler tvm=0.9",
        "--compiler neuron",
        "where --compiler torch-neuron==2.9.0.0",
    ):
        answer = neopack("support", "operators", *call.split())
        assert answer.code == 0
        assert [line for line in answer.out.splitlines() if len(line) > 60] == []


def test_an_operator_is_read_in_any_spelling_and_an_unknown_one_names_the_nearest(
    neopack: Call,
) -> None:
    answer = neopack("support", "operators", "MATMUL", "einsun", "--format", "json")
    assert answer.code == 3
    rows = {(row["framework"], row["operator"]) for row in answer.document["rows"]}
    assert rows >= {("PYTORCH", "aten::matmul"), ("ONNX", "MatMul"), ("TENSORFLOW", "MatMul")}
    (unknown,) = answer.document["unknown"]
    assert (unknown["operator"], unknown["nearest"]) == ("einsun", "Einsum")


def test_a_long_answer_goes_to_the_pager_on_a_terminal(executable: list[str]) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PAGER": "sed 's/^/paged: /'", "LINES": "20", "COLUMNS": "80"}
    shown: list[bytes] = []
    reader = threading.Thread(target=lambda: shown.extend(iter(lambda: _read(ours), b"")))
    reader.start()
    call = [*executable, "support", "training-compiler"]
    done = subprocess.run(call, stdout=theirs, stderr=theirs, stdin=theirs, env=environment)
    os.close(theirs)
    reader.join()
    os.close(ours)
    assert done.returncode == 0
    lines = b"".join(shown).decode().splitlines()
    assert len(lines) > 235
    assert all(line.startswith("paged: ") for line in lines)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other side is closed
        return b""


# --- the page -------------------------------------------------------------------------------


def test_the_pages_python_runs() -> None:
    done = doctest.testfile(str(PAGE), module_relative=False)
    assert done.attempted >= 5
    assert not done.failed


# --- drift from botocore --------------------------------------------------------------------


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    path = ROOT / "tools" / "compare_botocore.py"
    found = importlib.util.spec_from_file_location("compare_botocore", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def test_our_words_are_in_the_installed_botocore(compare: ModuleType) -> None:
    """New words there are for a maintainer to see; one of ours that is gone breaks requests."""
    assert set(compare.theirs()) == set(compare.ours())
    assert not [row for row in compare.drift(compare.ours(), compare.theirs()) if row.gone]


def test_what_is_new_in_botocore_is_said(compare: ModuleType) -> None:
    ours = compare.ours()
    model = dict(ours)
    model["Framework"] = ours["Framework"] | {"JAX"}
    model["TargetDevice"] = ours["TargetDevice"] - {"lambda"}
    types = ours["ProductionVariantInstanceType"]
    model["ProductionVariantInstanceType"] = types | {"ml.c5.48xlarge", "ml.z9.large"}
    found = {row.enum: (row.new, row.gone) for row in compare.drift(ours, model)}
    assert found == {
        "Framework": (("JAX",), ()),
        "TargetDevice": ((), ("lambda",)),
        "ProductionVariantInstanceType": (("ml.c5.48xlarge",), ()),
    }
