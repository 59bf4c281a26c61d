"""The Engine plug-in point: compile a request into an artifact, and load the artifact.

An engine sees files and a signature, never a framework package of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from neopack.values.artifact import Array, CompilationRequest, CompiledArtifact, Runner
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.signature import Signature

__all__ = [
    "ArtifactOption",
    "Availability",
    "Engine",
    "EngineVerdict",
    "Judge",
    "QuantizationOrder",
    "Quantizer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """``version`` where the engine is installed, else what to install."""

    version: str | None
    install: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineVerdict:
    """Whether an engine takes a request; ``why_not`` in one line where it does not. ``lacking`` is
    the command that installs what this request needs, where that is missing."""

    takes: bool
    why_not: str = ""
    lacking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactOption:
    """An option that an artifact's manifest may set when the engine loads it, and its values.

    A manifest may come from a stranger. Whatever names a place, a device or a number of threads
    is not an option of an artifact. Texts that ``pattern`` describes whole are values too.
    """

    name: str
    values: tuple[str, ...]
    pattern: str = ""

    def takes(self, value: object) -> bool:
        of_pattern = isinstance(value, str) and self.pattern
        return value in self.values or bool(of_pattern and re.fullmatch(self.pattern, str(value)))


class Engine(Protocol):
    """What neopack asks of an engine. It computes integers in ``integer_bits``, whatever the
    model's own are. ``artifact_options`` are all that it takes from an artifact's manifest."""

    name: str
    integer_bits: int
    artifact_options: tuple[ArtifactOption, ...]

    def available(self) -> Availability: ...

    def supports(self, request: CompilationRequest) -> EngineVerdict:
        """Decided without importing the engine, from its catalogue row."""

    def compile(self, request: CompilationRequest, out: Path, log: Log) -> CompiledArtifact:
        """Compile into files under ``out``; the comparison with the golden outputs comes after.

        Raises ``EngineFailed`` where the engine cannot, ``Unsupported`` where this machine
        cannot compute in the precision of the request.
        """

    def allowed_difference(self, precision: str) -> float:
        """The largest difference from the golden outputs, relative to the largest of them, that
        passes where the user sets no other."""

    def load(
        self,
        folder: Path,
        signature: Signature,
        options: Mapping[str, Json],
        threads: int | None,
    ) -> Runner:
        """A runner from the artifact's files in ``folder``, which may be deleted afterwards."""


class Judge(Protocol):
    """The metric of a quantized model, on ``inputs`` that do not calibrate.

    ``before`` is the score of the fp32 model, and higher is better.
    """

    @property
    def inputs(self) -> Sequence[Mapping[str, Array]]: ...

    before: float
    max_drop: float

    def score(self, places: Sequence[int], outputs: Sequence[Mapping[str, Array]]) -> float:
        """The score of ``outputs``, which are those for the inputs at ``places``."""

    def each(
        self, places: Sequence[int], outputs: Sequence[Mapping[str, Array]]
    ) -> list[float] | None:
        """The score of each of them alone; None where the metric is of all together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizationOrder:
    """Quantize to ``precision`` with the inputs ``samples``, one call each. Without ``judge``
    accuracy is unknown, and is not controlled."""

    precision: str
    samples: Sequence[Mapping[str, Array]]
    judge: Judge | None = None


@runtime_checkable
class Quantizer(Protocol):
    """What an engine has beside ``Engine`` if its catalogue row names precisions that it
    ``quantizes`` to."""

    def quantize(
        self, reference: CompiledArtifact, order: QuantizationOrder, out: Path, log: Log
    ) -> tuple[CompiledArtifact, tuple[str, ...]]:
        """Quantize an artifact of this engine in fp32 into files under ``out``, and name the
        layers that stayed in fp32 for the sake of the judge.

        It may be worse than the judge allows: who called measures it again. Raises as
        ``Engine.compile`` does.
        """
