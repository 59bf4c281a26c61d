"""Measure what ``neopack serve`` adds to an engine's time at one caller.

Goals at p50: 0.5 ms for JSON of 10 numbers, 1.5 ms for .npy of 1x3x224x224. Calls of the engine,
of the server, and of servers that do nothing take turns; uvicorn is compared with granian where
that is installed.
"""

from __future__ import annotations

import http.client
import importlib.util
import io
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import neopack
from neopack import api

CALLS, WARM_UP = 1500, 100
NOTHING = """
async def app(scope, receive, send):
    while (await receive()).get("more_body"): pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"[]"})
"""
SERVERS = {
    "uvicorn": ("nothing:app", "--log-level", "critical", "--lifespan", "off", "--port"),
    "granian": ("nothing:app", "--interface", "asginl", "--port"),
}


class Pooled(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 4, 3, stride=8)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layer(image).mean((2, 3))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nothing.py").write_text(NOTHING)
        measure("JSON of 10", torch.nn.Linear(10, 5), (1, 10), folder, as_json, 0.5)
        measure(".npy of 1x3x224x224", Pooled(), (1, 3, 224, 224), folder, as_npy, 1.5)


def as_json(array: np.ndarray) -> tuple[bytes, str]:
    return json.dumps(array.tolist()).encode(), "application/json"


def as_npy(array: np.ndarray) -> tuple[bytes, str]:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue(), "application/x-npy"


def measure(
    name: str,
    module: torch.nn.Module,
    shape: tuple[int, ...],
    folder: Path,
    encode: Callable[[np.ndarray], tuple[bytes, str]],
    goal: float,
) -> None:
    archive = neopack.package(
        module.eval(), inputs={"x": shape}, path=folder / "a.tar.gz", force=True
    )
    artifact = neopack.compile(archive.path, target="ml_c5", force=True).path or folder
    model = neopack.load(artifact)
    array = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    body, kind = encode(array)
    calls: dict[str, Callable[[], object]] = {"engine": lambda: model.predict({"x": array})}
    idle = {name: command for name, command in SERVERS.items() if importlib.util.find_spec(name)}
    processes = []
    with api.server(artifact, port=0, quiet=True) as server:
        calls["neopack"] = caller(int(server.start().url.rpartition(":")[2]), body, kind)
        for each, command in idle.items():
            port = free_port()
            words = [sys.executable, "-m", each, *command, str(port)]
            processes.append(subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL))
            wait_for(port)
            calls[each] = caller(port, body, kind)
        times = in_turns(calls)
        for process in processes:
            process.terminate()
            process.wait()
    p50 = {each: 1e3 * np.median(values) for each, values in times.items()}
    p10 = {each: 1e3 * np.quantile(values, 0.1) for each, values in times.items()}
    print(f"{name}: goal: at most {goal} ms added at p50")
    for each in times:
        print(f"  {each:8} p50 {p50[each]:.3f} ms, p10 {p10[each]:.3f} ms")
    print(
        f"  added    p50 {p50['neopack'] - p50['engine']:.3f} ms, "
        f"p10 {p10['neopack'] - p10['engine']:.3f} ms"
    )


def in_turns(calls: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(WARM_UP + CALLS):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn >= WARM_UP:
                times[name].append(time.perf_counter() - start)
    return times


def caller(port: int, body: bytes, kind: str) -> Callable[[], object]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call() -> bytes:
        connection.request("POST", "/invocations", body, {"Content-Type": kind})
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read()

    return call


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"no server on port {port}")


if __name__ == "__main__":
    main()
