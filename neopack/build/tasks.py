"""What a worker is asked to do, and what it answers: values that cross to another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from neopack import errors
from neopack.build.cache import CachedFile
from neopack.errors import CheckFailed, NeopackError
from neopack.project.model_settings import ModelSettings
from neopack.values.finding import Report
from neopack.values.json import AnyJson
from neopack.values.reads import Reads

__all__ = ["Failure", "StepAnswer", "StepKind", "StepTask", "failure_of"]

StepKind: TypeAlias = Literal["package", "framework", "compiler", "compile", "bench"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTask:
    """One step of a model; ``package`` is for several ``targets``, the others for one.

    ``folder`` is where the step works and writes, ``root`` the folder of the project. ``archive``
    and ``artifact`` are what it works on. ``many`` says that others of this kind will follow.
    ``keys`` are the parts of the step's key for each target, which a worker elsewhere compares
    with its own. ``outputs`` is the folder that the build writes, relative to ``root``.
    """

    kind: StepKind
    model: ModelSettings
    targets: tuple[str, ...]
    root: str
    folder: str
    outputs: str = ""
    archive: str = ""
    artifact: str = ""
    key: str = ""
    many: bool = False
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    region: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error, as it crosses processes."""

    kind: str
    message: str
    where: str = ""
    hint: str = ""
    exit_code: int = 1
    report: Report | None = None

    def line(self) -> str:
        return self.error().line()

    def error(self) -> NeopackError:
        known = getattr(errors, self.kind, NeopackError)
        revived: NeopackError = known(self.message, where=self.where, hint=self.hint)
        return revived


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAnswer:
    """What came of a step for one target: ``value`` and ``files``, paths by their use, or
    ``cached`` where they are in the cache; or why nothing did."""

    target: str
    value: Mapping[str, AnyJson] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    cached: Mapping[str, CachedFile] = field(default_factory=dict)
    reads: Reads | None = None
    distributions: tuple[str, ...] = ()
    failure: Failure | None = None


def failure_of(error: NeopackError) -> Failure:
    return Failure(
        kind=type(error).__name__,
        message=error.message,
        where=error.where,
        hint=error.hint,
        exit_code=error.exit_code,
        report=error.report if isinstance(error, CheckFailed) else None,
    )
