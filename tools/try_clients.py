"""The road from a job to an endpoint by clients of AWS's own, at the emulator: ``python
tools/try_clients.py [NAME...]``.

``sagemaker`` is version 3 of the Python SDK and ``awscli`` version 1 of the command line, each in
an environment of its own. ``aws`` is the program on the PATH, such as version 2 of it, which PyPI
does not have. Version 2 of the SDK is a test: tests/exact/test_sagemaker_sdk.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import neopack
from neopack.emulator import Emulator, EmulatorScript
from neopack.runtimes.tool import uv

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "fixtures/onnx/cnn-opset12.onnx"

SDK = """
import json
from importlib.metadata import version
import numpy as np
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import CompilationJob, Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import (
    ContainerDefinition, InputConfig, OutputConfig, ProductionVariant, StoppingCondition)
from sagemaker.serve.model_builder import ModelBuilder

session, role = Session(), get_execution_role()
bucket = session.default_bucket()
job = CompilationJob.create(
    compilation_job_name="core",
    role_arn=role,
    input_config=InputConfig(
        s3_uri=session.upload_data("net.tar.gz", bucket=bucket, key_prefix="in"),
        data_input_config=json.dumps({"image": [1, 3, 8, 8]}),
        framework="ONNX",
    ),
    output_config=OutputConfig(s3_output_location=f"s3://{bucket}/out", target_device="ml_c5"),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
)
job.wait(poll=1)
data, image = job.model_artifacts.s3_model_artifacts, job.inference_image
held = np.load("net.golden.npz")
body, golden = json.dumps(held["input/image"].tolist()), held["output/scores"]

def check(endpoint, name):
    answer = endpoint.invoke(body=body, content_type="application/json").body.read()
    np.testing.assert_allclose(json.loads(answer), golden, rtol=1e-3)
    endpoint.delete()
    print("\\nanswered:", name)

container = ContainerDefinition(image=image, model_data_url=data)
Model.create(model_name="core", primary_container=container, execution_role_arn=role)
variant = ProductionVariant(
    variant_name="blue", model_name="core", instance_type="ml.c5.xlarge", initial_instance_count=1)
EndpointConfig.create(endpoint_config_name="core", production_variants=[variant])
endpoint = Endpoint.create(endpoint_name="core", endpoint_config_name="core")
endpoint.wait_for_status("InService", poll=1)
check(endpoint, "sagemaker-core " + version("sagemaker-core"))

builder = ModelBuilder(
    s3_model_data_url=data, image_uri=image, role_arn=role, sagemaker_session=session,
    instance_type="ml.c5.xlarge")
builder.build(model_name="built")
endpoint = builder.deploy(
    endpoint_name="built", initial_instance_count=1, instance_type="ml.c5.xlarge")
check(endpoint, "ModelBuilder of sagemaker " + version("sagemaker"))
"""

SHELL = r"""
role=arn:aws:iam::123456789012:role/neo
aws() { command "$AWS" "$@"; }
show() {
    aws sagemaker describe-compilation-job --compilation-job-name cli --output text --query "$1"
}
aws s3 cp net.tar.gz s3://models/in/net.tar.gz --no-progress
aws sagemaker create-compilation-job --compilation-job-name cli --role-arn $role \
    --input-config '{"S3Uri": "s3://models/in/net.tar.gz", "Framework": "ONNX",
        "DataInputConfig": "{\"image\": [1, 3, 8, 8]}"}' \
    --output-config S3OutputLocation=s3://models/out,TargetDevice=ml_c5 \
    --stopping-condition MaxRuntimeInSeconds=900
until [ "$(show CompilationJobStatus)" = COMPLETED ]; do sleep 1; done
aws sagemaker create-model --model-name cli --execution-role-arn $role --primary-container \
    "Image=$(show InferenceImage),ModelDataUrl=$(show ModelArtifacts.S3ModelArtifacts)"
aws sagemaker create-endpoint-config --endpoint-config-name cli --production-variants \
    VariantName=blue,ModelName=cli,InitialInstanceCount=1,InstanceType=ml.c5.xlarge
aws sagemaker create-endpoint --endpoint-name cli --endpoint-config-name cli
aws sagemaker wait endpoint-in-service --endpoint-name cli
aws sagemaker-runtime invoke-endpoint --endpoint-name cli --content-type application/json \
    --body fileb://image.json answer.json
aws sagemaker delete-endpoint --endpoint-name cli
echo "answered: $(aws --version 2>&1)"
"""


def main() -> int:
    chosen = sys.argv[1:] or ["sagemaker", "awscli", "aws"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        neopack.package(MODEL, target="ml_c5", path=folder / "net.tar.gz")
        image = [[[[0.5] * 8] * 8] * 3]
        (folder / "image.json").write_text(str(image), "ascii")
        return max([ran(client, folder) for client in chosen])


def ran(client: str, folder: Path) -> int:
    """Run the client on the archive at an emulator of its own."""
    with Emulator(EmulatorScript(buckets={"models": "us-west-2"}, roles=("neo",))) as aws:
        environment = {**os.environ, **aws.environment}
        program = shutil.which("aws") if client == "aws" else str(installed(client, folder))
        if program is None:
            sys.stdout.write("aws: not on the PATH\n")
            return 0
        call = [program, "-c", SDK] if client == "sagemaker" else ["sh", "-e", "-c", SHELL]
        environment["AWS"] = program
        done = subprocess.run(
            call,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("answered")]
    said = lines if done.returncode == 0 else [f"{client} failed", done.stderr.rstrip()]
    sys.stdout.write("\n".join(said) + "\n")
    return done.returncode


def installed(client: str, folder: Path) -> Path:
    """The program of a new environment: Python for the SDK, ``aws`` for the command line."""
    failed, home = f"{client} cannot be installed", folder / client
    wanted = "sagemaker>=3" if client == "sagemaker" else client
    uv("venv", "--quiet", "--python", sys.executable, str(home), failure=failed)
    python = str(home / "bin/python")
    uv("pip", "install", "--quiet", "--python", python, wanted, failure=failed)
    return home / "bin" / ("python" if client == "sagemaker" else "aws")


if __name__ == "__main__":
    sys.exit(main())
