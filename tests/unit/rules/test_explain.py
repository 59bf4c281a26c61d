"""FailureReason explained: what our rules and tables say of Neo's own words."""

from __future__ import annotations

import re

import pytest

from neopack import facts
from neopack.checks.failure_reasons import explain
from neopack.facts.failures import FailureRow, failures

PLACE = re.compile(r"\{\w+\}|<[\w. ]+>")
LONG = 12
SAID = {
    id_: row.said_by_neo
    for id_ in facts.error_ids()
    if len(PLACE.sub("", (row := facts.error_row(id_)).said_by_neo)) > LONG
    and row.said_by_neo != "ValidationException"
}


def filled(text: str) -> str:
    return PLACE.sub("something", text)


@pytest.mark.parametrize("id_", SAID)
def test_what_a_rule_says_that_neo_says_is_explained(id_: str) -> None:
    known = explain(f"ClientError: {filled(SAID[id_])} and more")
    assert known.rule
    assert known.title == facts.error_row(known.rule).title
    assert known.cause
    assert known.fix


@pytest.mark.parametrize("row", failures(), ids=lambda row: row.said[:40])
def test_each_row_explains_its_own_text(row: FailureRow) -> None:
    known = explain(filled(row.said))
    assert known.kind == row.kind
    assert known.fix


@pytest.mark.parametrize("row", facts.frameworks(), ids=lambda row: row.name)
def test_missing_and_double_files_of_each_framework(row: facts.FrameworkRow) -> None:
    assert explain(filled(row.none_found)).rule
    assert explain(filled(row.many_found)).rule


@pytest.mark.parametrize("reason", ["", "?", "Something else entirely", "ValidationException"])
def test_what_nobody_knows(reason: str) -> None:
    known = explain(reason)
    assert (known.kind, known.rule, known.fix) == ("unknown", "", "")
    assert known.reason == reason


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("Exactly one .pb file is allowed for TensorFlow models.", "NEO-TF-001"),
        ("Exactly one .pb or .pbtxt file is allowed for TensorFlow models.", "NEO-TF-001"),
    ],
)
def test_older_wordings_are_known(said: str, rule: str) -> None:
    assert explain(f"ClientError: InputConfiguration: {said}").rule == rule


ONNX = "TVM cannot convert ONNX model. Please make sure the framework you selected is correct. "
KERAS = "Unable to load provided Keras model. Error: "
TORCH = "Framework cannot load PyTorch model. "


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (f"{ONNX}greater() got an unexpected keyword argument 'broadcast'", "NEO-ON-018"),
        (f"{ONNX}tanh() got an unexpected keyword argument 'consumed_inputs'", "NEO-ON-018"),
        (f"{ONNX}Upsample op takes 2 inputs, 1 given", "NEO-ON-018"),
        (f"{ONNX}module 'tvm' has no attribute 'errors'", "NEO-ON-019"),
        (f"{ONNX}not support dilate now", "NEO-ON-020"),
        (f"{ONNX}TVM only supports 1D Unique operator.", "NEO-ON-020"),
        ("TVM cannot convert ONNX model. The following operators are not implemented: {'Det'}",
         "NEO-TV-001"),
        ("Framework cannot load ONNX model. Make sure. Error parsing message", "NEO-AR-012"),
        (f"{KERAS}load a weight file containing 3 layers into a model with 5 layers.",
         "NEO-KR-016"),
        (f"{KERAS}weight 'a' has shape (3, 7), but the saved weight has shape (4, 3).",
         "NEO-KR-016"),
        (f"{KERAS}__init__() missing 1 required positional argument: 'units'", "NEO-KR-017"),
        (f"{KERAS}unhashable type: 'dict'", "NEO-KR-013"),
        ("TVM cannot convert the Keras model. list index out of range", "NEO-KR-015"),
        (f"{TORCH}Attempting to deserialize object on CUDA device 1 but there is 1",
         "NEO-PT-004"),
        (f"{TORCH}argument #1 'indices' to have scalar type Long; but got float instead",
         "NEO-PT-013"),
        ("Framework cannot load Tensorflow model: 'NoOp' refers to an Operation, not a Tensor.",
         "NEO-TF-028"),
        ("Treelite failed to convert XGBoost model. header: BoostLearner: wrong model format",
         "NEO-XG-002"),
        ("[Errno 2] No such file or directory: 'labels.txt'", "NEO-HD-015"),
    ],
)  # fmt: skip
def test_the_words_of_a_framework_inside_decide(said: str, rule: str) -> None:
    assert explain(f"ClientError: InputConfiguration: {said}").rule == rule


def test_a_contraction_is_the_same_text() -> None:
    ending = "convert MXNet model. The following operators are not implemented: ['x']"
    assert explain(f"TVM can't {ending}").cause == explain(f"TVM cannot {ending}").cause != ""


NOT_IMPLEMENTED = "The following operators are not implemented"
OTHER = "Please make sure the framework you selected is correct."


# before the operators of any PyTorch model; it alone is about the inputs
LEXICALLY = (
    "TVM cannot convert the PyTorch model. Invalid model or input-shape mismatch. Make sure that "
    "inputs are lexically ordered and of the correct dimensionality."
)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (f"TVM cannot convert the PyTorch model. {NOT_IMPLEMENTED}: ['aten::x']", "NEO-TV-001"),
        (f"TVM cannot convert ONNX model. {OTHER} {NOT_IMPLEMENTED}: {{'Einsum'}}", "NEO-TV-001"),
        ("One or more operators are not supported in frontend MXNet:\n_foreach: 1", "NEO-TV-001"),
        ("Operator Bidirectional is not supported for frontend Keras.", "NEO-TV-001"),
        (f"{LEXICALLY} The following operators are not implemented: ['aten::x']", "NEO-TV-001"),
        ("Operator softsign is not supported in frontend Keras.", "NEO-TV-001"),
        ("Input shape (1, 1, 1, 3) is not valid for operator Dense.", "NEO-KR-015"),
    ],
)
def test_the_compiler_s_own_words_lead_to_its_operators(said: str, rule: str) -> None:
    assert explain(f"ClientError: InputConfiguration: {said}").rule == rule
