"""Compare a compiled artifact with the golden outputs: once, for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.engines import Engine
from neopack.errors import EngineFailed, NeopackError, VerificationFailed, first_line
from neopack.goldens import ties
from neopack.goldens.cases import GoldenCase, load_cases
from neopack.goldens.comparison import Worst, difference, difference_beside, differs_beside
from neopack.goldens.directed import Compute
from neopack.values.artifact import CompilationRequest, CompiledArtifact, Twin
from neopack.values.log import Log

__all__ = ["compared"]

HIGHEST = "fp32"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """How far the engine is from a case in the outputs that decide, and whether all are alike."""

    case: GoldenCase
    apart: float
    alike: bool


def compared(
    engine: Engine,
    artifact: CompiledArtifact,
    request: CompilationRequest,
    folder: Path,
    log: Log,
) -> CompiledArtifact:
    """The artifact in ``folder`` with its difference from the golden outputs, as the engine
    computes it, and the golden cases that differ and decide nothing; without them where the
    request has no golden outputs.

    Raises ``VerificationFailed`` where it differs by more than the request, or else the engine,
    allows for the precision; ``EngineFailed`` where it does not run. Integers that are too wide
    for the engine are told to ``log``.
    """
    if request.goldens is None:
        return artifact
    cases = ties.settled(load_cases(request.goldens), ranks=request.ranks)
    twin = artifact.twin or Twin(folder=folder, options=artifact.options)
    predict = engine.load(twin.folder, artifact.signature, twin.options, None).predict
    allowed = _allowed(engine, request)
    bits = engine.integer_bits
    answers = [_answer(case, predict, allowed) for case in cases]
    wide = [answer for answer in answers if answer.case.exceeds(bits)]
    off = _worst([answer for answer in answers if not answer.case.exceeds(bits)])
    _refuse(off, allowed, request)
    if not _worst(wide).difference <= allowed:
        log.warn(
            f"{engine.name} computes integers in {bits} bits: the compiled model answers "
            "otherwise where they need more"
        )
    if artifact.twin is not None:
        log.note(
            f"the code for {artifact.target} does not run here: compared was the same model "
            "compiled for this CPU"
        )
    if off.difference == float("inf"):  # which the engine allows where a metric decides
        log.warn(f"{request.precision} gives other golden outputs: {off}")
        return replace(artifact, difference=None)
    aside = tuple(answer.case.name for answer in answers if not answer.alike)
    return replace(artifact, difference=off.difference, aside=aside)


def _answer(case: GoldenCase, predict: Compute, allowed: float) -> _Answer:
    """Compute a case; what decides nothing may be refused by the engine."""
    try:
        computed = predict(case.inputs)
    except Exception as error:  # engines raise whatever they like
        if not case.decides:
            return _Answer(case=case, apart=0.0, alike=False)
        if isinstance(error, NeopackError):
            raise
        raise EngineFailed(f"the compiled model does not run: {first_line(error)}") from error
    told = frozenset(case.outputs) if case.varies else ties.told(case, computed)
    return _Answer(
        case=case,
        apart=difference_beside(case, computed, lambda *_: told),
        alike=difference(case.outputs, computed) <= allowed
        and not differs_beside(case.outputs, computed),
    )


def _worst(answers: Sequence[_Answer]) -> Worst:
    worst = [Worst(answer.apart, answer.case.name) for answer in answers if answer.apart]
    return max(worst, key=lambda each: each.difference, default=Worst(0.0, ""))


def _allowed(engine: Engine, request: CompilationRequest) -> float:
    if request.max_difference is not None:
        return request.max_difference
    return engine.allowed_difference(request.precision)


def _refuse(off: Worst, allowed: float, request: CompilationRequest) -> None:
    if off.difference <= allowed:
        return
    # a little more, so that rounding does not refuse it again
    accept = f"accept it with --max-difference {1.1 * off.difference:.2g}, or "
    otherwise = f"try another --engine; neopack check -t {request.target.name} may say why"
    if request.precision != HIGHEST:
        otherwise = "take a higher precision"
    raise VerificationFailed(
        f"the compiled model differs from the golden outputs by {off}, more than {allowed:g}",
        hint=f"{accept if off.difference < 1 else ''}{otherwise}",
    )
