"""Rules and their rows in errors.toml match one to one, and clean models are found clean."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from contexts import context

import neopack.facts
from neopack import facts
from neopack.checks import engine
from neopack.frameworks.darknet import rules as darknet
from neopack.frameworks.keras import rules as keras
from neopack.frameworks.mxnet import rules as mxnet
from neopack.frameworks.onnx import rules as onnx
from neopack.frameworks.pytorch import rules as pytorch
from neopack.frameworks.tensorflow import rules as tensorflow
from neopack.frameworks.tflite import rules as tflite
from neopack.frameworks.xgboost import rules as xgboost
from neopack.rules import (
    archive,
    compiled,
    dataconfig,
    handler,
    neuron_operators,
    options,
    randomness,
    scikit_learn,
    script_needs,
    target,
    traps,
    tvm_operators,
)
from neopack.rules.rule import Rule

SHARED = (
    *archive.RULES,
    *dataconfig.RULES,
    *target.RULES,
    *options.RULES,
    *scikit_learn.RULES,
    *handler.RULES,
    *traps.RULES,
    *script_needs.RULES,
    *randomness.RULES,
    *tvm_operators.RULES,
    *neuron_operators.RULES,
)
ALL: tuple[Rule, ...] = (
    *SHARED,
    *compiled.RULES,
    *pytorch.RULES,
    *onnx.RULES,
    *xgboost.RULES,
    *tensorflow.RULES,
    *mxnet.RULES,
    *keras.RULES,
    *tflite.RULES,
    *darknet.RULES,
)
_ROW = Path(neopack.facts.__file__).with_name("errors.toml")


def test_ids_in_code_and_data_match_one_to_one() -> None:
    ids = [rule.id for rule in ALL]
    assert len(set(ids)) == len(ids)
    assert sorted(ids) == sorted(facts.error_ids())
    rows = tomllib.loads(_ROW.read_text("utf-8"))["error"]
    assert len(rows) == len(ids)


@pytest.mark.parametrize("id_", facts.error_ids())
def test_every_row_is_whole(id_: str) -> None:
    row = facts.error_row(id_)
    assert re.fullmatch(r"NEO-[A-Z]{2}-\d{3}", row.id)
    assert re.fullmatch(r"20\d\d(-\d\d){0,2}", row.date)
    for text in (row.title, row.cause, row.fix, row.source):
        assert text.strip() == text != ""
        assert "\n" not in text
    assert not row.title.endswith(".")
    assert row.confidence == "documented" or re.search(r"\bmay\b", row.cause), "says may"
    assert set(row.frameworks) <= {framework.name for framework in facts.frameworks()}


def test_unsupported_are_rules() -> None:
    assert set(facts.error_ids()) >= target.UNSUPPORTED


def test_every_rule_says_what_holds_and_who_says_so() -> None:
    for rule in ALL:
        assert rule.test.__doc__, rule.id
        assert "\n" not in rule.test.__doc__, rule.id


@pytest.mark.parametrize(
    ("framework", "aim", "rules"),
    [
        ("PYTORCH", "ml_c5", (*SHARED, *pytorch.RULES)),
        ("PYTORCH", "ml_inf1", (*SHARED, *pytorch.RULES)),
        ("PYTORCH", "rasp4b", (*SHARED, *pytorch.RULES)),
        ("ONNX", "ml_c5", (*SHARED, *onnx.RULES)),
        ("ONNX", "linux/arm64", (*SHARED, *onnx.RULES)),
        ("XGBOOST", "ml_c5", SHARED),
        ("TENSORFLOW", "ml_c5", (*SHARED, *tensorflow.RULES)),
        ("TENSORFLOW", "rasp4b", (*SHARED, *tensorflow.RULES)),
        ("KERAS", "ml_c5", (*SHARED, *keras.RULES)),
        ("KERAS", "rasp4b", (*SHARED, *keras.RULES)),
    ],
)
def test_a_clean_model_is_found_clean(framework: str, aim: str, rules: tuple[Rule, ...]) -> None:
    report = engine.run(rules, context(framework, aim))
    assert report.findings == ()
    assert report.not_checked == ()
    assert report.clean
