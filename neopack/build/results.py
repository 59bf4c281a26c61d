"""What came of a build: a row for each model and target, and what each of its steps did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from neopack.build.tasks import Failure, StepKind
from neopack.values.finding import CheckedModels, Level
from neopack.values.subject import Subject

__all__ = ["BuildResult", "BuiltStep", "BuiltTarget", "RowState", "StepProgress", "StepState"]

StepState: TypeAlias = Literal["made", "up to date", "to do", "failed", "skipped", "not reached"]
RowState: TypeAlias = Literal["made", "up to date", "restored", "to do", "refused", "not reached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltStep:
    """``why`` says what changed, or why there was nothing to do."""

    step: StepKind
    state: StepState
    seconds: float = 0.0
    why: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFinding:
    id: str
    level: Level
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltTarget:
    """A model for a target. Paths are relative to the project; ``sha256`` and ``bytes`` are the
    archive's; ``difference`` is the largest of the proofs and of the compiled model; ``speedup``
    is the artifact's over the archive's."""

    model: str
    target: str
    state: RowState
    steps: tuple[BuiltStep, ...]
    archive: str = ""
    artifact: str = ""
    sha256: str = ""
    bytes: int = 0
    artifact_sha256: str = ""
    artifact_bytes: int = 0
    findings: tuple[RowFinding, ...] = ()
    difference: float | None = None
    speedup: float | None = None
    failures: tuple[Failure, ...] = ()

    def at(self, level: Level) -> int:
        return sum(finding.level == level for finding in self.findings)

    def subjects(self) -> Iterator[Subject]:
        """The outputs that are there, by digest."""
        if self.archive:
            yield Subject(path=self.archive, bytes=self.bytes, sha256=self.sha256)
        if self.artifact:
            yield Subject(
                path=self.artifact, bytes=self.artifact_bytes, sha256=self.artifact_sha256
            )

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """``folder`` is where outputs and ``reports`` are. ``exit_code`` is the worst of all.
    ``checked`` has all findings, where a report of them is due."""

    rows: tuple[BuiltTarget, ...]
    folder: str
    seconds: float
    exit_code: int = 0
    reports: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    checked: CheckedModels | None = None

    def count(self, state: RowState) -> int:
        return sum(row.state == state for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """A step that began or is over, for who watches; ``finished`` of ``total`` steps are over."""

    model: str
    target: str
    step: StepKind
    state: StepState | Literal["running"]
    finished: int
    total: int
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    failure: str = ""
