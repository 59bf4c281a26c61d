"""A container whose model is loaded in this very process, and that any number of threads call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from neopack.artifacts.load import load_opened, open_archive
from neopack.artifacts.loaded_model import LoadedModel
from neopack.engines import registry as engines
from neopack.serving.bodies import Body, parsed, rendered
from neopack.values.signature import Signature

__all__ = ["LoadedContainer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedContainer:
    model: LoadedModel

    @classmethod
    def load(
        cls,
        artifact: Path,
        signature: Signature | None = None,
        *,
        threads: int | None = None,
        answers_at_once: int = 1,
    ) -> Self:
        """``signature`` is for an archive without a manifest; an engine that has streams computes
        so many answers at once. Raises ``NeopackError`` where the artifact cannot be loaded."""
        opened = open_archive(artifact, signature=signature)
        has_streams = opened.compiled is not None and engines.loads(opened.engine, "streams")
        streams = answers_at_once if has_streams and answers_at_once > 1 else None
        return cls(
            model=LoadedModel(
                archive=artifact.name,
                engine=opened.engine,
                precision=opened.precision,
                signature=opened.signature,
                runner=load_opened(opened, threads=threads, streams=streams),
            )
        )

    def answer(self, request: Body, accept: str) -> Body:
        """The outputs in the form that is accepted. Raises ``RequestRefused``, and ``UsageError``
        for inputs that do not fit the signature."""
        outputs = self.model.predict(parsed(request, self.model.signature))
        return rendered(outputs, accept, request.data)

    def close(self) -> None:
        """Nothing is held but memory."""
