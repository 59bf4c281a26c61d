"""What neopack relies on in an engine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from neopack.engines import Engine
from neopack.errors import NeopackError, VerificationFailed
from neopack.formats.codec import from_json, to_json
from neopack.goldens.arrays import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.log import SilentLog

__all__ = ["assert_engine_conforms"]


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
        made = engine.compile(request, out, SilentLog())
        _assert_artifact(engine, request, made, out)
        files = {member.name: member.path.read_bytes() for member in made.members}
        _assert_computes(engine, request, made, files)
        torn = out / f"torn{request.model.suffix}"
        torn.write_bytes(request.model.read_bytes()[:64])
        strict = replace(request, max_difference=-1.0)  # below zero no difference passes
        for wrong, error in (
            (replace(request, model=torn), NeopackError),
            (strict, VerificationFailed),
        ):
            _assert_raises(error, partial(_compile_apart, engine, wrong))
        _assert_raises(NeopackError, lambda: engine.load({}, made.signature, made.options, 1))


def _compile_apart(engine: Engine, request: CompilationRequest) -> None:
    """In a directory of its own: an engine is given an empty one each time."""
    with tempfile.TemporaryDirectory() as folder:
        engine.compile(request, Path(folder), SilentLog())


def _assert_artifact(
    engine: Engine, request: CompilationRequest, made: CompiledArtifact, out: Path
) -> None:
    said = (made.engine, made.target, made.precision, made.signature.inputs)
    asked = (engine.name, request.target.name, request.precision, request.signature.inputs)
    assert said == asked, f"the artifact says {said}, not {asked}"
    assert made.engine_version, "the artifact says the engine's version"
    assert from_json(CompiledArtifact, to_json(made)) == made, "the artifact is JSON"
    for member in made.members:
        assert member.path.is_relative_to(out), f"{member.name} is written outside of out"
        assert member.path.stat().st_size, f"{member.name} is empty"


def _assert_computes(
    engine: Engine, request: CompilationRequest, made: CompiledArtifact, files: Mapping[str, bytes]
) -> None:
    assert request.goldens is not None, "give a request with goldens"
    assert made.difference is not None, "it was not compared with the golden outputs"
    inputs, golden = load_goldens(request.goldens)
    runner = engine.load(files, made.signature, made.options, 1)
    first = runner.predict(inputs)
    kept = {name: array.copy() for name, array in first.items()}
    off = difference(golden, first)
    assert off <= 2 * made.difference + 1e-6, f"loaded it is {off:.2g} away, not {made.difference}"
    runner.predict({name: (array * 0).astype(array.dtype) for name, array in inputs.items()})
    assert difference(kept, first) == 0, "an answer changes with the next call: copy it"


def _assert_raises(kind: type[NeopackError], call: Callable[[], object]) -> None:
    try:
        call()
    except kind:
        return
    raise AssertionError(f"{kind.__name__} is not raised where it must be")
