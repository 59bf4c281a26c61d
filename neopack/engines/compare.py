"""Compare a compiled artifact with the golden outputs: once, for every engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neopack.engines import Engine
from neopack.errors import EngineFailed, NeopackError, VerificationFailed, first_line
from neopack.goldens.arrays import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import CompilationRequest, CompiledArtifact

__all__ = ["compared"]


def compared(
    engine: Engine, artifact: CompiledArtifact, request: CompilationRequest, folder: Path
) -> CompiledArtifact:
    """The artifact in ``folder`` with its difference from the golden outputs, as the engine
    computes it; without one where the request has no golden outputs.

    Raises ``VerificationFailed`` where it differs by more than the request, or else the engine,
    allows for the precision; ``EngineFailed`` where it does not run.
    """
    if request.goldens is None:
        return artifact
    inputs, golden = load_goldens(request.goldens)
    runner = engine.load(folder, artifact.signature, artifact.options, None)
    try:
        computed = runner.predict(inputs)
    except NeopackError:
        raise
    except Exception as error:  # engines raise whatever they like
        raise EngineFailed(f"the compiled model does not run: {first_line(error)}") from error
    apart = difference(golden, computed)
    _refuse(apart, _allowed(engine, request))
    return replace(artifact, difference=apart)


def _allowed(engine: Engine, request: CompilationRequest) -> float:
    if request.max_difference is not None:
        return request.max_difference
    return engine.allowed_difference(request.precision)


def _refuse(apart: float, allowed: float) -> None:
    if not apart <= allowed:  # NaN too
        raise VerificationFailed(
            f"the compiled model differs from the golden outputs by {apart:.2g} of the largest, "
            f"more than {allowed:g}",
            # a little more, so that rounding does not refuse it again
            hint=f"accept it with --max-difference {1.1 * apart:.2g}, or take a higher precision",
        )
