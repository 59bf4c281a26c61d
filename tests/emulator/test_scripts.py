"""Scripts in an archive that the SDK repacked, as the containers of SageMaker call them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from orders import repacked

from neopack.emulator.hosting import Variant, hosted
from neopack.errors import NeopackError, UsageError
from neopack.goldens.cases import load_goldens
from neopack.serving.bodies import Body, RequestRefused
from neopack.serving.requirements import absent
from neopack.serving.script import ServingScript
from neopack.serving.scripted import ScriptedContainer
from neopack.values.log import LineLog, Log, SilentLog

Serve = Callable[..., ScriptedContainer]


@pytest.fixture
def serve(shelf: Path, tmp_path: Path) -> Iterator[Serve]:
    """Start a script on a compiled model of the shelf."""
    containers: list[ScriptedContainer] = []

    def start(
        text: str,
        calls: str = "toolkit",
        *,
        name: str = "cnn",
        answering: float = 60.0,
        max_memory: int = 0,
        log: Log | None = None,
        **modules: str,
    ) -> ScriptedContainer:
        archive = repacked(
            shelf / f"{name}-ml_c5.tar.gz", tmp_path / "model.tar.gz", inference=text, **modules
        )
        script = ServingScript(calls=calls, environment={"GREETING": "hello"})
        containers.append(
            ScriptedContainer(archive, script, answering=answering, max_memory=max_memory, log=log)
        )
        return containers[-1]

    yield start
    for container in containers:
        container.close()


@pytest.fixture
def golden(shelf: Path) -> tuple[np.ndarray, np.ndarray]:
    inputs, outputs = load_goldens(shelf / "cnn.golden.npz")
    return next(iter(inputs.values())), next(iter(outputs.values()))


def asked(container: ScriptedContainer, data: bytes = b"", kind: str = "image/jpeg") -> Body:
    return container.answer(Body(kind=kind, data=data), "application/json")


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


# how scripts load and call a compiled model: without a function of their own, with torch by the
# names that Neo gives it, with DLR, and with the toolkit's own readers and writers
SCRIPTS = {
    "arrays": """
import io, json, numpy as np
def input_fn(body, content_type): return np.load(io.BytesIO(body))
def predict_fn(data, model): return model(data)
def output_fn(prediction, accept): return json.dumps(prediction.tolist()), accept
""",
    "neopytorch": """
import io, json, os, numpy as np, torch, neopytorch
def model_fn(model_dir):
    neopytorch.config(model_dir=model_dir, neo_runtime=True)
    return torch.jit.load(os.path.join(model_dir, "compiled.pt"), map_location="cpu").eval()
def transform_fn(model, payload, content_type, accept):
    output = model(torch.from_numpy(np.load(io.BytesIO(payload))))
    return json.dumps(output.tolist()), accept
""",
    "dlr": """
import io, json, numpy as np, dlr
def model_fn(model_dir): return dlr.DLRModel(model_dir, "cpu", 0)
def transform_fn(model, payload, content_type, accept, context):
    name = model.get_input_names()[0]
    return json.dumps(model.run({name: np.load(io.BytesIO(payload))})[0].tolist())
""",
    "the toolkit's": """
from sagemaker_inference import decoder, encoder
import helper
def transform_fn(model, payload, content_type, accept):
    return encoder.encode(helper.run(model, decoder.decode(payload, content_type)), accept)
""",
    "its defaults": "NOTHING = 'of its own'\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_computes_with_the_compiled_model(
    name: str, serve: Serve, golden: tuple[np.ndarray, np.ndarray]
) -> None:
    inputs, outputs = golden
    container = serve(SCRIPTS[name], helper="def run(model, values): return model(values)\n")
    answer = asked(container, npy(inputs), "application/x-npy")
    assert answer.kind == "application/json"
    np.testing.assert_allclose(json.loads(answer.data), outputs, rtol=1e-3, atol=1e-5)


def test_a_script_of_dlr_computes(serve: Serve, shelf: Path) -> None:
    inputs, outputs = load_goldens(shelf / "onnx.golden.npz")
    text = """
import io, json, numpy as np
def neo_preprocess(payload, content_type):
    if content_type != "application/x-npy": raise ValueError("not an array")
    return np.load(io.BytesIO(payload))
def neo_postprocess(result): return json.dumps(result.tolist()), "application/json"
"""
    container = serve(text, "dlr", name="onnx")
    answer = asked(container, npy(next(iter(inputs.values()))), "application/x-npy")
    expected = next(iter(outputs.values()))
    np.testing.assert_allclose(json.loads(answer.data), expected, rtol=1e-3, atol=1e-5)
    with pytest.raises(RequestRefused, match="not an array") as caught:
        asked(container)
    assert caught.value.status == 400


def test_a_script_of_tensorflow_serving_computes(
    serve: Serve, golden: tuple[np.ndarray, np.ndarray]
) -> None:
    inputs, outputs = golden
    text = """
import io, json, numpy as np
def input_handler(data, context):
    assert context.request_content_type == "application/x-npy"
    rows = np.load(io.BytesIO(data.read()))[:, 0:3]
    return json.dumps({"instances": [{"image": row.tolist()} for row in rows]})
def output_handler(response, context):
    if response.status_code != 200:
        raise ValueError(response.content.decode())
    return response.content, context.accept_header
"""
    container = serve(text, "tensorflow-serving")
    answer = json.loads(asked(container, npy(inputs), "application/x-npy").data)["predictions"]
    np.testing.assert_allclose(answer, outputs, rtol=1e-3, atol=1e-5)
    with pytest.raises(RequestRefused, match="has shape"):
        asked(container, npy(inputs[:, :2]), "application/x-npy")


def test_a_script_gets_its_request_as_it_is(serve: Serve) -> None:
    container = serve(
        """
import os
def model_fn(model_dir): return os.path.basename(os.getcwd()), os.environ["GREETING"]
def transform_fn(model, payload, content_type, accept):
    text = isinstance(payload, str)
    return repr((payload, content_type, text, model)), "text/plain"
"""
    )
    answer = asked(container, b"\xff\xd8")
    assert answer == Body(
        kind="text/plain", data=b"(b'\\xff\\xd8', 'image/jpeg', False, ('model', 'hello'))"
    )
    assert asked(container, b"[1]", "application/json").data.startswith(b"('[1]', ")


RAISES = """
    from sagemaker_inference.errors import BaseInferenceToolkitError as E
    raise E(413, 'too large', 'too large')
"""
FAILING = {
    "an exception": ("raise KeyError('label')", 500, "'label'"),
    "an exit": ("import sys; sys.exit(3)", 500, "SystemExit"),
    "a status of its own": (RAISES, 413, "too large"),
    "no answer": ("return object()", 500, "not JSON serializable"),
    "a crash": ("import os; os._exit(9)", 500, "Worker died"),
    "a hang": ("import time; time.sleep(60)", 500, "Worker died"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILING)
def test_a_script_that_fails_answers_and_stays(name: str, serve: Serve) -> None:
    body, status, words = FAILING[name]
    text = (
        "def model_fn(model_dir): return None\n"
        "def transform_fn(model, payload, content_type, accept):\n"
        f"    if payload == b'well': return payload\n    {body}\n"
    )
    container = serve(text, answering=3.0)
    with pytest.raises(RequestRefused, match=words) as caught:
        asked(container)
    assert caught.value.status == status
    assert "neopack" not in caught.value.message
    assert asked(container, b"well").data == b"well"


NOT_STARTED = {
    "raises": ("raise ImportError('no PIL')", "ImportError: no PIL"),
    "both ways": (
        "def transform_fn(a, b, c, d): pass\ndef input_fn(a, b): pass", "Cannot use transform_fn",
    ),
    "exits": ("def model_fn(model_dir): raise SystemExit('no model')", "no model"),
    "arguments": ("def model_fn(): pass", "model_fn takes 0 arguments but 1 were given"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_STARTED)
def test_a_script_that_does_not_start_is_refused(name: str, serve: Serve) -> None:
    text, words = NOT_STARTED[name]
    with pytest.raises(NeopackError, match=words):
        serve(text)


LEAKS = """
import os
kept = []
def model_fn(model_dir): return None
def transform_fn(model, payload, content_type, accept, context):
    kept.append(b"x" * (200 << 20))
    return str(os.getpid()), "text/plain"
"""


def test_a_script_that_leaks_is_told(serve: Serve) -> None:
    said: list[str] = []
    container = serve(LEAKS, log=LineLog(said.append))
    assert len({asked(container).data for _ in range(4)}) == 1
    assert any("inference.py grows: " in line and "--max-memory" in line for line in said), said


def test_a_script_that_leaks_starts_again_between_requests(serve: Serve) -> None:
    said: list[str] = []
    container = serve(LEAKS, max_memory=500, log=LineLog(said.append))
    pids = [asked(container).data for _ in range(4)]
    assert 1 < len(set(pids)) <= 4
    assert any("more than --max-memory 500: it starts again" in line for line in said), said


def test_a_bound_below_what_a_script_takes_at_rest_is_refused(serve: Serve) -> None:
    with pytest.raises(UsageError, match=r"--max-memory 1: inference.py takes \d+ MB before"):
        serve(LEAKS, max_memory=1)


def test_a_package_that_the_container_would_install_is_named(
    shelf: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    archive = repacked(
        shelf / "cnn-ml_c5.tar.gz",
        tmp_path / "model.tar.gz",
        inference="import no_such_module",
        requirements="numpy\nno-such-distribution==1.0  # for no_such_module\n",
    )
    image = "301217895009.dkr.ecr.us-west-2.amazonaws.com/sagemaker-inference-pytorch:1.8-cpu-py3"
    variant = Variant(
        image=image, environment={}, instance="ml.c5.large", accelerator="", region="us-west-2"
    )
    with pytest.raises(NeopackError, match=r"no_such_module.*install no-such-distribution beside"):
        hosted(archive, variant, SilentLog())
    assert "no-such-distribution" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("numpy\nabsent_one[extra]>=2; python_version > '3'\nabsent-two @ https://x/y.whl",
         ("absent_one", "absent-two")),
        ("# absent\n-r other.txt\n--index-url https://x\n./absent.whl\nhttps://x/y.whl\n\n", ()),
        ("absent\nabsent==1\n\x1b[31m\n\0", ("absent",)),
        ("", ()),
    ],
)  # fmt: skip
def test_what_requirements_name(text: str, names: tuple[str, ...]) -> None:
    assert absent(text) == names
