"""Compare the local engines: TVM behind Neo's public loader, and OpenVINO, on small models.

Each model is compiled by both for this CPU, and both artifacts are measured in turns, in one run.
There is no goal: the figure says which engine is the default, and why. ``engines.py SECONDS``
measures each side for so long.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch

import neopack
from neopack.facts import target
from neopack.facts.code_generation import generated_code
from neopack.runtimes import this_cpu

SECONDS = 10.0
IMAGE = (1, 3, 224, 224)


def perceptron() -> torch.nn.Module:
    torch.manual_seed(0)
    layers = [torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)]
    return torch.nn.Sequential(*layers).eval()


# what package takes, and the shape of the input
MODELS: Mapping[str, tuple[object, tuple[int, ...]]] = {
    "perceptron": (perceptron(), (1, 64)),
    "squeezenet1_1": ("torchvision.models:squeezenet1_1", IMAGE),
    "resnet18": ("torchvision.models:resnet18", IMAGE),
}


def best_target() -> str:
    """The target whose code uses most of this CPU."""
    names = ("ml_c5", "ml_c4", "linux/x86_64")
    return next(name for name in names if this_cpu.runs(generated_code(target(name))))


def measured(name: str, folder: Path, seconds: float) -> str:
    source, shape = MODELS[name]
    archive = folder / f"{name}.tar.gz"
    device = best_target()
    inputs = {"input0": shape}
    neopack.package(source, inputs=inputs, path=archive, target=device)
    paths = {engine: folder / f"{name}-{engine}.tar.gz" for engine in ("tvm", "openvino")}
    for engine, path in paths.items():
        neopack.compile(archive, target=device, engine=engine, output=path)
    result = neopack.bench(paths["tvm"], against=paths["openvino"], seconds=seconds)
    ours, theirs = (side.latency.minimum for side in result.sides)
    assert result.ratio is not None
    return (
        f"{name} for {device}: tvm {ours:.2f} ms, openvino {theirs:.2f} ms at best; tvm does "
        f"{result.ratio.of_minima:.2f} of openvino's work by the fastest calls, "
        f"{result.ratio.median:.2f} in the median ({result.ratio.lowest:.2f} to "
        f"{result.ratio.highest:.2f}); outputs within {result.difference:.1e}"
    )


def main() -> None:
    seconds = float(sys.argv[1]) if sys.argv[1:] else SECONDS
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS:
            print(measured(name, Path(folder), seconds), flush=True)


if __name__ == "__main__":
    main()
