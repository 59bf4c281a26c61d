"""The SageMaker SDK, in an environment of its own, deploys the model object that we make."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cloud import QUICK, Cloud

from neopack.emulator import EmulatorScript, Span, Timeline
from neopack.errors import Missing, UsageError
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
print(float(np.abs(answer - golden).max() / np.abs(golden).max()))
predictor.delete_endpoint()
"""


AT_ONCE = Timeline(starting=Span(), running=Span(), stopping=Span())


def test_the_sdk_deploys_it(cloud: Cloud) -> None:
    cloud.aws.script(EmulatorScript(clock="manual", timeline=QUICK, endpoint=AT_ONCE))
    assert cloud.compile().code == 0
    uv = shutil.which("uv")
    assert uv is not None
    wanted = [word for name in WANTED for word in ("--with", name)]
    call = [
        uv,
        "run",
        "--quiet",
        "--no-project",
        "--python",
        "3.11",
        *wanted,
        "python",
        "-c",
        SCRIPT,
    ]
    quiet = {"SAGEMAKER_SUPPRESS_V2_WARNING": "1"}
    environment = {**os.environ, **quiet, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    # the SDK shows its waiting with a "!"
    assert float(done.stdout.splitlines()[-1].lstrip("!")) < 1e-3
    assert cloud.calls("InvokeEndpoint") == 1


def test_without_the_sdk(cloud: Cloud) -> None:
    assert cloud.compile().code == 0
    with pytest.raises(Missing, match=r"neopack\[sagemaker\]|not installed"):
        model("onnx-ml_c5.tar.gz", instance="ml.c5.xlarge")


def test_what_no_job_made(shelf: Path) -> None:
    with pytest.raises(UsageError, match="nothing beside it says which job made it"):
        model(shelf / "onnx-ml_c5.tar.gz", instance="ml.c5.xlarge")
