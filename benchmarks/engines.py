"""Compare all engines on 12 headline models: time, memory, size, time to load, difference.

    python benchmarks/engines.py --out FILE [--only MODEL] [--seconds 5]
    python benchmarks/engines.py --out FILE --write docs/engines.md

Each model is packaged, compiled by each engine that is here, and measured beside eager PyTorch and
torch.compile at batch 1, in turns in one run, so that the ratios of a row are of the same minutes.
Each side has a process of its own. Rows are saved as JSON lines, one a model, and a run goes on
after the existing ones; ``--write`` puts the table into a page, between its marks.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import neopack
from neopack.errors import NeopackError
from neopack.measure.machine import this_machine

MODELS = (
    "resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_large", "efficientnet_b0",
    "squeezenet1_1", "densenet121", "vgg11", "inception_v3", "regnet_y_400mf",
    "shufflenet_v2_x1_0", "vit_b_16",
)  # fmt: skip
# side -> the options of compile; what is not compiled is computed by PyTorch
COMPILED: Mapping[str, Mapping[str, Any]] = {
    "openvino fp32": {"engine": "openvino"},
    "openvino bf16": {"engine": "openvino", "precision": "bf16", "max_difference": 1.0},
    "openvino int8": {
        "engine": "openvino",
        "precision": "int8",
        "calibration": "random",
        "max_difference": 1.0,
    },
    "tvm": {"engine": "tvm"},
}
EAGER = "eager"
SIDES = (EAGER, "torch.compile", "onnxruntime", *COMPILED)
ROUNDS = 5
TARGET = "ml_c5"
START, END = "<!-- engines -->", "<!-- end -->"


def size_of(name: str) -> int:
    return 299 if name == "inception_v3" else 224


def network(name: str) -> Any:
    import torch

    from neopack.frameworks.pytorch.torchvision_ops import with_torchvision

    def imported() -> Any:
        sys.path.insert(0, str(Path(__file__).parent))
        import zoo_models

        return zoo_models

    models = with_torchvision(imported)
    torch.manual_seed(0)
    return models.lively(name, size_of(name))


def caller(side: str, name: str, folder: Path) -> Callable[[Any], Any]:
    """What computes the model: an array in, an array out."""
    if side in COMPILED:
        loaded = neopack.load(folder / f"{side.replace(' ', '-')}.tar.gz")
        return lambda rows: next(iter(loaded.predict({"x": rows}).values()))
    if side == "onnxruntime":
        import onnxruntime

        session = onnxruntime.InferenceSession(
            str(folder / "net.onnx"), providers=["CPUExecutionProvider"]
        )
        return lambda rows: session.run(None, {"x": rows})[0]
    import torch

    module = network(name)
    if side == "torch.compile":
        module = torch.compile(module)

    def call(rows: Any) -> Any:
        with torch.inference_mode():
            return module(torch.from_numpy(rows)).numpy()

    return call


def serve(side: str, name: str, folder: Path, pipe: Connection) -> None:
    """A process of its own: load, then time calls for as long as it is asked."""
    rows = np.random.default_rng(0).normal(size=(1, 3, size_of(name), size_of(name)))
    rows = rows.astype(np.float32)
    start = time.perf_counter()
    try:
        call = caller(side, name, folder)
        first = call(rows)
    except Exception as error:  # noqa: BLE001 - the row says it
        pipe.send({"why_not": f"{type(error).__name__}: {error}".splitlines()[0]})
        return
    pipe.send({"load_s": time.perf_counter() - start, "output": first})
    while (seconds := pipe.recv()) is not None:
        times: list[float] = []
        end = time.perf_counter() + seconds
        while len(times) < 3 or time.perf_counter() < end:
            start = time.perf_counter()
            call(rows)
            times.append(time.perf_counter() - start)
        pipe.send({"times": times, "memory_mb": memory()})


def memory() -> float:
    """MB of this process and of those that it started: tvm computes in one of its runtime."""
    here = psutil.Process()
    every = (here, *here.children(recursive=True))
    return float(sum(each.memory_info().rss for each in every)) / 1e6


def prepared(name: str, folder: Path) -> dict[str, str]:
    """Package, write and compile the model; the sides that are not there, and why."""
    import torch

    module = network(name)
    shape = (1, 3, size_of(name), size_of(name))
    archive = folder / "net.tar.gz"
    neopack.package(module, inputs={"x": shape}, path=archive, target=TARGET)
    with warnings.catch_warnings():  # that this exporter is the older one
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (torch.zeros(shape),), folder / "net.onnx", input_names=["x"], dynamo=False
        )
    absent = {}
    for side, options in COMPILED.items():
        path = folder / f"{side.replace(' ', '-')}.tar.gz"
        try:
            neopack.compile(archive, target=TARGET, output=path, **options)
        except NeopackError as error:
            absent[side] = error.line()
    return absent


def measured(name: str, seconds: float) -> dict[str, Any]:
    """A row: for each side its numbers, or why there are none."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        absent = prepared(name, folder)
        sides: dict[str, dict[str, Any]] = {side: {"why_not": why} for side, why in absent.items()}
        workers, outputs = {}, {}
        for side in SIDES:
            if side in absent:
                continue
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(side, name, folder, theirs))
            process.start()
            sides[side] = ours.recv()
            if "why_not" in sides[side]:
                process.join()
                continue
            outputs[side] = sides[side].pop("output")
            sides[side] |= {"size_mb": on_disk(side, folder), "times": []}
            workers[side] = (process, ours)
        for _ in range(ROUNDS):
            for side, (_, pipe) in workers.items():
                pipe.send(seconds / ROUNDS)
                answer = pipe.recv()
                sides[side]["times"] += answer["times"]
                sides[side]["memory_mb"] = answer["memory_mb"]
        for process, pipe in workers.values():
            pipe.send(None)
            process.join()
    largest = float(np.abs(outputs[EAGER]).max())
    for side, output in outputs.items():
        sides[side]["difference"] = float(np.abs(output - outputs[EAGER]).max()) / largest
        times = sorted(sides[side].pop("times"))
        sides[side]["median_ms"] = 1e3 * statistics.median(times)
        sides[side]["p95_ms"] = 1e3 * times[int(0.95 * (len(times) - 1))]
    return {
        "model": name,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": str(this_machine()),
        "load": round(os.getloadavg()[0], 1),
        "sides": sides,
    }


def on_disk(side: str, folder: Path) -> float | None:
    """MB of what is deployed; what PyTorch computes has no file of its own."""
    if side in COMPILED:
        return (folder / f"{side.replace(' ', '-')}.tar.gz").stat().st_size / 1e6
    return (folder / "net.onnx").stat().st_size / 1e6 if side == "onnxruntime" else None


def table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Markdown: one line for each model and side."""
    yield "| Model | Side | median ms | p95 ms | x eager | MB memory | MB | load s | difference |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        eager = row["sides"][EAGER]["median_ms"]
        for side in SIDES:
            told = row["sides"].get(side, {"why_not": "not measured"})
            if "why_not" in told:
                yield f"| {row['model']} | {side} | {told['why_not'][:60]} | | | | | | |"
                continue
            size = "" if told["size_mb"] is None else f"{told['size_mb']:.0f}"
            yield (
                f"| {row['model']} | {side} | {told['median_ms']:.2f} | {told['p95_ms']:.2f} | "
                f"{eager / told['median_ms']:.2f} | {told['memory_mb']:.0f} | {size} | "
                f"{told['load_s']:.2f} | {told['difference']:.1e} |"
            )


def write(page: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    text = page.read_text()
    head, _, rest = text.partition(START)
    tail = rest.partition(END)[2]
    dates = sorted({row["date"] for row in rows})
    load = max((row["load"] for row in rows), default=0.0)
    about = (
        f"Measured {dates[0]} to {dates[-1]}, load of other work up to {load:g}; each model's "
        "ratios are of one run, its sides in turns."
        if rows
        else "Not measured yet."
    )
    body = "\n".join([about, "", *table(rows)]) if rows else about
    page.write_text(f"{head}{START}\n{body}\n{END}{tail}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=MODELS)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    lines = options.out.read_text().splitlines() if options.out.exists() else []
    rows = [json.loads(line) for line in lines]
    if options.write:
        write(options.write, rows)
        return
    done = {row["model"] for row in rows}
    for name in [options.only] if options.only else MODELS:
        if name in done:
            continue
        row = measured(name, options.seconds)
        with options.out.open("a") as out:
            out.write(json.dumps(row) + "\n")
        print("\n".join(table([row])), flush=True)


if __name__ == "__main__":
    main()
