"""The Engine plug-in point: compile a request into an artifact, and load the artifact.

An engine sees files and a signature, never a framework package of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from neopack.values.artifact import CompilationRequest, CompiledArtifact, Runner
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.signature import Signature

__all__ = ["ArtifactOption", "Availability", "Engine", "EngineVerdict"]


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
    is not an option of an artifact.
    """

    name: str
    values: tuple[str, ...]


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
