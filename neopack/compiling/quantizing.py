"""Quantize a model and prove it: fp32 first, which the golden outputs judge, then 8 bits from it,
which a metric judges on samples that did not calibrate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.compiling.calibration import Sample, read_samples, refuse_constant, split
from neopack.compiling.metrics import FP32, HeldBack, default_metric, finite_outputs
from neopack.engines import Engine, QuantizationOrder, Quantizer
from neopack.engines.compare import compared
from neopack.errors import EngineFailed
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.log import Log
from neopack.values.quantization import QUANTIZED, Calibration, Quantization

__all__ = ["FP32", "CalibrationData", "compile_plain", "quantize", "quantized"]

# MobileNetV2, trained on digits: 3 samples agree with fp32 on 91 %, 10 err twice as much as 30,
# and 30 nearly as little as 100
FEW = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationData:
    """The samples of a ``Calibration``, cut in two."""

    choice: Calibration
    calibrating: Sequence[Sample]
    held_back: Sequence[Sample]

    @classmethod
    def read(cls, choice: Calibration, request: CompilationRequest, log: Log) -> CalibrationData:
        with log.step("reading the calibration data"):
            samples = read_samples(choice, request.signature, log)
        if choice.is_random:
            return cls(choice=choice, calibrating=samples, held_back=())
        calibrating, held_back = split(samples)
        refuse_constant(calibrating, choice.data, log)
        if len(calibrating) < FEW:
            log.warn(
                f"{len(calibrating)} of {len(samples)} samples calibrate, and the rest measure "
                "what is lost: a few hundred reach the ranges of real data better"
            )
        return cls(choice=choice, calibrating=calibrating, held_back=held_back)

    def judge(self, engine: Engine, reference: CompiledArtifact, folder: Path) -> HeldBack | None:
        """Who judges by the outputs of ``reference`` in ``folder``; None for random data."""
        if not self.held_back:
            return None
        predict = engine.load(folder, reference.signature, reference.options, None).predict
        for sample in self.calibrating:
            finite_outputs(predict, sample, FP32)
        metric = self.choice.metric or default_metric(self.held_back)
        return HeldBack(metric, self.held_back, predict, self.choice.max_drop)


def compile_plain(
    engine: Engine, request: CompilationRequest, out: Path, log: Log
) -> CompiledArtifact:
    """The artifact in ``out``, compared with the golden outputs."""
    out.mkdir(exist_ok=True)
    artifact = engine.compile(request, out, log)
    with log.step("comparing with the golden outputs"):
        return compared(engine, artifact, request, out, log)


def quantize(
    engine: Engine,
    request: CompilationRequest,
    calibration: Calibration | None,
    out: Path,
    log: Log,
) -> CompiledArtifact:
    """The artifact in the quantized precision of ``request``.

    Raises ``VerificationFailed`` where it loses more than ``calibration`` allows.
    """
    data = CalibrationData.read(calibration, request, log) if calibration else None
    plain = out / FP32
    exact = replace(request, precision=FP32, max_difference=None)
    reference = compile_plain(engine, exact, plain, log)
    judge = data.judge(engine, reference, plain) if data else None
    return quantized(engine, request, reference, data, judge, out / request.precision, log)


def quantized(
    engine: Engine,
    request: CompilationRequest,
    reference: CompiledArtifact,
    data: CalibrationData | None,
    judge: HeldBack | None,
    out: Path,
    log: Log,
) -> CompiledArtifact:
    """The artifact from ``reference``, judged as it was saved."""
    if not isinstance(engine, Quantizer):
        raise EngineFailed(f"{engine.name} does not quantize", hint="--precision fp32")
    assert request.precision in QUANTIZED  # noqa: S101 - the catalogue row says so
    out.mkdir()
    order = QuantizationOrder(
        precision=request.precision,
        samples=[sample.inputs for sample in data.calibrating] if data else (),
        judge=judge,
    )
    artifact, kept = engine.quantize(reference, order, out, log)
    with log.step("comparing with the golden outputs"):
        artifact = compared(engine, artifact, request, out, log)
    record = Quantization(
        calibration=data.choice.data if data else "",
        calibrated=len(order.samples),
        kept=kept,
    )
    if judge is not None:
        predict = engine.load(out, artifact.signature, artifact.options, None).predict
        loss = judge.within(predict, request.precision)
        record = replace(
            record,
            held_back=len(judge.samples),
            metric=judge.metric,
            before=judge.shown_before,
            after=loss.after,
            drop=loss.drop,
            max_drop=judge.max_drop,
            agreement=loss.agreement,
        )
    return replace(artifact, quantization=record)
