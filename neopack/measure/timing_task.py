"""The part of a benchmark that runs in the child process: one artifact, timed call by call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neopack.artifacts.computed_by import computed_by
from neopack.artifacts.load import load_opened, open_archive
from neopack.formats.codec import to_json
from neopack.goldens.comparison import difference
from neopack.goldens.inputs import random_inputs, stand_ins
from neopack.values.artifact import Array, Runner
from neopack.values.json import AnyJson
from neopack.values.log import Log

__all__ = ["TASKS"]

WARM_UP_SECONDS = 1.0
WARM_UP_CALLS = 3


class _Timing:
    """One loaded artifact, which stays loaded between tasks."""

    def __init__(self) -> None:
        self._runner: Runner | None = None
        self._inputs: dict[str, Array] = {}

    def load(self, data: AnyJson, log: Log) -> AnyJson:
        """Load and warm up the artifact, and describe it."""
        opened = open_archive(Path(data["path"]))
        self._runner = load_opened(opened, threads=data["threads"])
        requests = stand_ins(opened.signature)
        self._inputs = random_inputs(requests, data["seed"])
        self._warm_up(self._runner)
        engine, version = computed_by(opened)
        return {
            "engine": engine,
            "version": version,
            "precision": opened.precision,
            "quantization": to_json(opened.compiled and opened.compiled.quantization),
            "inputs": [{"dtype": r.dtype, "shape": list(r.shape)} for r in requests],
        }

    def measure(self, data: AnyJson, log: Log) -> list[float]:
        """Return the seconds of each call, for ``data["seconds"]`` and at least three calls."""
        runner = self._loaded()
        seconds: list[float] = []
        end = time.perf_counter() + data["seconds"]
        while len(seconds) < WARM_UP_CALLS or time.perf_counter() < end:
            start = time.perf_counter()
            runner.predict(self._inputs)
            seconds.append(time.perf_counter() - start)
        return seconds

    def outputs(self, data: AnyJson, log: Log) -> AnyJson:
        """Return the outputs for the seeded input, in order, as lists."""
        answers = self._loaded().predict(self._inputs).values()
        return [{"shape": list(a.shape), "values": a.ravel().tolist()} for a in answers]

    def difference(self, data: AnyJson, log: Log) -> float:
        """Return the largest difference from ``data["outputs"]``, compared in order."""
        import numpy as np

        theirs: dict[str, Any] = {
            str(i): np.array(o["values"]).reshape(o["shape"])
            for i, o in enumerate(data["outputs"])
        }
        ours = self._loaded().predict(self._inputs).values()
        return difference(theirs, {str(i): array for i, array in enumerate(ours)})

    def _warm_up(self, runner: Runner) -> None:
        end, calls = time.perf_counter() + WARM_UP_SECONDS, 0
        while calls < WARM_UP_CALLS or time.perf_counter() < end:
            runner.predict(self._inputs)
            calls += 1

    def _loaded(self) -> Runner:
        assert self._runner is not None  # noqa: S101 - the parent loads first
        return self._runner


_timing = _Timing()

TASKS: Mapping[str, Callable[[AnyJson, Log], AnyJson]] = {
    "load": _timing.load,
    "measure": _timing.measure,
    "outputs": _timing.outputs,
    "difference": _timing.difference,
}
