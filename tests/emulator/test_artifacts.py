"""What an emulated job reads and writes: archives judged by our rules, artifacts, logs."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from onnx import helper
from orders import BUCKET, bucket, create, ended, tar_of, upload

import neopack
from neopack.emulator import Emulator
from neopack.emulator.storage import LOG_GROUP
from neopack.runtimes.managing import install_runtimes
from neopack.values.log import SilentLog

ONNX: dict[str, Any] = {
    "InputConfig_Framework": "ONNX",
    "InputConfig_FrameworkVersion": None,
    "InputConfig_DataInputConfig": '{"image": [1, 3, 8, 8]}',
}


def members(aws: Emulator, key: str) -> dict[str, bytes]:
    data = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]


def determinant() -> bytes:
    """An archive of a model whose operator no importer of TVM knows."""
    x, y = (
        helper.make_tensor_value_info(name, 1, dims) for name, dims in (("x", (2, 2)), ("y", ()))
    )
    graph = helper.make_graph([helper.make_node("Det", ["x"], ["y"])], "graph", [x], [y])
    opsets = [helper.make_opsetid("", 12)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=7)
    return tar_of(model_onnx=model.SerializeToString())


def log(aws: Emulator, stream: str = "job") -> list[str]:
    events = aws.client("logs").get_log_events(logGroupName=LOG_GROUP, logStreamName=stream)
    return [event["message"] for event in events["events"]]


# --- what came out --------------------------------------------------------------------------


def test_a_model_is_compiled_by_the_local_engine(
    aws: Emulator, shelf: Path, tmp_path: Path
) -> None:
    upload(aws, shelf / "cnn.tar.gz")
    create(aws, InputConfig_DataInputConfig='{"image": [1, 3, 8, 8]}')
    job = ended(aws)
    assert job["CompilationJobStatus"] == "COMPLETED", job["FailureReason"]
    uri = f"s3://{BUCKET}/out/model-ml_c5.tar.gz"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == uri
    assert job["InferenceImage"] == (
        "301217895009.dkr.ecr.us-west-2.amazonaws.com/sagemaker-inference-pytorch:1.8-cpu-py3"
    )
    made = tmp_path / "made.tar.gz"
    aws.client("s3").download_file(BUCKET, "out/model-ml_c5.tar.gz", str(made))
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    assert job["ModelDigests"]["ArtifactDigest"] == f"sha256:{digest}"
    assert neopack.load(made).signature.outputs[0].shape == (1, 5)
    assert any("compiled by openvino" in line for line in log(aws))


def test_channels_first_in_the_config_are_last_in_a_keras_model(
    aws: Emulator, tmp_path: Path, fixtures: Path
) -> None:
    given = neopack.package(fixtures / "keras/cnn-2.2.4.h5", path=tmp_path / "model.tar.gz")
    upload(aws, given.path)
    config = '{"image": [1, 3, 8, 8]}'
    create(
        aws,
        InputConfig_Framework="KERAS",
        InputConfig_FrameworkVersion=None,
        InputConfig_DataInputConfig=config,
    )
    job = ended(aws)
    assert job["CompilationJobStatus"] == "COMPLETED", job["FailureReason"]
    assert any("compiled by openvino" in line for line in log(aws))


def test_every_artifact_says_that_it_is_emulated(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "onnx.tar.gz")
    create(aws, "compiled", **ONNX)
    create(aws, "as-it-came", **ONNX, OutputConfig_TargetDevice="jetson_nano")
    for name, engine in (("compiled", "openvino"), ("as-it-came", "")):
        key = ended(aws, name)["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]
        mark = json.loads(members(aws, key)["neopack-emulated.json"])
        assert mark["emulated"] is True
        assert mark["engine"] == engine
        assert "not by Amazon SageMaker Neo" in mark["what"]
        assert mark["job"].endswith(f":compilation-job/{name}")


def test_what_no_engine_takes_is_handed_on_marked(
    aws: Emulator, shelf: Path, tmp_path: Path
) -> None:
    upload(aws, shelf / "cnn.tar.gz")
    create(
        aws,
        OutputConfig_TargetDevice="ml_inf1",
        InputConfig_DataInputConfig='{"image": [1, 3, 8, 8]}',
    )
    ended(aws)
    out = members(aws, "out/model-ml_inf1.tar.gz")
    with tarfile.open(shelf / "cnn.tar.gz") as tar:
        assert set(out) == {"neopack-emulated.json", *tar.getnames()}
    assert any("no local engine" in line for line in log(aws))
    mark = json.loads(out["neopack-emulated.json"])
    assert mark["unchanged"].startswith("no local engine takes this: the model is unchanged (")
    alone = tmp_path / "returned.tar.gz"
    aws.client("s3").download_file(BUCKET, "out/model-ml_inf1.tar.gz", str(alone))
    assert "NEO-CA-001" in {finding.id for finding in neopack.check(alone).findings}


def test_a_job_for_a_device_is_compiled_by_what_neo_is_made_of(aws: Emulator, shelf: Path) -> None:
    install_runtimes(["neo-loader-onnx-1.7.0"], SilentLog())
    aws.script(engines=None)
    upload(aws, shelf / "onnx.tar.gz")
    platform = {"Os": "LINUX", "Arch": "X86_64"}
    device = {"OutputConfig_TargetDevice": None, "OutputConfig_TargetPlatform": platform}
    cpu = {"OutputConfig_CompilerOptions": '{"mcpu": "nehalem"}'}
    create(aws, **(ONNX | device | cpu))
    aws.client("s3").put_object(Bucket=BUCKET, Key="in/bad.tar.gz", Body=determinant())
    uri = f"s3://{BUCKET}/in/bad.tar.gz"
    config = {"InputConfig_DataInputConfig": '{"x": [2, 2]}', "InputConfig_S3Uri": uri}
    create(aws, "refused", **(ONNX | device | config))
    job = ended(aws)
    assert job["CompilationJobStatus"] == "COMPLETED", job["FailureReason"]
    made = members(aws, "out/model-LINUX_X86_64.tar.gz")
    assert {"compiled.so", "compiled_model.json", "neopack-emulated.manifest"} <= set(made)
    assert json.loads(made["neopack-emulated.manifest"])["engine"] == "tvm"
    assert json.loads(made["neopack.manifest"])["options"]["code"] == "llvm -mcpu=nehalem"
    job = ended(aws, "refused")
    assert job["CompilationJobStatus"] == "FAILED"
    assert job["FailureReason"] == (
        "ClientError: InputConfiguration: TVM cannot convert ONNX model. Please make sure the "
        "framework you selected is correct. The following operators are not supported for "
        "frontend ONNX: Det"
    )


def test_an_artifact_is_named_as_neo_names_it(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "onnx.tar.gz", key="deep/in/net.v2.tar.gz")
    create(
        aws,
        **ONNX,
        InputConfig_S3Uri=f"s3://{BUCKET}/deep/in/net.v2.tar.gz",
        OutputConfig_S3OutputLocation=f"s3://{BUCKET}/a/b/",
        OutputConfig_TargetDevice=None,
        OutputConfig_TargetPlatform={"Os": "LINUX", "Arch": "ARM64", "Accelerator": "MALI"},
    )
    job = ended(aws)
    uri = f"s3://{BUCKET}/a/b/net.v2-LINUX_ARM64_MALI.tar.gz"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == uri, job["FailureReason"]
    assert "InferenceImage" not in job


def test_shapes_that_were_left_out_are_derived(aws: Emulator, fixtures: Path) -> None:
    upload(aws, tar_of(model_pth=(fixtures / "pytorch/cnn-traced.pt").read_bytes()))
    create(aws, InputConfig_DataInputConfig=None, InputConfig_FrameworkVersion="2.0")
    derived = ended(aws)["DerivedInformation"]["DerivedDataInputConfig"]
    assert json.loads(derived) == {"image": [1, 3, 8, 8]}


def test_shapes_that_cannot_be_derived_are_asked_for(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "onnx.tar.gz")
    create(aws, **(ONNX | {"InputConfig_DataInputConfig": None}))
    assert "unable to extract DataInputConfig" in ended(aws)["FailureReason"]


def test_an_output_bucket_that_is_not_there_fails_the_job(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "onnx.tar.gz")
    create(aws, **ONNX, OutputConfig_S3OutputLocation="s3://nowhere-at-all/out")
    job = ended(aws)
    assert job["CompilationJobStatus"] == "FAILED"
    assert "PutObject" in job["FailureReason"]


def test_a_log_tells_what_happened(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "onnx.tar.gz")
    create(aws, **ONNX)
    ended(aws)
    lines = log(aws)
    assert lines[0] == "INPROGRESS"
    assert lines[-1] == "COMPLETED"
    assert "an emulated compilation, not a Neo job" in lines


# --- what was wrong -------------------------------------------------------------------------


def test_an_object_that_is_not_there_fails_the_job(aws: Emulator) -> None:
    bucket(aws)
    create(aws)
    assert ended(aws)["FailureReason"] == (
        "ClientError: InputConfiguration: S3 object does not exist. "
        f"Bucket: {BUCKET}, Key: in/model.tar.gz"
    )


def test_a_bucket_that_is_not_there_fails_the_job(aws: Emulator) -> None:
    create(aws)
    assert "S3 object does not exist" in ended(aws)["FailureReason"]


def test_a_bucket_elsewhere_fails_the_job(aws: Emulator) -> None:
    bucket(aws, "far-away", "eu-west-1")
    create(aws, InputConfig_S3Uri="s3://far-away/model.tar.gz")
    assert ended(aws)["FailureReason"] == (
        "ClientError: InputConfiguration: Bucket far-away is in region eu-west-1 which is "
        "different from AWS Sagemaker service region us-west-2"
    )


PT = "torch-1.8.1/cnn-traced.pt"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({}, "Unable to untar input model"),
    "tar of nothing": ({}, "No pth file found"),
    "two models": ({}, "Exactly one .pth file"),
    "config of single quotes": (
        {"InputConfig_DataInputConfig": "{'input0': [1, 3, 8, 8]}"}, "Incorrect json format",
    ),
    "config of a number": ({"InputConfig_DataInputConfig": "3"}, "not dictionary or list"),
    "another framework": (
        {"InputConfig_Framework": "ONNX", "InputConfig_FrameworkVersion": None},
        "InputConfiguration",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_archive_fails_the_job_in_neo_s_words(
    name: str, aws: Emulator, fixtures: Path
) -> None:
    model = (fixtures / "pytorch" / PT).read_bytes()
    bodies = {
        "text": b"hello",
        "tar of nothing": tar_of(),
        "two models": tar_of(a_pth=model, b_pth=model),
    }
    changes, words = WRONG[name]
    upload(aws, bodies.get(name, tar_of(model_pth=model)))
    create(aws, **changes)
    job = ended(aws)
    assert job["CompilationJobStatus"] == "FAILED"
    assert words in job["FailureReason"]
    assert job["FailureReason"].startswith("ClientError: ")
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == ""
    assert log(aws)[-1] == "FAILED"
    assert job["FailureReason"] in log(aws)


def test_the_loader_decides_for_instances_where_neo_asks_it(
    aws: Emulator, shelf: Path, tmp_path: Path
) -> None:
    install_runtimes(["neo-loader-onnx-1.7.0"], SilentLog())
    aws.script(engines=None)
    upload(aws, shelf / "onnx.tar.gz")
    instance = {"OutputConfig_TargetDevice": "ml_m4"}  # whose code any CPU with AVX2 runs
    create(aws, **(ONNX | instance))
    aws.client("s3").put_object(Bucket=BUCKET, Key="in/bad.tar.gz", Body=determinant())
    uri = f"s3://{BUCKET}/in/bad.tar.gz"
    config = {"InputConfig_DataInputConfig": '{"x": [2, 2]}', "InputConfig_S3Uri": uri}
    create(aws, "refused", **(ONNX | instance | config))
    assert ended(aws)["CompilationJobStatus"] == "COMPLETED"
    assert any("compiled by tvm" in line for line in log(aws))
    made = tmp_path / "made.tar.gz"
    aws.client("s3").download_file(BUCKET, "out/model-ml_m4.tar.gz", str(made))
    assert neopack.load(made).signature.outputs[0].shape == (1, 4)
    job = ended(aws, "refused")
    assert "not supported for frontend ONNX: Det" in job["FailureReason"]


def test_a_damaged_archive_fails_the_job(aws: Emulator, shelf: Path) -> None:
    upload(aws, (shelf / "cnn.tar.gz").read_bytes()[:-200])
    create(aws)
    assert "Unable to untar" in ended(aws)["FailureReason"]


def test_a_model_that_the_engine_cannot_convert_fails_the_job(
    aws: Emulator, fixtures: Path
) -> None:
    upload(aws, tar_of(model_pth=(fixtures / "pytorch/training-mode.pt").read_bytes()))
    create(aws, InputConfig_FrameworkVersion="2.0")
    job = ended(aws)
    assert job["CompilationJobStatus"] == "FAILED"
    assert job["FailureReason"].startswith(
        "ClientError: CompilationError: Failed to compile PyTorch model: "
    )


def test_a_reason_has_no_places_left_to_fill_in(aws: Emulator, fixtures: Path) -> None:
    upload(aws, tar_of(model_pth=(fixtures / "pytorch/state-dict.pt").read_bytes()))
    create(aws, InputConfig_FrameworkVersion="2.0")
    assert ended(aws)["FailureReason"] == (
        "ClientError: InputConfiguration: Framework cannot load PyTorch model."
    )
