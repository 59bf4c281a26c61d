"""A range of batches is proven at both ends: against the model that is not compiled, in its own
framework, which is called with the packaged batch."""

from __future__ import annotations

from dataclasses import replace

from neopack.artifacts.batches import in_batches
from neopack.engines import Engine
from neopack.errors import EngineFailed, NeopackError, VerificationFailed, telling_line
from neopack.formats.files import FolderFiles
from neopack.frameworks import registry as frameworks
from neopack.goldens.comparison import difference
from neopack.goldens.inputs import at_batch, random_inputs
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.log import Log

__all__ = ["for_batches"]


def for_batches(
    engine: Engine, artifact: CompiledArtifact, source: CompilationRequest, log: Log
) -> CompiledArtifact:
    """The artifact with the range of batches of ``source``, the request as it came, in its
    signature; or itself where there is none.

    Raises ``VerificationFailed`` where an end of the range computes otherwise, ``EngineFailed``
    where it does not compute, ``UsageError`` where the rows of outputs are not those of inputs.
    """
    if source.batches is None:
        return artifact
    signature = source.signature.with_batches(source.batches)
    with log.step("comparing both ends of the batches"):
        folder = artifact.members[0].path.parent
        compiled = engine.load(folder, artifact.signature, artifact.options, None)
        own = source.folder or source.model.parent
        model = source.model.relative_to(own).as_posix()
        framework = frameworks.of_neo(source.framework)
        exact = framework.runner(FolderFiles(own), model, source.signature, None)
        for batch in dict.fromkeys(source.batches):
            inputs = random_inputs(at_batch(signature, batch), seed=batch)
            try:
                answer = compiled.predict(inputs)
            except Exception as error:  # engines raise whatever they like
                raise _stuck(batch, source, error) from error
            wanted = in_batches(source.signature, inputs, exact.predict, 1)
            _refuse(difference(wanted, answer), batch, engine, source)
    return replace(artifact, signature=signature)


def _stuck(batch: int, source: CompilationRequest, error: Exception) -> EngineFailed:
    said = error.message if isinstance(error, NeopackError) else telling_line(error)
    first = source.signature.inputs[0]
    return EngineFailed(
        f"the model does not compute a batch of {batch}: {said}",
        hint=f"its batch of {first.shape[0]} may be written in it: compile without --input",
    )


def _refuse(off: float, batch: int, engine: Engine, source: CompilationRequest) -> None:
    allowed = source.max_difference
    if allowed is None:
        allowed = engine.allowed_difference(source.precision)
    if not off <= allowed:
        raise VerificationFailed(
            f"a batch of {batch} differs from the same rows in the packaged batch by {off:.2g} of "
            f"the largest output, more than {allowed:g}",
            hint="compile without --input: rows of a batch may depend on each other",
        )
