"""Compare ResNet-50, batch 1, compiled locally by neopack with eager PyTorch and ONNX Runtime.

Goals: in fp32 at least 1.9 times eager PyTorch's throughput and at least ONNX Runtime's, with
outputs within 1e-4 of eager's largest logit; in bf16, on a CPU with AMX, at least 4 times. All run
in this process in turns, a few calls each; medians and minima come from the same calls.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import neopack
from neopack.engines.registry import get
from neopack.frameworks.pytorch.torchvision_ops import with_torchvision
from neopack.measure.machine import this_machine

ROUNDS = 40
CALLS = 3
SHAPE = (1, 3, 224, 224)


def eager() -> torch.nn.Module:
    def build() -> Any:
        from torchvision.models import resnet50

        return resnet50()

    torch.manual_seed(0)
    module: torch.nn.Module = with_torchvision(build).eval()
    return module


def onnx_runtime(module: torch.nn.Module, folder: Path, x: torch.Tensor) -> Callable[[], Any]:
    import warnings

    import onnxruntime

    path = folder / "resnet50.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), str(path), dynamo=False, opset_version=12)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x.numpy()}
    return lambda: session.run(None, feed)[0]


def compiled(archive: Path, precision: str, x: torch.Tensor) -> tuple[Callable[[], Any], float]:
    artifact = neopack.compile(
        archive,
        target="ml_c5",
        precision=precision,
        output=archive.with_name(f"resnet50-{precision}.tar.gz"),
    )
    assert artifact.path is not None
    runner = neopack.load(artifact.path)
    feed = {"input0": x.numpy()}
    return lambda: runner.predict(feed)["output0"], artifact.difference or 0.0


def in_turns(sides: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(ROUNDS):
        for name, call in sides.items():
            for _ in range(CALLS):
                start = time.perf_counter()
                call()
                if round_:
                    seconds[name].append(time.perf_counter() - start)
    return seconds


def main() -> None:
    machine = this_machine()
    print(f"{machine.processor}, {machine.cores} cores, {' '.join(machine.features)}")
    print(f"torch {torch.__version__}, openvino {get('openvino').available().version}")
    with tempfile.TemporaryDirectory() as folder:
        module = eager()
        x = torch.from_numpy(np.random.default_rng(1).standard_normal(SHAPE, dtype=np.float32))
        archive = Path(folder) / "resnet50.tar.gz"
        neopack.package(module, inputs={"input0": SHAPE}, path=archive)

        def run_eager() -> Any:
            with torch.inference_mode():
                return module(x).numpy()

        sides: dict[str, Callable[[], Any]] = {
            "eager PyTorch": run_eager,
            "ONNX Runtime": onnx_runtime(module, Path(folder), x),
        }
        precisions = ["fp32"] + (["bf16"] if "avx512_bf16" in machine.features else [])
        for precision in precisions:
            sides[f"neopack {precision}"], _ = compiled(archive, precision, x)
        reference = run_eager()
        print(
            f"{'':14} {'median ms':>10} {'min ms':>8} {'x eager':>8} {'of minima':>10} differs by"
        )
        seconds = in_turns(sides)
        for name, values in seconds.items():
            base = seconds["eager PyTorch"]
            off = np.abs(sides[name]() - reference).max() / np.abs(reference).max()
            print(
                f"{name:14} {1e3 * statistics.median(values):10.2f} {1e3 * min(values):8.2f} "
                f"{statistics.median(base) / statistics.median(values):8.2f} "
                f"{min(base) / min(values):10.2f} {off:.1e}"
            )
    print("goals: fp32 1.9 times eager and above ONNX Runtime, 1e-4; bf16 with AMX 4 times eager")


if __name__ == "__main__":
    main()
