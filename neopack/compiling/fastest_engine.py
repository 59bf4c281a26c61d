"""``--engine auto``: the fastest engine here for this archive, by measurement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from neopack.compiling.precisions import in_turns
from neopack.engines import Engine, registry
from neopack.errors import NeopackError
from neopack.formats.codec import from_json, to_json
from neopack.goldens.inputs import random_inputs, stand_ins
from neopack.values.artifact import Array, CompiledArtifact, Runner
from neopack.values.json import AnyJson
from neopack.values.log import Log
from neopack.values.quantization import Trial

__all__ = ["best_of", "measure", "unusable"]

# the same model varies by so much from one run to the next
NEARLY = 1.05


def unusable(engine: Engine, error: NeopackError) -> Trial:
    """The trial of an engine that did not compile the model within the bound."""
    return Trial(engine=engine.name, precision="", why_not=error.message)


def measure(data: AnyJson, log: Log) -> AnyJson:
    """A task of the child process: the milliseconds of each artifact's fastest call, in turns."""
    artifacts = [from_json(CompiledArtifact, each) for each in data["artifacts"]]
    signature = artifacts[0].signature
    inputs = random_inputs(stand_ins(signature), seed=0)
    runners = [_loaded(each) for each in artifacts]
    with log.step("measuring"):
        seconds = in_turns([_call(runner, inputs) for runner in runners])
    return to_json([1e3 * least for least in seconds])


def _loaded(artifact: CompiledArtifact) -> Runner:
    engine = registry.get(artifact.engine)
    folder = artifact.members[0].path.parent
    return engine.load(folder, artifact.signature, artifact.options, None)


def _call(runner: Runner, inputs: Mapping[str, Array]) -> Callable[[], object]:
    return lambda: runner.predict(inputs)


def best_of(
    artifacts: Sequence[CompiledArtifact],
    milliseconds: Sequence[float],
    refused: Sequence[Trial],
) -> CompiledArtifact:
    """The fastest, with all trials; of those that are nearly as fast, the first in the order of
    the engines."""
    trials = [
        Trial(engine=artifact.engine, precision=artifact.precision, milliseconds=least)
        for artifact, least in zip(artifacts, milliseconds, strict=True)
    ]
    bound = NEARLY * min(milliseconds)
    best = next(a for a, least in zip(artifacts, milliseconds, strict=True) if least <= bound)
    return replace(best, trials=(*trials, *refused, *best.trials))
