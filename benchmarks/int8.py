"""Compare int8 with fp32, bf16 and eager PyTorch: speed, agreement, and accuracy of trained nets.

Goals: in int8 at least 5 times eager PyTorch's throughput for ResNet-50 where the CPU has VNNI, at
least 98 % of the largest scores where fp32 has them, and at most 0.5 points lost, on average, by
small networks that are trained here on scikit-learn's digits. Speed is that of random weights, on
images of 224 x 224. Scores of random weights lie so close that rounding alone changes the largest,
so the large networks are trained on the digits too, in 32 x 32, before scores are compared; their
margin is the difference between the two largest scores. The sides of a model are measured in
turns, and ratios are of the fastest calls, which other work disturbs least.

    python benchmarks/int8.py                        # all of it
    python benchmarks/int8.py resnet50 --of scores   # one network, without its speed
    python benchmarks/int8.py resnet50 --of scores --epochs 4
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from batch_statistics import norms, settled
from torch import nn

import neopack
from neopack.compiling.precisions import in_turns
from neopack.errors import Unsupported
from neopack.frameworks.pytorch.torchvision_ops import with_torchvision
from neopack.measure.machine import this_machine

DIGITS = "digits"
# network -> the highest rate that it is trained at
NETS = {"resnet50": 1.5e-3, "mobilenet_v2": 3e-3, "efficientnet_b0": 1e-3, "vit_b_16": 3e-4}
PRECISIONS = ("fp32", "bf16", "int8")
SHAPE = (1, 3, 224, 224)
CALIBRATING = 30
# of the digits: trained on, then calibrated with, and the rest is judged
TRAINED, CALIBRATED = 1000, 1300
SIZE, EPOCHS, BATCH, SMALL = 32, 12, 50, 5
GOAL, AGREEMENT, POINTS = 5.0, 0.98, 0.005
# a network that is less often right than this is not trained
RIGHT = 0.95


def network(name: str, **arguments: Any) -> nn.Module:
    def build() -> Any:
        import torchvision.models

        return getattr(torchvision.models, name)(**arguments)

    torch.manual_seed(0)
    module: nn.Module = with_torchvision(build)
    return module


def compiled(module: nn.Module, folder: Path, images: np.ndarray[Any, Any]) -> dict[str, Any]:
    """The loaded artifact in each precision that this CPU computes in."""
    archive = folder / "net.tar.gz"
    neopack.package(module, inputs={"x": (1, *images.shape[1:])}, path=archive)
    np.save(folder / "images.npy", images)
    loaded = {}
    for precision in PRECISIONS:
        # what is lost is measured here, not bounded
        choices: Any = {"precision": precision, "output": folder / f"{precision}.tar.gz"}
        choices["max_difference"] = 1e6
        if precision == "int8":
            choices |= {"calibration": folder / "images.npy", "max_accuracy_drop": 1.0}
        try:
            neopack.compile(archive, target="ml_c5", **choices)
        except Unsupported as error:
            print(f"  {precision}: {error.message}")
            continue
        loaded[precision] = neopack.load(choices["output"], cache=False)
    return loaded


# --- speed ------------------------------------------------------------------------------------


def measure_speed(name: str) -> bool:
    module = network(name)
    batch = torch.randn(8, *SHAPE[1:], generator=torch.Generator().manual_seed(1))
    module = settled(module, batch) if norms(module) else module.eval()
    images = np.random.default_rng(0).standard_normal((CALIBRATING, *SHAPE[1:]), np.float32)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        models = compiled(module, Path(folder), images)
        x = torch.from_numpy(images[:1])
        calls: list[Callable[[], object]] = [lambda: module(x)]
        calls += [lambda m=model: m.predict({"x": images[:1]}) for model in models.values()]  # type: ignore[misc]
        eager, *times = in_turns(calls)
    sides = zip(models, times, strict=True)
    said = (f"{side} {1e3 * least:.1f} ms ({eager / least:.1f}x)" for side, least in sides)
    print(f"{name}: eager {1e3 * eager:.1f} ms, {', '.join(said)}", flush=True)
    return name != "resnet50" or eager / times[-1] >= GOAL


# --- scores of trained networks ---------------------------------------------------------------


def measure_scores(name: str, epochs: int) -> bool:
    """Train, calibrate with 100 digits, and count on those that neither saw."""
    small, labels = digits()
    images, sized = large(small), {"image_size": SIZE} if name.startswith("vit") else {}
    module = network(name, num_classes=10, **sized)
    train(module, images[:TRAINED], labels[:TRAINED], epochs, rate=NETS[name])
    right = judged(name, module, images, labels)
    return right["fp32"] >= RIGHT and right["agreement"] >= AGREEMENT


def measure_small(epochs: int) -> bool:
    """The average of several networks: one of the digits that are judged is 0.2 points."""
    images, labels = digits()
    drops = []
    for seed in range(SMALL):
        module = small_network(seed)
        train(module, images[:TRAINED], labels[:TRAINED], epochs, rate=2e-3)
        right = judged(f"{DIGITS}, network {seed}", module, images, labels)
        drops.append(right["fp32"] - right["int8"])
    print(f"{DIGITS}: {100 * np.mean(drops):.2f} points lost on average", flush=True)
    return bool(np.mean(drops) <= POINTS)


def judged(
    name: str, module: nn.Module, images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]
) -> dict[str, float]:
    """How often each precision is right, and how often int8 agrees with fp32."""
    with tempfile.TemporaryDirectory() as folder:
        models = compiled(module.eval(), Path(folder), images[TRAINED:CALIBRATED])
        scores = {side: computed(model, images[CALIBRATED:]) for side, model in models.items()}
    answers = {side: each.argmax(axis=1) for side, each in scores.items()}
    right = {side: float((each == labels[CALIBRATED:]).mean()) for side, each in answers.items()}
    same = answers["fp32"] == answers["int8"]
    margins = np.diff(np.sort(scores["fp32"], axis=1)[:, -2:])[:, 0]
    lost = ", ".join(f"{each:.2g}" for each in np.sort(margins[~same])) or "none"
    print(f"{name}: right {', '.join(f'{side} {part:.2%}' for side, part in right.items())}")
    print(
        f"  int8 agrees on {same.mean():.2%}; median margin {np.median(margins):.2g}, where it "
        f"does not: {lost}",
        flush=True,
    )
    return right | {"agreement": float(same.mean())}


def computed(model: Any, images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    rows = [next(iter(model.predict({"x": row[None]}).values())) for row in images]
    return np.concatenate(rows)


def digits() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(images))
    return (images.reshape(-1, 1, 8, 8) / 16).astype(np.float32)[order], labels[order]


def large(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Digits with three channels, and large enough for these networks."""
    drawn = nn.functional.interpolate(torch.from_numpy(images), (SIZE, SIZE), mode="bilinear")
    return np.array(((drawn - 0.5) / 0.25).expand(-1, 3, -1, -1))


def small_network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    first, second = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
    head = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 16, 10)]
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), *head)


def train(
    net: nn.Module,
    images: np.ndarray[Any, Any],
    labels: np.ndarray[Any, Any],
    epochs: int,
    *,
    rate: float,
) -> None:
    """In bf16, which halves the time where the CPU has it."""
    optimizer = torch.optim.AdamW(net.parameters(), rate)
    steps = epochs * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    x, y = torch.from_numpy(images), torch.from_numpy(labels)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            schedule.step()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[DIGITS, *NETS])
    parser.add_argument("--of", choices=("speed", "scores"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    machine = this_machine()
    print(f"on {machine.processor}, {machine.cores} cores, {' '.join(machine.features)}")
    good = []
    for name in options.names:
        if options.of != "speed":
            epochs = options.epochs
            good.append(measure_small(epochs) if name == DIGITS else measure_scores(name, epochs))
        if options.of != "scores" and name != DIGITS:
            good.append(measure_speed(name))
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
