"""The SageMaker SDK, in an environment of its own, deploys the model object that we make."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from cloud import QUICK, Cloud
from PIL import Image

from neopack.api import init
from neopack.emulator import EmulatorScript, Span, Timeline
from neopack.errors import Missing, UsageError
from neopack.runtimes.tool import find_uv
from neopack.sagemaker.python_sdk import model

ROOT = Path(__file__).parents[2]
# what neopack itself needs, beside the SDK
WANTED = ("sagemaker>=2.200,<3", "isal", "rich", "typer")
SCRIPT = """
from pathlib import Path
import numpy as np
from neopack.goldens.cases import load_goldens
from neopack.sagemaker.python_sdk import model

made = model("onnx-ml_c5.tar.gz", instance="ml.c5.xlarge")
predictor = made.deploy(1, "ml.c5.xlarge", endpoint_name="from-the-sdk")
inputs, outputs = load_goldens(Path("onnx-ml_c5.golden.npz"))
answer = np.array(predictor.predict(next(iter(inputs.values()))))
golden = next(iter(outputs.values()))
print("\\nresult", float(np.abs(answer - golden).max() / np.abs(golden).max()))
predictor.delete_endpoint()
"""


# the flow of AWS's notebooks, with nothing of neopack in it
NOTEBOOK = """
import json
import sagemaker
from sagemaker import get_execution_role
from sagemaker.deserializers import JSONDeserializer
from sagemaker.pytorch import PyTorchModel
from sagemaker.serializers import IdentitySerializer

session, role = sagemaker.Session(), get_execution_role()
bucket = session.default_bucket()
model = PyTorchModel(
    model_data=session.upload_data("cnn.tar.gz", bucket=bucket, key_prefix="neo/model"),
    role=role,
    entry_point="inference.py",
    source_dir="code",
    framework_version="1.8",
    py_version="py3",
)
compiled = model.compile(
    target_instance_family="ml_c5",
    input_shape={"image": [1, 3, 8, 8]},
    output_path=f"s3://{bucket}/neo/output",
    role=role,
    framework="pytorch",
    framework_version="1.8",
    job_name="from-a-notebook",
)
predictor = compiled.deploy(
    initial_instance_count=1,
    instance_type="ml.c5.xlarge",
    serializer=IdentitySerializer(content_type="image/jpeg"),
    deserializer=JSONDeserializer(),
)
print("\\nresult", json.dumps(predictor.predict(open("cat.jpg", "rb").read())))
try:
    predictor.predict(b"not an image")
except Exception as error:
    print("\\nresult", type(error).__name__, "cannot identify image" in str(error))
predictor.delete_model()
predictor.delete_endpoint()
"""
# as AWS's notebooks have it: Neo's file, torch, Pillow
CODE = """
import io, json, os
import numpy as np, torch
from PIL import Image

def model_fn(model_dir):
    import neopytorch
    neopytorch.config(model_dir=model_dir, neo_runtime=True)
    return torch.jit.load(os.path.join(model_dir, "model.pth"), map_location="cpu")

def input_fn(request_body, content_type):
    assert content_type == "image/jpeg"
    pixels = np.asarray(Image.open(io.BytesIO(request_body)).convert("RGB"), "float32") / 255
    return torch.from_numpy(pixels.transpose(2, 0, 1)[np.newaxis])

def predict_fn(data, model):
    with torch.no_grad():
        return model(data)

def output_fn(prediction, accept):
    return json.dumps(prediction.numpy().tolist()), accept
"""
# pipeline.py of neopack init --ci sagemaker-pipelines
PIPELINE = """
import json, sys, tempfile
sys.path.insert(0, "project")
import pipeline

role = "arn:aws:iam::123456789012:role/neo"
image = "123456789012.dkr.ecr.us-west-2.amazonaws.com/neopack:1"
with tempfile.TemporaryDirectory() as folder:
    project = pipeline.packed_project(folder)
    made = pipeline.define(project, role, image, "models", "ml.m5.xlarge", None)
    print("\\nresult", made.definition())
"""
AT_ONCE = Timeline(starting=Span(), running=Span(), stopping=Span())


def ran(script: str, **variables: str) -> list[str]:
    """The results that a script printed in an environment that has the SDK, which prints too."""
    uv = find_uv()
    assert uv is not None
    wanted = [word for name in WANTED for word in ("--with", name)]
    call = [uv, "run", "--quiet", "--no-project", "--python", "3.11", *wanted, "python", "-c"]
    environment = {**os.environ, "SAGEMAKER_SUPPRESS_V2_WARNING": "1", **variables}
    done = subprocess.run(
        [*call, script], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lines = done.stdout.splitlines()
    return [line.removeprefix("result ") for line in lines if line.startswith("result ")]


def test_the_sdk_deploys_a_model_and_runs_a_notebook(cloud: Cloud, shelf: Path) -> None:
    cloud.aws.script(EmulatorScript(clock="manual", timeline=QUICK, endpoint=AT_ONCE))
    assert cloud.compile().code == 0
    cloud.aws.script(EmulatorScript(clock="manual", timeline=AT_ONCE, endpoint=AT_ONCE))
    pixels = prepared(shelf / "cnn.tar.gz")
    difference, answer, error = ran(SCRIPT + NOTEBOOK, PYTHONPATH=str(ROOT))
    assert float(difference) < 1e-3
    golden = torch.jit.load("model.pth")(torch.from_numpy(pixels)).detach().numpy()
    np.testing.assert_allclose(json.loads(answer), golden, rtol=1e-3, atol=1e-5)
    assert error == "ModelError True"
    assert cloud.calls("InvokeEndpoint") == 2
    assert "from-a-notebook" in cloud.made()
    assert cloud.calls("CreateBucket") == 2  # the fixture's, and the SDK's default


def test_the_sdk_defines_the_pipeline_of_init(cloud: Cloud) -> None:
    init("project", framework="onnx", ci="sagemaker-pipelines")
    (definition,) = ran(PIPELINE)
    package, compilation = json.loads(definition)["Steps"]
    assert (package["Name"], compilation["DependsOn"]) == ("PackageAndCheck", ["PackageAndCheck"])
    (output,) = package["Arguments"]["ProcessingOutputConfig"]["Outputs"]
    read, _ = compilation["Arguments"]["ProcessingInputs"]
    assert output["S3Output"]["S3Uri"] == read["S3Input"]["S3Uri"]


def prepared(archive: Path) -> np.ndarray:
    """What a notebook has: an archive, a script and an image; the image as an input."""
    shutil.copy(archive, "cnn.tar.gz")
    with tarfile.open("cnn.tar.gz") as tar:
        tar.extract("model.pth", filter="data")
    Path("code").mkdir()
    Path("code/inference.py").write_text(CODE)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save("cat.jpg")
    read = np.asarray(Image.open("cat.jpg"), "float32") / 255
    return read.transpose(2, 0, 1)[np.newaxis]


def test_without_the_sdk(cloud: Cloud) -> None:
    assert cloud.compile().code == 0
    with pytest.raises(Missing, match=r"neopack\[sagemaker\]|not installed"):
        model("onnx-ml_c5.tar.gz", instance="ml.c5.xlarge")


def test_what_no_job_made(shelf: Path) -> None:
    with pytest.raises(UsageError, match="was compiled here, and SageMaker's containers"):
        model(shelf / "onnx-ml_c5.tar.gz", instance="ml.c5.xlarge")
