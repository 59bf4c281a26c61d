"""Models, endpoint configurations and endpoints, and what answers behind them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from botocore.exceptions import ClientError
from orders import BUCKET, ROLE, create, ended, repacked, tar_of, upload

from neopack import load, package
from neopack.emulator import Emulator, EmulatorScript, Span, Timeline
from neopack.goldens.cases import load_goldens

IMAGE = "301217895009.dkr.ecr.us-west-2.amazonaws.com/sagemaker-inference-pytorch:1.8-cpu-py3"
COMPILED = f"s3://{BUCKET}/out/model-ml_c5.tar.gz"
INPUT = {"InputConfig_DataInputConfig": '{"image": [1, 3, 8, 8]}'}


@pytest.fixture(scope="module")
def artifact(emulator: Emulator, shelf: Path) -> bytes:
    """A model compiled for ml_c5, as a job left it in the bucket."""
    emulator.reset(EmulatorScript(clock="manual", engines=("openvino",)))
    upload(emulator, shelf / "cnn.tar.gz")
    create(emulator, **INPUT)
    assert ended(emulator)["CompilationJobStatus"] == "COMPLETED"
    key = COMPILED.split("/", 3)[3]
    body: bytes = emulator.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


@pytest.fixture
def compiled(artifact: bytes, aws: Emulator) -> Emulator:
    """With that artifact in the bucket."""
    upload(aws, artifact, key=COMPILED.split("/", 3)[3])
    return aws


def deploy(aws: Emulator, name: str = "net", **changes: Any) -> None:
    """A model, a configuration and an endpoint, all of one name."""
    asked: dict[str, Any] = {
        "image": IMAGE,
        "data": COMPILED,
        "instance": "ml.c5.xlarge",
        "accelerator": None,
        "environment": {},
    }
    asked |= changes
    container = {
        "Image": asked["image"],
        "ModelDataUrl": asked["data"],
        "Environment": asked["environment"],
    }
    variant = {
        "VariantName": "Only",
        "ModelName": name,
        "InstanceType": asked["instance"],
        "InitialInstanceCount": 1,
    }
    if asked["accelerator"]:
        variant["AcceleratorType"] = asked["accelerator"]
    client = aws.client("sagemaker")
    client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    client.create_endpoint(EndpointName=name, EndpointConfigName=name)


def endpoint(aws: Emulator, name: str = "net") -> dict[str, Any]:
    answer: dict[str, Any] = aws.client("sagemaker").describe_endpoint(EndpointName=name)
    return answer


def invoke(aws: Emulator, body: bytes, kind: str = "application/json", **more: Any) -> Any:
    return aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="net", ContentType=kind, Body=body, **more
    )


# --- states ---------------------------------------------------------------------------------


def test_an_endpoint_comes_up_answers_and_goes(compiled: Emulator, shelf: Path) -> None:
    deploy(compiled)
    shown = endpoint(compiled)
    assert shown["EndpointStatus"] == "Creating"
    assert shown["EndpointConfigName"] == "net"
    with pytest.raises(ClientError, match="not in service"):
        invoke(compiled, b"[]")
    compiled.advance(10)
    assert endpoint(compiled)["EndpointStatus"] == "InService"
    compiled.client("sagemaker").delete_endpoint_config(EndpointConfigName="net")
    assert endpoint(compiled)["ProductionVariants"][0]["VariantName"] == "Only"
    inputs, golden = load_goldens(shelf / "cnn.golden.npz")
    answer = invoke(compiled, json.dumps(inputs["image"].tolist()).encode())
    assert answer["InvokedProductionVariant"] == "Only"
    got = np.array(json.loads(answer["Body"].read()))
    np.testing.assert_allclose(got, next(iter(golden.values())), rtol=1e-3, atol=1e-5)
    compiled.client("sagemaker").delete_endpoint(EndpointName="net")
    assert endpoint(compiled)["EndpointStatus"] == "Deleting"
    compiled.advance(10)
    with pytest.raises(ClientError, match='Could not find endpoint "arn:'):
        endpoint(compiled)
    with pytest.raises(ClientError, match="not found"):
        invoke(compiled, b"[]")


def test_botocore_s_own_waiter_waits_for_it(compiled: Emulator) -> None:
    compiled.script(endpoint=Timeline(starting=Span(describes=2)))
    deploy(compiled)
    waiter = compiled.client("sagemaker").get_waiter("endpoint_in_service")
    waiter.wait(EndpointName="net", WaiterConfig={"Delay": 0, "MaxAttempts": 4})
    seen = compiled.seen("sagemaker", "DescribeEndpoint")
    assert len(seen) == 3


def test_a_script_in_the_artifact_answers(artifact: bytes, aws: Emulator, tmp_path: Path) -> None:
    text = """
import os
def transform_fn(model, payload, content_type, accept):
    return str(len(payload) // (payload != b"none") * int(os.environ["TIMES"])), "text/plain"
"""
    (tmp_path / "compiled.tar.gz").write_bytes(artifact)
    archive = repacked(tmp_path / "compiled.tar.gz", tmp_path / "model.tar.gz", serve=text)
    upload(aws, archive, key=COMPILED.split("/", 3)[3])
    deploy(aws, environment={"SAGEMAKER_PROGRAM": "serve.py", "TIMES": "2"})
    aws.advance(10)
    assert endpoint(aws)["EndpointStatus"] == "InService"
    answer = invoke(aws, b"\xff\xd8", "image/jpeg")
    assert (answer["Body"].read(), answer["ContentType"]) == (b"4", "text/plain")
    with pytest.raises(ClientError, match=r"server error \(500\).*zero") as caught:
        invoke(aws, b"none", "image/jpeg")
    assert caught.value.response["OriginalStatusCode"] == 500


FAILS: dict[str, tuple[dict[str, Any], str]] = {
    "another instance": ({"instance": "ml.m5.xlarge"}, "runs on ml.c5.*, not on ml.m5.xlarge"),
    "another image": (
        {"image": IMAGE.replace("pytorch", "mxnet")}, "does not serve PYTORCH compiled for ml_c5",
    ),
    "an image for GPUs": ({"image": IMAGE.replace("cpu", "gpu")}, "does not serve PYTORCH"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILS)
def test_what_does_not_go_together_fails(name: str, compiled: Emulator) -> None:
    changes, words = FAILS[name]
    deploy(compiled, **changes)
    compiled.advance(10)
    shown = endpoint(compiled)
    assert shown["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in shown["FailureReason"]
    assert words in shown["FailureReason"]


@pytest.mark.parametrize("body", [b"no archive", tar_of(a_txt=b"text")], ids=["text", "archive"])
def test_what_cannot_be_loaded_fails(aws: Emulator, body: bytes) -> None:
    deploy(aws, data=upload(aws, body))
    aws.advance(10)
    assert endpoint(aws)["EndpointStatus"] == "Failed"
    aws.client("sagemaker").delete_endpoint(EndpointName="net")


def test_a_model_for_a_device_is_on_no_endpoint(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "cnn.tar.gz")
    create(aws, **INPUT, OutputConfig_TargetDevice="jetson_nano")
    ended(aws)
    deploy(aws, data=f"s3://{BUCKET}/out/model-jetson_nano.tar.gz")
    aws.advance(10)
    assert "runs on the device" in endpoint(aws)["FailureReason"]


def test_what_no_engine_compiled_is_served_by_its_framework(aws: Emulator, shelf: Path) -> None:
    upload(aws, shelf / "cnn.tar.gz")
    create(aws, **INPUT, OutputConfig_TargetDevice="ml_p3")
    job = ended(aws)
    deploy(
        aws,
        data=job["ModelArtifacts"]["S3ModelArtifacts"],
        image=job["InferenceImage"],
        instance="ml.p3.2xlarge",
    )
    aws.advance(10)
    assert endpoint(aws)["EndpointStatus"] == "InService", endpoint(aws).get("FailureReason")
    answer = json.loads(
        invoke(aws, json.dumps(np.zeros((1, 3, 8, 8)).tolist()).encode())["Body"].read()
    )
    assert len(answer[0]) == 5


def test_an_update_takes_over_or_is_rolled_back(compiled: Emulator) -> None:
    deploy(compiled)
    compiled.advance(10)
    client = compiled.client("sagemaker")
    for name, instance in (("good", "ml.c5.2xlarge"), ("bad", "ml.m5.xlarge")):
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": "net",
            "InstanceType": instance,
            "InitialInstanceCount": 2,
        }
        client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        client.update_endpoint(EndpointName="net", EndpointConfigName=name)
        assert endpoint(compiled)["EndpointStatus"] == "Updating"
        invoke(compiled, json.dumps(np.zeros((1, 3, 8, 8)).tolist()).encode())
        with pytest.raises(ClientError, match="in-progress"):
            client.update_endpoint(EndpointName="net", EndpointConfigName=name)
        compiled.advance(10)
        assert endpoint(compiled)["EndpointStatus"] == "InService"
        assert endpoint(compiled)["EndpointConfigName"] == "good"
    assert "ml.m5.xlarge" in endpoint(compiled)["FailureReason"]
    assert endpoint(compiled)["ProductionVariants"][0]["CurrentInstanceCount"] == 2


# --- requests and answers -------------------------------------------------------------------


ZEROS = np.zeros((1, 3, 8, 8), "float32")


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_every_form_of_a_request_gets_the_same_answer(compiled: Emulator) -> None:
    deploy(compiled)
    compiled.advance(10)
    lists = ZEROS.tolist()
    stream = io.BytesIO()
    np.savez(stream, image=ZEROS)
    bodies = [
        (json.dumps(lists).encode(), "application/json"),
        (json.dumps({"inputs": lists}).encode(), "application/json; charset=utf-8"),
        (json.dumps({"image": lists}).encode(), "application/json"),
        (json.dumps({"inputs": {"image": lists}}).encode(), "application/json"),
        (npy(ZEROS), "application/x-npy"),
        (stream.getvalue(), "application/x-npz"),
    ]
    answers = {invoke(compiled, body, kind)["Body"].read() for body, kind in bodies}
    assert len(answers) == 1
    numbers = np.array(json.loads(answers.pop()))
    assert numbers.shape == (1, 5)
    as_tensorflow = invoke(compiled, json.dumps({"instances": lists}).encode())["Body"].read()
    np.testing.assert_array_equal(json.loads(as_tensorflow)["predictions"], numbers)


def test_an_answer_has_the_form_asked_for(compiled: Emulator) -> None:
    deploy(compiled)
    compiled.advance(10)
    plain = np.array(json.loads(invoke(compiled, npy(ZEROS), "application/x-npy")["Body"].read()))
    for accept in ("application/x-npy", "application/x-npz", "text/csv"):
        answer = invoke(compiled, npy(ZEROS), "application/x-npy", Accept=accept)
        assert answer["ContentType"] == accept
        body = answer["Body"].read()
        if accept == "text/csv":
            got = np.loadtxt(io.StringIO(body.decode()), delimiter=",", ndmin=2)
        else:
            loaded = np.load(io.BytesIO(body))
            got = loaded if accept.endswith("npy") else next(iter(loaded.values()))
        np.testing.assert_allclose(got, plain, rtol=1e-6)


REFUSED = {
    "no JSON": (b"{", "application/json", 400),
    "another shape": (b"[[1, 2]]", "application/json", 400),
    "another name": (b'{"picture": [1]}', "application/json", 400),
    "ragged": (b"[[1, 2], [3]]", "application/json", 400),
    "a pickle": (b"\x80\x04N.", "application/x-npy", 400),
    "an image": (b"\x89PNG", "image/png", 415),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_request_is_the_client_s_error(name: str, compiled: Emulator) -> None:
    body, kind, status = REFUSED[name]
    deploy(compiled)
    compiled.advance(10)
    runtime = compiled.client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ModelError) as caught:
        runtime.invoke_endpoint(EndpointName="net", ContentType=kind, Body=body)
    assert caught.value.response["OriginalStatusCode"] == status
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert invoke(compiled, npy(ZEROS), "application/x-npy")["Body"].read()


# --- records --------------------------------------------------------------------------------


def test_names_are_taken_once_and_found_again(compiled: Emulator) -> None:
    deploy(compiled)
    client = compiled.client("sagemaker")
    assert client.describe_model(ModelName="net")["PrimaryContainer"]["Image"] == IMAGE
    config = client.describe_endpoint_config(EndpointConfigName="net")
    assert config["ProductionVariants"][0]["ModelName"] == "net"
    assert [m["ModelName"] for m in client.list_models()["Models"]] == ["net"]
    configs = client.list_endpoint_configs()["EndpointConfigs"]
    assert [c["EndpointConfigName"] for c in configs] == ["net"]
    assert [e["EndpointName"] for e in client.list_endpoints()["Endpoints"]] == ["net"]
    with pytest.raises(ClientError, match="already existing model"):
        deploy(compiled)
    with pytest.raises(ClientError, match="already existing endpoint"):
        client.create_endpoint(EndpointName="net", EndpointConfigName="net")
    for word, key in (("endpoint_config", "EndpointConfigName"), ("model", "ModelName")):
        getattr(client, f"delete_{word}")(**{key: "net"})
        with pytest.raises(ClientError, match="Could not find"):
            getattr(client, f"describe_{word}")(**{key: "net"})


def test_what_is_not_there_is_refused(compiled: Emulator) -> None:
    client = compiled.client("sagemaker")
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        client.create_endpoint(EndpointName="net", EndpointConfigName="nobody")
    with pytest.raises(ClientError, match="Could not find model"):
        client.create_endpoint_config(
            EndpointConfigName="net",
            ProductionVariants=[{"VariantName": "a", "ModelName": "nobody"}],
        )
    with pytest.raises(ClientError, match="Could not access model data"):
        deploy(compiled, data=f"s3://{BUCKET}/nothing.tar.gz")
    with pytest.raises(ClientError, match="non-ECR image"):
        deploy(compiled, image="docker.io/library/python")
    with pytest.raises(ClientError, match="enum value set"):
        deploy(compiled, instance="ml.c5.gigantic")
    with pytest.raises(ClientError, match="enum value set"):
        deploy(compiled, "eia", accelerator="ml.eia9.medium")


def test_an_xgboost_endpoint_takes_any_number_of_rows(
    aws: Emulator, fixtures: Path, tmp_path: Path
) -> None:
    aws.reset(EmulatorScript(clock="manual", engines=("onnxruntime",)))
    archive = package(fixtures / "xgboost/poisson.json", path=tmp_path / "trees.tar.gz")
    upload(aws, archive.path)
    changes: dict[str, Any] = {
        "Framework": "XGBOOST",
        "FrameworkVersion": None,
        "DataInputConfig": None,
    }
    create(aws, **{f"InputConfig_{name}": value for name, value in changes.items()})
    job = ended(aws)
    assert job["CompilationJobStatus"] == "COMPLETED", job
    events = aws.client("logs").get_log_events(
        logGroupName="/aws/sagemaker/CompilationJobs", logStreamName="job"
    )
    assert any("compiled by onnxruntime" in event["message"] for event in events["events"])
    deploy(aws, image=job["InferenceImage"])
    aws.advance(10)
    loaded = load(archive)
    columns = loaded.signature.inputs[0].shape[-1]
    rows = np.random.default_rng(0).normal(size=(3, columns or 1)).astype(np.float32)
    body = "\n".join(",".join(map(str, row)) for row in rows)
    answer = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="net", ContentType="text/csv", Accept="text/csv", Body=body
    )
    predicted = [float(line) for line in answer["Body"].read().split()]
    booster = xgboost.Booster(model_file=fixtures / "xgboost/poisson.json")
    np.testing.assert_allclose(predicted, booster.predict(xgboost.DMatrix(rows)), 1e-6)
