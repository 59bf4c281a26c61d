"""The values that pass between the rooms. All are frozen; a step returns new ones.

``ModelSource`` → ``ExportedModel`` → ``NeoArchive`` → ``CompilationRequest`` →
``CompiledArtifact``, and beside them ``ModelInfo`` (what a reader saw) and ``Report``
(what the rules found).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "GRAVITY",
    "Array",
    "ByteSource",
    "Checked",
    "CompilationRequest",
    "CompiledArtifact",
    "CompilerPath",
    "Evidence",
    "ExportedModel",
    "Files",
    "Finding",
    "Goldens",
    "InputRequest",
    "Json",
    "Level",
    "LineLog",
    "Log",
    "Member",
    "ModelInfo",
    "ModelSource",
    "NeoArchive",
    "Outcome",
    "OutputEvidence",
    "Report",
    "RuleOutcome",
    "Runner",
    "Shape",
    "Signature",
    "SilentLog",
    "Target",
    "TensorSpec",
]

Array: TypeAlias = "NDArray[Any]"
Json: TypeAlias = Any
Shape: TypeAlias = tuple[int | None, ...]
Level: TypeAlias = Literal["error", "warning", "info"]
CompilerPath: TypeAlias = Literal["tvm", "integrated", "neuron", "eia"]
Outcome: TypeAlias = Literal["passed", "found", "not checked"]

GRAVITY: Mapping[Level, int] = {"info": 0, "warning": 1, "error": 2}


# --- models ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """One input or output. ``dtype`` is numpy's word; a dim of None is free."""

    name: str
    dtype: str
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRequest:
    """What a user asked of one input: ``--input name=1,3,224,224[:dtype[:below]]``.

    ``below`` bounds the random integers that stand in for real ones (a vocabulary's size).
    """

    name: str
    shape: tuple[int, ...]
    dtype: str | None = None
    below: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """How to get a model; nothing is loaded yet.

    ``where`` is a path, ``module:callable`` or ``file.py:callable``; with kind ``object``
    the model is in ``model`` and ``where`` is its class; with kind ``handed-over`` it is a
    pickle that neopack itself made of a live object, a moment ago, for its child process.
    """

    kind: Literal["callable", "file", "object", "handed-over"]
    where: str
    framework: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    weights: Path | None = None
    model: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What a reader saw in a model's bytes, without the framework and without running it.

    ``parameters`` counts elements, ``parameter_bytes`` bytes; None where the form does not
    tell. ``signature`` is None where inputs cannot be known. ``facts`` holds what only this
    framework has, under the names its ``read.py`` documents; rules read them.
    """

    framework: str
    format: str
    producer: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    signature: Signature | None = None
    operators: Mapping[str, int] = field(default_factory=dict)
    parameters: int | None = None
    parameter_bytes: int | None = None
    dtypes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file that goes into an archive: its name there, and where its bytes are."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Goldens:
    """Seeded inputs and the outputs that the source model gave for them, in one .npz.

    Keys are ``input/<name>`` and ``output/<name>``. ``constant``: all outputs are one number,
    which any broken model may give as well. ``empty``: there is no number in any, as where a
    detector found nothing.
    """

    path: Path
    seed: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constant: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedModel:
    """A model in the form Neo reads, in a staging directory, with its golden numbers.

    ``rewrites`` names what was rewritten for the older version that Neo runs.
    """

    framework: str
    members: tuple[Member, ...]
    signature: Signature
    goldens: Goldens
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NeoArchive:
    """An archive on disk. ``content_sha256`` is of the uncompressed tar."""

    path: Path
    bytes: int
    sha256: str
    content_sha256: str
    manifest: Path
    goldens: Path
    report: Report
    warnings: tuple[str, ...] = ()

    def __fspath__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputEvidence:
    """One output as an exact version gave it. ``absolute`` is the largest absolute difference
    from the golden one, ``relative`` that over the largest golden number."""

    name: str
    dtype: str
    shape: Shape
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """That a packaged model was loaded and computed in an exact version.

    ``exact`` is whether that is the version Neo compiles with; where none such can be had it is
    the nearest older one. ``versions`` are as the runtime reports them, ``load_seconds`` the
    time it took to load the model. ``stood_in`` are libraries that the runtime was built for and
    has empty ones in place of, CUDA's: then the proof is of the CPU alone.
    """

    runtime: str
    exact: bool
    versions: Mapping[str, str]
    load_seconds: float
    difference: float
    allowed: float
    outputs: tuple[OutputEvidence, ...]
    stood_in: tuple[str, ...] = ()


# --- compiling ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A row of ``facts/targets.toml``, or a TargetPlatform spelled ``os/arch[/accelerator]``."""

    name: str
    kind: Literal["cloud", "inferentia", "inferentia2", "trainium", "eia", "edge", "platform"]
    os: str = ""
    arch: str = ""
    accelerator: str = ""
    documented: bool = True
    retired: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilationRequest:
    """What an engine is asked to do; the same value for a local engine and a SageMaker job.

    ``model`` is the model file taken out of the archive, its parts beside it as they were
    there; ``max_difference`` the largest relative difference from the golden outputs that passes.
    """

    framework: str
    model: Path
    target: Target
    signature: Signature
    goldens: Path | None = None
    precision: str = "fp32"
    max_difference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledArtifact:
    """What an engine made: its files, and how far its numbers are from the golden ones.

    ``difference`` is the largest absolute difference over the largest absolute golden
    output, or None where there were no goldens to compare with.
    """

    engine: str
    engine_version: str
    target: str
    precision: str
    members: tuple[Member, ...]
    signature: Signature
    options: Mapping[str, Json] = field(default_factory=dict)
    difference: float | None = None
    path: Path | None = None

    def __fspath__(self) -> str:
        if self.path is None:
            raise TypeError("the artifact is not written anywhere yet")
        return str(self.path)


class Runner(Protocol):
    """A loaded model. ``predict`` takes and gives arrays by the signature's names."""

    signature: Signature

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]: ...


# --- findings -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong. ``said_by_neo`` is what the service would have answered."""

    id: str
    level: Level
    message: str
    where: str = ""
    said_by_neo: str = ""
    cause: str = ""
    fix: str = ""
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """What became of one rule: it passed, it found something, or it could not be checked."""

    id: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a check has to say of one subject for one target. ``evidence`` is what was
    proven by running it; all else was only read. ``remark`` says as what it was judged where it
    is no archive to be compiled."""

    subject: str
    framework: str
    framework_version: str
    target: str
    facts_as_of: str
    findings: tuple[Finding, ...] = ()
    outcomes: tuple[RuleOutcome, ...] = field(default=(), repr=False)
    evidence: tuple[Evidence, ...] = ()
    remark: str = ""

    def at(self, level: Level) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == level)

    @property
    def not_checked(self) -> tuple[RuleOutcome, ...]:
        return tuple(o for o in self.outcomes if o.outcome == "not checked")

    @property
    def clean(self) -> bool:
        return not self.at("error") and not self.not_checked

    def failing(self, passing: Level = "warning") -> tuple[Finding, ...]:
        """The findings that are graver than the gravest level that passes."""
        return tuple(f for f in self.findings if GRAVITY[f.level] > GRAVITY[passing])


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found of one thing, a report for each target that was asked for.

    ``path`` is as the user gave it, ``members`` are what lies in it; ``passing`` is the gravest
    level that passes.
    """

    path: str
    members: tuple[str, ...]
    reports: tuple[Report, ...]
    sha256: str = ""
    passing: Level = "warning"

    @property
    def passed(self) -> bool:
        return not any(r.failing(self.passing) or r.not_checked for r in self.reports)


# --- reading and talking --------------------------------------------------------------------


class ByteSource(Protocol):
    """Bytes that can be read at any place: a file, or a member inside an archive.

    Reading forward is cheap everywhere; going back may cost a pass over an archive.
    """

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset``; shorter than ``length`` only at the end."""


class Files(Protocol):
    """The files of a directory, an archive or an export, by relative names with slashes."""

    @property
    def name(self) -> str: ...
    def names(self) -> Sequence[str]: ...
    def open(self, name: str) -> AbstractContextManager[ByteSource]:
        """One of ``names()``; ``SourceError`` where it cannot be read."""


class Log(Protocol):
    """Where progress and remarks go. Only the command line shows them."""

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Any]: ...
    def advance(self, amount: int) -> None: ...
    def note(self, text: str) -> None: ...
    def warn(self, text: str) -> None: ...


class SilentLog:
    """The default: says nothing."""

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Any]:
        return nullcontext()

    def advance(self, amount: int) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        pass


class LineLog(SilentLog):
    """Each step when it is done, each note and warning, as a line to ``write``: ``print`` in a
    notebook, a logger's ``info`` in a service."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[None]:
        start = time.monotonic()
        yield
        self._write(f"{name}: {time.monotonic() - start:.1f} s")

    def note(self, text: str) -> None:
        self._write(text)

    def warn(self, text: str) -> None:
        self._write(f"warning: {text}")
