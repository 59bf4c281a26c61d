"""``neopack explain``: a rule, a message, a job, in a file or on standard input."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from desk import Call, Desk

import neopack as package
from neopack import facts
from neopack.facts import failures

SAID = "ClientError: InputConfiguration: No pth file found for PyTorch model. Please make sure"
JOB = {"CompilationJobName": "mine", "CompilationJobStatus": "FAILED", "FailureReason": SAID}


@pytest.mark.parametrize("id_", facts.error_ids())
def test_every_rule_is_explained(id_: str) -> None:
    said = package.explain(id_)
    row = facts.error_row(id_)
    assert (said.rule, said.title, said.cause) == (id_, row.title, row.cause)
    assert not re.search(r"\{\w+\}|<(?:e|v|instead)>", said.fix + said.reason)


def test_a_rule_in_text_and_json(neopack: Call) -> None:
    text = neopack("explain", "neo-tf-003")
    assert text.code == 0
    assert text.out.startswith("rule       NEO-TF-003, The SavedModel is not in a directory")
    assert "mended by  neopack check --fix, neopack package" in text.out
    answer = neopack("explain", "NEO-TF-003", "--format", "json")
    assert answer.document["kind"] == "explain"
    assert answer.document["explanation"]["mended_by"] == ["fix", "package"]


@pytest.mark.parametrize("what", [SAID, json.dumps(JOB), json.dumps({"detail": JOB})])
def test_what_aws_printed(neopack: Call, desk: Desk, what: str) -> None:
    answer = neopack("explain", what, "--format", "json")
    assert answer.code == 0
    said = answer.document["explanation"]
    assert {said["rule"], *said["also"]} >= {"NEO-AR-002", "NEO-PT-001"}
    (desk.path / "said.txt").write_text(what + "\n")
    of_file = neopack("explain", "said.txt", "--format", "json").document
    assert of_file["explanation"] == said
    assert [each["path"] for each in of_file["subjects"]] == ["said.txt"]


def test_standard_input(neopack: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(SAID))
    assert "NEO-AR-002" in neopack("explain", "-").out


def test_what_nobody_knows(neopack: Call) -> None:
    answer = neopack("explain", "The moon is full")
    assert answer.code == 1
    assert "neopack knows no rule" in answer.out


def test_a_job_that_was_stopped(neopack: Call) -> None:
    answer = neopack("explain", json.dumps({"CompilationJobStatus": "STOPPED"}))
    assert answer.code == 0
    assert "MaxRuntimeInSeconds" in answer.out


@pytest.mark.parametrize(
    ("code", "what", "words"),
    [
        (2, "NEO-PT-999", "is not a rule"),
        (2, " ", "nothing to explain"),
        (2, {"CompilationJobStatus": "COMPLETED"}, "the job is COMPLETED"),
        (1, {"JobStatus": "FAILED"}, "has neither FailureReason"),
        (1, {"FailureReason": 3}, "is not text"),
        (1, {"detail": [1]}, "has neither"),
        (1, "{", "is not JSON"),
        (1, '{"a":' * 100_000, "is not JSON"),
    ],
)
def test_what_cannot_be_explained(refused: Call, code: int, what: Any, words: str) -> None:
    refused(code, words, "explain", what if isinstance(what, str) else json.dumps(what))


def test_a_file_that_is_too_large(refused: Call, desk: Desk) -> None:
    (desk.path / "log").write_bytes(bytes(2 << 20))
    refused(1, "is larger than", "explain", "log")


# what a framework says, alone or inside a sentence of Neo's; and the rule that it stands for
WORDS = {
    "RuntimeError: Unknown builtin op: torch_scatter::segment_sum_csr.": "NEO-PT-011",
    "Unknown builtin op: aten::pad": "NEO-PT-022",
    "Unknown builtin op: torchvision::deform_conv2d": "NEO-PT-024",
    "ValueError: Unknown layer: Functional": "NEO-KR-002",
    "ValueError: Unknown layer: MyAttention": "NEO-KR-009",
    'JSONReader: Unknown field attrs, candidates are: "attr"': "NEO-MX-015",
    "_pickle.UnpicklingError: invalid load key, 'v'.": "NEO-AR-012",
    "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Protobuf parsing failed.": "NEO-AR-012",
    "NodeDef mentions attr 'explicit_paddings' not in Op<name=Conv2D": "NEO-TF-019",
    "TypeError: __init__() got an unexpected keyword argument 'ragged'": "NEO-KR-002",
    "2026-01-02T03:04:05 ERROR PytorchStreamReader failed finding central directory": "NEO-PT-002",
    "'collections.OrderedDict' object has no attribute 'eval'": "NEO-PT-002",
    "Unknown type name 'NoneType'": "NEO-PT-023",
}
WRAPPERS = (
    "{}",
    "ClientError: InputConfiguration: Framework cannot load PyTorch model. {} See the guide.",
    (
        "UnexpectedStatusException: Error for Compilation job x: Failed. Reason: ClientError: "
        "InputConfiguration: Unable to load provided Keras model. Error: '{}'"
    ),
)


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("words", WORDS)
def test_the_words_of_the_framework_decide(words: str, wrapper: str) -> None:
    assert package.explain(wrapper.format(words)).rule == WORDS[words]


def test_every_word_of_a_framework_leads_to_its_own_row() -> None:
    for row in failures.framework_words():
        said = package.explain("Error: " + re.sub(r"<\w+>", "some", row.said) + " (at line 3)")
        assert (said.rule, said.cause) == (row.rule, row.cause), row.said
        assert not row.rule or row.rule in facts.error_ids()


def test_containers_and_the_api_are_explained_too(neopack: Call) -> None:
    for words in (
        "model_fn() takes 1 positional argument but 2 were given",
        "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/xgboost-model'",
        "CloudWatch no SavedModel bundles found",
        (
            "ValidationException: 2 validation errors detected: Value 'ml_c6i' at "
            "'outputConfig.targetDevice' failed to satisfy constraint"
        ),
    ):
        assert neopack("explain", words).code == 0
