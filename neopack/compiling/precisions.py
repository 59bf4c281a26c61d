"""``--precision auto``: the fastest precision here within its bounds, by measurement."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.compiling.metrics import HeldBack
from neopack.compiling.quantizing import (
    FP32,
    CalibrationData,
    compile_plain,
    quantized,
)
from neopack.engines import Engine, registry
from neopack.errors import EngineFailed, Missing, Unsupported, VerificationFailed
from neopack.goldens.inputs import random_inputs, stand_ins
from neopack.values.artifact import Array, CompilationRequest, CompiledArtifact
from neopack.values.log import Log
from neopack.values.quantization import QUANTIZED, Calibration, Trial

__all__ = ["fastest", "in_turns"]

ROUNDS, CALLS = 9, 3
LONGEST = 30.0  # seconds
# the same model varies by so much from one run to the next
NEARLY = 1.05
Inputs = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    artifact: CompiledArtifact
    folder: Path
    drop: float | None = None


def fastest(
    engine: Engine,
    request: CompilationRequest,
    calibration: Calibration | None,
    out: Path,
    log: Log,
) -> CompiledArtifact:
    """The artifact whose fastest call takes least time, with all ``trials``. Without real data, no
    precision in 8 bits is tried: nothing bounds what it loses."""
    data = CalibrationData.read(calibration, request, log) if calibration else None
    exact = replace(request, precision=FP32)
    reference = compile_plain(engine, exact, out / FP32, log)
    judge = data.judge(engine, reference, out / FP32) if data else None
    candidates = [_Candidate(artifact=reference, folder=out / FP32)]
    refused = []
    for precision in registry.precisions(engine.name):
        if precision == FP32:
            continue
        try:
            order = replace(request, precision=precision)
            candidates.append(_candidate(engine, order, reference, data, judge, out, log))
        except (Unsupported, VerificationFailed, EngineFailed, Missing) as error:
            refused.append(Trial(precision=precision, why_not=error.message))
    trials = (*_measured(engine, candidates, _inputs(data, request), log), *refused)
    return replace(candidates[_best(trials[: len(candidates)])].artifact, trials=trials)


def _best(trials: Sequence[Trial]) -> int:
    """The place of the fastest; of those that are nearly as fast, the one with most bits."""
    times = [trial.milliseconds or 0.0 for trial in trials]
    return next(at for at, each in enumerate(times) if each <= NEARLY * min(times))


def _candidate(
    engine: Engine,
    request: CompilationRequest,
    reference: CompiledArtifact,
    data: CalibrationData | None,
    judge: HeldBack | None,
    out: Path,
    log: Log,
) -> _Candidate:
    """The model in another precision, within its bounds."""
    folder = out / request.precision
    if request.precision in QUANTIZED:
        if judge is None:
            raise Unsupported("not tried: give --calibration with real data")
        artifact = quantized(engine, request, reference, data, judge, folder, log)
        drop = artifact.quantization.drop if artifact.quantization else None
        return _Candidate(artifact=artifact, folder=folder, drop=drop)
    artifact = compile_plain(engine, request, folder, log)
    if judge is None:
        return _Candidate(artifact=artifact, folder=folder)
    predict = engine.load(folder, artifact.signature, artifact.options, None).predict
    loss = judge.within(predict, request.precision)
    return _Candidate(artifact=artifact, folder=folder, drop=loss.drop)


def _inputs(data: CalibrationData | None, request: CompilationRequest) -> Inputs:
    if data is not None:
        return data.calibrating[0].inputs
    return random_inputs(stand_ins(request.signature), seed=0)


def _measured(
    engine: Engine, candidates: Sequence[_Candidate], inputs: Inputs, log: Log
) -> tuple[Trial, ...]:
    predicts = []
    for each in candidates:
        artifact = each.artifact
        runner = engine.load(each.folder, artifact.signature, artifact.options, None)
        predicts.append(runner.predict)
    with log.step("measuring"):
        seconds = in_turns([lambda p=p: p(inputs) for p in predicts])  # type: ignore[misc]
    return tuple(
        Trial(precision=each.artifact.precision, milliseconds=1e3 * least, drop=each.drop)
        for each, least in zip(candidates, seconds, strict=True)
    )


def in_turns(calls: Sequence[Callable[[], object]]) -> list[float]:
    """The seconds of the fastest call of each, measured in turns: other work disturbs it least."""
    best = [float("inf")] * len(calls)
    for call in calls:
        call()
        call()
    end = time.monotonic() + LONGEST
    for _ in range(ROUNDS):
        for at, call in enumerate(calls):
            for _ in range(CALLS):
                start = time.perf_counter()
                call()
                best[at] = min(best[at], time.perf_counter() - start)
        if time.monotonic() > end:
            break
    return best
