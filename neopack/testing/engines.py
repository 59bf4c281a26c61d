"""What neopack relies on in an engine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from neopack.engines import Engine
from neopack.engines.compare import compared
from neopack.errors import NeopackError, VerificationFailed
from neopack.formats.codec import from_json, to_json
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.log import SilentLog

__all__ = ["assert_engine_conforms"]

THREADS = 8
# so many that some meet, in a small model too
CALLS = 400
# of the largest output: an engine may add in another order
ALIKE = 1e-6


def assert_engine_conforms(engine: Engine, request: CompilationRequest) -> None:
    """Raise ``AssertionError`` that says what ``engine`` does otherwise than it must.

    ``request`` is one that it takes, with goldens; the engine has to be installed.
    """
    assert engine.available().version, f"install it first: {engine.available().install}"
    assert engine.supports(request).takes, engine.supports(request).why_not
    for other in (replace(request, framework="?"), replace(request, precision="?")):
        verdict = engine.supports(other)
        assert not verdict.takes, "it takes what there is not"
        assert len(verdict.why_not.splitlines()) == 1, "a refusal says why, in one line"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        artifact = engine.compile(request, out, SilentLog())
        _assert_artifact(engine, request, artifact, out)
        _assert_computes(
            engine, request, compared(engine, artifact, request, out, SilentLog()), out
        )
        torn = out / f"torn{request.model.suffix}"
        torn.write_bytes(request.model.read_bytes()[:64])
        strict = replace(request, max_difference=-1.0)  # below zero no difference passes
        for wrong, error in (
            (replace(request, model=torn), NeopackError),
            (strict, VerificationFailed),
        ):
            _assert_raises(error, partial(_compile_apart, engine, wrong))
        empty = out / "empty"
        empty.mkdir()
        load = partial(engine.load, empty, artifact.signature, artifact.options, 1)
        _assert_raises(NeopackError, load)


def _compile_apart(engine: Engine, request: CompilationRequest) -> None:
    """In a directory of its own: an engine is given an empty one each time."""
    with tempfile.TemporaryDirectory() as folder:
        artifact = engine.compile(request, Path(folder), SilentLog())
        compared(engine, artifact, request, Path(folder), SilentLog())


def _assert_artifact(
    engine: Engine, request: CompilationRequest, artifact: CompiledArtifact, out: Path
) -> None:
    said = (artifact.engine, artifact.target, artifact.precision, artifact.signature.inputs)
    asked = (engine.name, request.target.name, request.precision, request.signature.inputs)
    assert said == asked, f"the artifact says {said}, not {asked}"
    assert artifact.engine_version, "the artifact says the engine's version"
    assert from_json(CompiledArtifact, to_json(artifact)) == artifact, "the artifact is JSON"
    for member in artifact.members:
        assert member.path.is_relative_to(out), f"{member.name} is written outside of out"
        assert member.path.stat().st_size, f"{member.name} is empty"


def _assert_computes(
    engine: Engine, request: CompilationRequest, artifact: CompiledArtifact, folder: Path
) -> None:
    assert request.goldens is not None, "give a request with goldens"
    assert artifact.difference is not None, "it was not compared with the golden outputs"
    inputs, golden = load_goldens(request.goldens)
    runner = engine.load(folder, artifact.signature, artifact.options, 1)
    first = runner.predict(inputs)
    kept = {name: array.copy() for name, array in first.items()}
    off = difference(golden, first)
    assert off <= 2 * artifact.difference + 1e-6, (
        f"loaded it is {off:.2g} away, not {artifact.difference}"
    )
    runner.predict({name: (array * 0).astype(array.dtype) for name, array in inputs.items()})
    assert difference(kept, first) == 0, "an answer changes with the next call: copy it"
    shared = engine.load(folder, artifact.signature, artifact.options, None)
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(shared.predict, [inputs] * CALLS))
    assert all(difference(kept, each) <= ALIKE for each in answers), "threads get other answers"


def _assert_raises(kind: type[NeopackError], call: Callable[[], object]) -> None:
    try:
        call()
    except kind:
        return
    raise AssertionError(f"{kind.__name__} is not raised where it must be")
