"""Whatever is written into the strings of a job, the rules answer and never crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from contexts import context, onnx, onnx_info, pytorch, spec, torch_info
from hypothesis import given
from hypothesis import strategies as st
from test_catalogue import ALL, SHARED

from neopack import facts
from neopack.checks import engine
from neopack.errors import UsageError
from neopack.frameworks.onnx import rules as onnx_rules
from neopack.rules import dataconfig
from neopack.rules.rule import CheckContext
from neopack.values.finding import Report

TARGETS = ["ml_c5", "ml_inf1", "ml_trn1", "ml_eia2", "coreml", "linux/arm64/nvidia", "lambda"]
shapes = st.lists(st.integers(min_value=1, max_value=1 << 40), max_size=6)
names = st.text(min_size=1, max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
coreml_inputs = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("shape", "default_shape", "type", "bias", "scale"), json_values),
)


def judge(judged: CheckContext) -> Report:
    report = engine.run(ALL, judged)
    for finding in report.findings:
        assert finding.message
        assert "\n" not in finding.message
    return report


@given(st.dictionaries(names, shapes, min_size=1, max_size=4))
def test_legal_shapes_pass(config: dict[str, list[int]]) -> None:
    inputs = [spec(name, tuple(shape)) for name, shape in config.items()]
    judged = onnx(data_input_config=json.dumps(config), info=onnx_info(inputs))
    report = engine.run((*dataconfig.RULES, *onnx_rules.RULES), judged, select=("NEO-DC",))
    assert report.findings == ()
    assert report.clean


@given(st.lists(shapes, min_size=1, max_size=10))
def test_legal_lists_pass_for_pytorch(config: list[list[int]]) -> None:
    inputs = [spec(f"x{at}", tuple(shape)) for at, shape in enumerate(config)]
    judged = pytorch(data_input_config=json.dumps(config), info=torch_info(inputs=inputs))
    assert engine.run(ALL, judged, select=("NEO-DC", "NEO-PT")).findings == ()


@pytest.mark.parametrize("target", TARGETS)
@given(config=json_values | st.dictionaries(names, coreml_inputs | json_values))
def test_any_json_is_answered(target: str, config: Any) -> None:
    text = json.dumps(config)
    judge(context("PYTORCH", target, data_input_config=text, compiler_options=text))
    judge(context("ONNX", target, data_input_config=text, compiler_options=text))


@given(st.text() | st.text(alphabet="{}[]\",:0123456789.-eE'nulltrafsNI \\u"))
def test_any_text_is_answered(text: str) -> None:
    judge(pytorch(data_input_config=text, compiler_options=text, framework_version=text))
    judge(pytorch(archive_name=text, code={"code/inference.py": text}))


@given(st.text() | st.from_regex(r"(\w+[./ -]?){1,4}"))
def test_any_target_is_known_or_refused(text: str) -> None:
    try:
        target = facts.target(text)
    except UsageError:
        return
    judge(pytorch(target=target.name))


def test_every_target_and_framework_can_be_judged() -> None:
    for target in facts.targets():
        for framework in facts.frameworks():
            for date in facts.snapshots():
                engine.run(SHARED, context(framework.name, target.name, as_of=date))
