"""An option that would not be read, and a value that a pipeline forgot, are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from desk import INPUT, Call, Copied, Desk
from lxml import etree


@pytest.mark.parametrize(
    ("option", "arguments"),
    [
        ("--script", ("--script",)),
        ("--signature", ("--signature", "serving_default")),
        ("--tag", ("--tag", "serve")),
        ("--form", ("--form", "frozen")),
        ("--output-name", ("--output-name", "y:0")),
        ("--trust-pickle", ("--trust-pickle",)),
    ],
)
def test_what_the_framework_of_the_model_does_not_read(
    refused: Call, fixtures: Path, option: str, arguments: tuple[str, ...]
) -> None:
    model = fixtures / "onnx/cnn-opset12.onnx"
    words = ("cnn-opset12.onnx", f"{option} does nothing for this ONNX model")
    answer = refused(2, words, "package", model, "-o", "out.tar.gz", *arguments)
    assert "exporting" not in answer.err


def test_a_traced_file_cannot_be_scripted(refused: Call, fixtures: Path) -> None:
    model = fixtures / "pytorch/cnn-traced.pt"
    arguments = ("package", model, *INPUT, "-o", "out.tar.gz", "--script")
    refused(2, "--script does nothing for this PyTorch model", *arguments)


@pytest.mark.parametrize(
    ("backend", "words", "arguments"),
    [
        ("local", ("--no-wait is for jobs", "--backend sagemaker"), ("--no-wait",)),
        ("local", "--kms-key is for jobs", ("--kms-key", "alias/models")),
        ("local", "--role is for jobs", ("--role", "arn:aws:iam::123456789012:role/neo")),
        ("sagemaker", "--precision is for local engines", ("--precision", "bf16")),
        ("sagemaker", "--max-difference is for local", ("--max-difference", "1e-3")),
        ("sagemaker", "--engine is for local", ("--engine", "openvino")),
    ],
)
def test_what_the_backend_does_not_read(
    refused: Call,
    desk: Desk,
    copied: Copied,
    backend: str,
    words: str | tuple[str, ...],
    arguments: tuple[str, ...],
) -> None:
    copied("cnn", desk.path)
    call = ("compile", "cnn.tar.gz", "-t", "ml_c5", "--backend", backend)
    refused(2, words, *call, *arguments)


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("--timeout goes without --no-wait", ("--no-wait", "--timeout", "9")),
        ("--poll goes without --no-wait", ("--no-wait", "--poll", "5")),
        ("--content-type goes without --no-wait", ("--no-wait", "--content-type", "text/csv")),
        ("--content-type goes without --no-smoke", ("--no-smoke", "--content-type", "text/csv")),
    ],
)
def test_what_an_endpoint_that_nobody_waits_for_does_not_read(
    refused: Call, words: str, arguments: tuple[str, ...]
) -> None:
    refused(2, words, "deploy", "net-ml_c5.tar.gz", "--instance", "ml.c5.xlarge", *arguments)


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("an argument is empty", ("check", "", "-t", "ml_c5")),
        ("an argument is empty", ("inspect", "")),
        ("an argument is empty", ("targets", "")),
        ("--target is given without a value", ("check", "cnn.tar.gz", "--target", "")),
        ("--kms-key is given without a value", ("compile", "cnn.tar.gz", "--kms-key=")),
    ],
)
def test_a_variable_that_is_not_set(
    refused: Call, desk: Desk, copied: Copied, words: str, arguments: tuple[str, ...]
) -> None:
    """``neopack check "$ARCHIVE"`` must not judge whatever lies in this directory."""
    copied("cnn", desk.path)
    refused(2, (words, "is a shell variable unset?"), *arguments)


def test_an_argument_of_a_callable_may_be_empty(neopack: Call, models: Path) -> None:
    answer = neopack("inspect", f"{models}:cnn", *INPUT, "--arg", "nothing=")
    assert "unset" not in answer.err


@pytest.mark.parametrize("group", ["jobs", "dev", "support", "runtimes"])
def test_a_group_without_its_command_is_one_line(refused: Call, group: str) -> None:
    refused(2, ("Missing command", f"see neopack {group} --help"), group)


def test_several_targets_are_one_document(neopack: Call, desk: Desk, copied: Copied) -> None:
    copied("cnn", desk.path)
    call = ("compile", "cnn.tar.gz", "-t", "ml_c5", "-t", "ml_m5", "--format", "json")
    answer = json.loads(neopack(*call).out)
    assert answer["kind"] == "compiles"
    assert [made["target"] for made in answer["artifacts"]] == ["ml_c5", "ml_m5"]


def test_a_runtime_for_what_the_target_does_not_take(
    refused: Call, desk: Desk, fixtures: Path
) -> None:
    """Proven in some version would read as proven for the target."""
    import neopack

    neopack.package(fixtures / "onnx/cnn-opset12.onnx", path=desk.path / "m.tar.gz")
    words = ("no ONNX models for ml_inf1", "neopack targets --framework ONNX")
    refused(3, words, "verify", "m.tar.gz", "-t", "ml_inf1")


@pytest.mark.parametrize("value", ["-1", "nan", "inf"])
def test_a_difference_that_proves_nothing(
    refused: Call, desk: Desk, fixtures: Path, value: str
) -> None:
    words = f"--max-difference must be 0 or more, not {float(value):g}"
    refused(2, words, "verify", "m.tar.gz", "--max-difference", value)


@pytest.mark.parametrize(
    ("words", "name", "data"),
    [
        (("model.bin", "is not text"), "model.bin", b"\x1f\x8b\x00\xff"),
        (("gone.json", "no such file"), "gone.json", None),
    ],
)
def test_what_holds_nothing_to_explain(
    neopack: Call, desk: Desk, words: tuple[str, ...], name: str, data: bytes | None
) -> None:
    if data is not None:
        (desk.path / name).write_bytes(data)
    answer = neopack("explain", name)
    assert answer.code in (1, 2)
    assert all(word in answer.errors[0] for word in words)


def test_a_job_that_windows_wrote(neopack: Call, desk: Desk) -> None:
    said = json.dumps({"CompilationJobStatus": "FAILED", "FailureReason": "No pth file found"})
    (desk.path / "job.json").write_bytes(said.encode("utf-16"))
    assert "No pth file found" in neopack("explain", "job.json").out


@pytest.mark.parametrize("arguments", [("--ignore", "NEO"), ("--select", "NEO-XG")])
def test_no_rule_that_is_left_is_no_clean_check(
    refused: Call, desk: Desk, copied: Copied, arguments: tuple[str, ...]
) -> None:
    copied("cnn", desk.path)
    refused(2, "no rule is left for PYTORCH on ml_c5", "check", "cnn.tar.gz", *arguments)


def test_a_setting_that_is_misspelt(refused: Call, desk: Desk, copied: Copied) -> None:
    copied("cnn", desk.path)
    (desk.path / "neopack.toml").write_text("stritc = true\n")
    words = ("neopack.toml", "no setting 'stritc'", "did you mean strict?")
    refused(2, words, "check", "cnn.tar.gz")


@pytest.mark.parametrize("form", ["junit", "sarif", "github", "markdown"])
def test_a_check_that_fails_is_no_empty_report(neopack: Call, desk: Desk, form: str) -> None:
    """A pipeline that reads the report alone must see that nothing was checked."""
    answer = neopack("check", "gone.tar.gz", "-t", "ml_c5", "--format", form)
    assert answer.code == 1
    assert "gone.tar.gz" in answer.out
    assert "no such file" in answer.out
    assert answer.errors == ["error: gone.tar.gz: no such file (neopack package writes one)"]
    if form == "sarif":
        run = json.loads(answer.out)["runs"][0]
        assert run["invocations"][0]["executionSuccessful"] is False
    if form == "junit":
        assert etree.fromstring(answer.out.encode()).get("errors") == "1"
