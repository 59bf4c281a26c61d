"""Compare a compiled artifact with the golden outputs: once, for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neopack.engines import Engine
from neopack.errors import EngineFailed, NeopackError, VerificationFailed, first_line
from neopack.goldens.cases import GoldenCase, load_cases
from neopack.goldens.comparison import Worst, worst
from neopack.goldens.directed import Compute
from neopack.values.artifact import CompilationRequest, CompiledArtifact, Twin
from neopack.values.log import Log

__all__ = ["compared"]

HIGHEST = "fp32"


def compared(
    engine: Engine,
    artifact: CompiledArtifact,
    request: CompilationRequest,
    folder: Path,
    log: Log,
) -> CompiledArtifact:
    """The artifact in ``folder`` with its difference from the golden outputs, as the engine
    computes it; without one where the request has no golden outputs.

    Raises ``VerificationFailed`` where it differs by more than the request, or else the engine,
    allows for the precision; ``EngineFailed`` where it does not run. Integers that are too wide
    for the engine are told to ``log``.
    """
    if request.goldens is None:
        return artifact
    cases = load_cases(request.goldens)
    wide = [case for case in cases if _is_wide(case, engine.integer_bits)]
    twin = artifact.twin or Twin(folder=folder, options=artifact.options)
    predict = engine.load(twin.folder, artifact.signature, twin.options, None).predict
    off = _worst([case for case in cases if case not in wide], predict)
    allowed = _allowed(engine, request)
    _refuse(off, allowed, request)
    if wide and not _worst(wide, predict).difference <= allowed:
        log.warn(
            f"{engine.name} computes integers in {engine.integer_bits} bits: the compiled model "
            "answers otherwise where they need more"
        )
    if artifact.twin is not None:
        log.note(
            f"the code for {artifact.target} does not run here: compared was the same model "
            "compiled for this CPU"
        )
    if off.difference == float("inf"):  # which the engine allows where a metric decides
        log.warn(f"{request.precision} gives other golden outputs: {off}")
        return replace(artifact, difference=None)
    return replace(artifact, difference=off.difference)


def _worst(cases: Sequence[GoldenCase], predict: Compute) -> Worst:
    try:
        return worst(cases, predict)
    except NeopackError:
        raise
    except Exception as error:  # engines raise whatever they like
        raise EngineFailed(f"the compiled model does not run: {first_line(error)}") from error


def _is_wide(case: GoldenCase, bits: int) -> bool:
    """Whether the case has an integer that so many bits do not hold."""
    arrays = (*case.inputs.values(), *case.outputs.values())
    most = 2 ** (bits - 1)
    return any(
        array.dtype.kind in "iu" and array.size and not -most <= array.min() <= array.max() < most
        for array in arrays
    )


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
