"""What needs no GPU of the engine for GPUs: choice, options, artifact and refusal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import neopack
from neopack import facts
from neopack.archive.manifest import golden_path, read_manifest
from neopack.archive.read import extract_member, scan
from neopack.engines import onnxruntime_gpu, registry
from neopack.engines.onnxruntime_gpu import CUDA, TENSORRT, engine, providers
from neopack.errors import Unsupported
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import CompilationRequest
from neopack.values.log import SilentLog

FIXTURES = Path(__file__).parents[3] / "fixtures"
TARGETS = ("ml_p2", "ml_p3", "ml_g4dn", "linux/x86_64/nvidia")


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver says that there is one."""
    (tmp_path / "driver/0000:00:1e.0").mkdir(parents=True)
    monkeypatch.setattr(onnxruntime_gpu, "DRIVER", tmp_path / "driver")


def request_of(model: str, folder: Path) -> CompilationRequest:
    archive = folder / "m.tar.gz"
    neopack.package(FIXTURES / model, path=archive, target="ml_p3")
    manifest = read_manifest(archive)
    assert manifest is not None
    (member,) = manifest.archive.members
    return CompilationRequest(
        framework=manifest.framework,
        model=extract_member(scan(archive), member.name, folder / member.name),
        target=facts.target("ml_p3"),
        signature=manifest.signature,
        goldens=golden_path(archive),
    )


def bare(**changes: object) -> CompilationRequest:
    plain = CompilationRequest(
        framework="PYTORCH",
        model=Path(),
        target=facts.target("ml_p3"),
        signature=neopack.Signature(inputs=()),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.usefixtures("gpu")
def test_it_takes_gpus_and_nothing_else() -> None:
    for target in TARGETS:
        for precision in ("fp32", "tf32", "fp16"):
            request = bare(target=facts.target(target), precision=precision)
            assert engine.supports(request).takes
    for other in (
        {"target": facts.target("ml_c5")},
        {"target": facts.target("linux/arm64/nvidia")},
        {"precision": "bf16"},
        {"framework": "XGBOOST"},
        {"batches": (1, 8)},
    ):
        assert not engine.supports(bare(**other)).takes


def test_without_a_gpu_it_refuses_in_one_line(tmp_path: Path) -> None:
    if onnxruntime_gpu.has_gpu():
        pytest.skip("there is a GPU here")
    verdict = engine.supports(bare())
    assert (verdict.takes, verdict.why_not) == (
        False,
        "onnxruntime-gpu: there is no NVIDIA GPU here",
    )
    with pytest.raises(Unsupported, match="no NVIDIA GPU here") as told:
        registry.choose(bare(), "onnxruntime-gpu")
    assert told.value.exit_code == 3
    assert "\n" not in told.value.line()
    with pytest.raises(Unsupported, match="no NVIDIA GPU here"):
        engine.load(tmp_path, neopack.Signature(inputs=()), {"gpu": "fp16"}, None)


def test_providers_follow_from_the_precision() -> None:
    both = [TENSORRT, CUDA, "CPUExecutionProvider"]
    assert providers("fp32", both) == [(CUDA, {"use_tf32": "0"})]
    assert providers("tf32", both) == [(CUDA, {"use_tf32": "1"})]
    assert [name for name, _ in providers("fp16", both)] == [TENSORRT, CUDA]
    assert [name for name, _ in providers("fp16", both[1:])] == [CUDA]
    with pytest.raises(Unsupported, match="no CUDA provider"):
        providers("fp32", ["CPUExecutionProvider"])


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("model", ["pytorch/cnn-traced.pt", "onnx/cnn-opset12.onnx"])
def test_the_artifact_computes_the_golden_outputs(
    tmp_path: Path, model: str, precision: str
) -> None:
    """On the CPU, which computes the same ONNX model."""
    request = replace(request_of(model, tmp_path), precision=precision)
    out = tmp_path / "out"
    out.mkdir()
    artifact = engine.compile(request, out, SilentLog())
    assert artifact.options == {"gpu": precision}
    assert registry.unsafe_options("onnxruntime-gpu", artifact.options) == ()
    assert registry.unsafe_options("onnxruntime-gpu", {"gpu": "int4", "device_id": "7"})
    assert request.goldens is not None
    inputs, golden = load_goldens(request.goldens)
    session = onnxruntime.InferenceSession(
        str(out / "compiled.onnx"), providers=["CPUExecutionProvider"]
    )
    names = list(golden)
    answer = dict(zip(names, session.run(names, dict(inputs)), strict=True))
    assert all(array.dtype == np.float32 for array in answer.values())
    assert difference(golden, answer) <= engine.allowed_difference(precision)
