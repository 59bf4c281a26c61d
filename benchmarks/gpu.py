"""Compare what onnxruntime-gpu compiles with eager PyTorch on the same NVIDIA GPU, in turns.

    python benchmarks/gpu.py [MODEL]     # resnet50; make bench-gpu

Batches of 1 and 32, in fp32 and fp16, arrays in host memory on both sides. Goal: fp16 at batch 1
at least 3 times eager fp32. It was not run yet: no GPU was at hand.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import neopack
from neopack.compiling.precisions import in_turns
from neopack.engines.onnxruntime_gpu import has_gpu
from neopack.errors import NeopackError
from neopack.frameworks.pytorch.torchvision_ops import with_torchvision
from neopack.values.artifact import Array

TARGET = "linux/x86_64/nvidia"
BATCHES = (1, 32)
PRECISIONS = ("fp32", "fp16")
GOAL = 3.0


def net(name: str) -> Any:
    def imported() -> Any:
        import torchvision

        return torchvision

    torch.manual_seed(0)
    return getattr(with_torchvision(imported).models, name)().eval()


def eager(model: Any, rows: Array, dtype: torch.dtype) -> Callable[[], Any]:
    on_gpu = model.to("cuda", dtype)

    def call() -> Any:
        with torch.inference_mode():
            return on_gpu(torch.from_numpy(rows).to("cuda", dtype)).float().cpu()

    return call


def compiled(archive: Path, precision: str, rows: Array) -> Callable[[], Any]:
    path = archive.with_name(f"{precision}-{archive.name}")
    artifact = neopack.compile(archive, target=TARGET, precision=precision, output=path)
    loaded = neopack.load(artifact)
    return lambda: loaded.predict({"image": rows})


def line(name: str, batch: int, folder: Path) -> str:
    rows = np.random.default_rng(0).normal(size=(batch, 3, 224, 224)).astype(np.float32)
    archive = folder / f"{batch}.tar.gz"
    neopack.package(net(name), inputs={"image": rows.shape}, path=archive, target=TARGET)
    calls = {f"compiled {each}": compiled(archive, each, rows) for each in PRECISIONS}
    calls["eager fp16"] = eager(net(name), rows, torch.float16)
    calls["eager fp32"] = eager(net(name), rows, torch.float32)
    seconds = dict(zip(calls, in_turns(list(calls.values())), strict=True))
    said = ", ".join(f"{each} {1e3 * least:.2f} ms" for each, least in seconds.items())
    ratio = seconds["eager fp32"] / seconds["compiled fp16"]
    verdict = "" if batch > 1 else f", goal {GOAL:g}: {'reached' if ratio >= GOAL else 'missed'}"
    return f"{name}, batch {batch}: {said}; fp16 does {ratio:.2f} times eager fp32's work{verdict}"


def main() -> int:
    if not has_gpu() or not torch.cuda.is_available():
        print("error: there is no NVIDIA GPU here that PyTorch uses", file=sys.stderr)
        return 3
    name = sys.argv[1] if sys.argv[1:] else "resnet50"
    with tempfile.TemporaryDirectory() as folder:
        for batch in BATCHES:
            try:
                print(line(name, batch, Path(folder)), flush=True)
            except NeopackError as error:
                print(f"error: {error.line()}", file=sys.stderr)
                return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
