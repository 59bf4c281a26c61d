"""What only one framework tells is typed: a rule or a reader that errs fails, and never passes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from contexts import onnx, onnx_info, torch_info

from neopack.frameworks.onnx.facts import OnnxFacts
from neopack.frameworks.onnx.rules import RULES
from neopack.frameworks.pytorch.facts import ProgramFacts, TorchScriptFacts
from neopack.values.model import ModelInfo, facts_of


def test_facts_are_given_as_the_class_or_one_above_it() -> None:
    info = torch_info()
    assert facts_of(info, TorchScriptFacts) is facts_of(info, ProgramFacts) is info.facts


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (torch_info(), "the facts of PYTORCH are TorchScriptFacts, not OnnxFacts"),
        (ModelInfo(framework="ONNX", format="onnx"), "the facts of ONNX are NoneType"),
        (replace(onnx_info(), facts={"ir_version": 7}), "the facts of ONNX are dict"),
        (None, "the facts of no model are NoneType"),
    ],
)
def test_facts_of_another_class_are_an_error(info: ModelInfo | None, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        facts_of(info, OnnxFacts)


def test_a_rule_does_not_pass_for_lack_of_a_fact() -> None:
    judged = onnx(info=replace(onnx_info(), facts=None))
    (rule,) = (rule for rule in RULES if rule.id == "NEO-ON-002")
    with pytest.raises(TypeError):
        list(rule.test(judged))
