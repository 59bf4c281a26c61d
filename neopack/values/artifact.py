"""What neopack writes: archives for Neo, and compiled artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from neopack.values.finding import Report
from neopack.values.json import Json
from neopack.values.model import Member
from neopack.values.quantization import Quantization, Trial
from neopack.values.signature import Batches, Signature
from neopack.values.target import Target

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Array",
    "CompilationRequest",
    "CompiledArtifact",
    "NeoArchive",
    "Runner",
    "Twin",
]


Array: TypeAlias = "NDArray[Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeoArchive:
    """An archive on disk. ``content_sha256`` is of the uncompressed tar; ``unchanged`` says that
    the same was there before."""

    path: Path
    bytes: int
    sha256: str
    content_sha256: str
    manifest: Path
    goldens: Path
    report: Report
    warnings: tuple[str, ...] = ()
    unchanged: bool = False

    def __fspath__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilationRequest:
    """What an engine is asked to do; the same value for a local engine and a SageMaker job.

    ``model`` is the model file taken out of the archive, its parts beside it as they were
    there; ``max_difference`` the largest relative difference from the golden outputs that passes.
    ``folder`` is where the archive was unpacked, and ``members`` are all names in it, directories
    too, in its order, although model and parts alone are there. ``data_input_config`` is the one
    of a job, which XGBoost does not need; ``compiler_options`` are those of a job. ``batches`` is
    the range that the first dim of each input is to take.
    """

    framework: str
    model: Path
    target: Target
    signature: Signature
    goldens: Path | None = None
    precision: str = "fp32"
    max_difference: float | None = None
    ranks: bool = True
    folder: Path | None = None
    members: tuple[str, ...] = ()
    data_input_config: str | None = None
    compiler_options: str | None = None
    batches: Batches | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The same model compiled for this machine too, with the engine's options for loading it."""

    folder: Path
    options: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledArtifact:
    """What an engine made: its files, and how far its numbers are from the golden ones.

    ``difference`` is the largest absolute difference over the largest absolute golden
    output, or None where there were no goldens to compare with. It is that of the ``twin``
    where the artifact's own code does not run here. The golden cases ``aside`` differ and decide
    nothing: equal values have no defined order there, for example. ``quantization`` is there in 8
    bits, and ``trials`` where the precision was chosen by measurement. ``unchanged`` says that the
    same was there before.
    """

    engine: str
    engine_version: str
    target: str
    precision: str
    members: tuple[Member, ...]
    signature: Signature
    options: Mapping[str, Json] = field(default_factory=dict)
    difference: float | None = None
    quantization: Quantization | None = None
    trials: tuple[Trial, ...] = ()
    aside: tuple[str, ...] = ()
    path: Path | None = None
    unchanged: bool = False
    twin: Twin | None = None

    def __fspath__(self) -> str:
        if self.path is None:
            raise TypeError("the artifact is not written anywhere yet")
        return str(self.path)


class Runner(Protocol):
    """A loaded model. ``predict`` takes and gives arrays by the signature's names."""

    signature: Signature

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]: ...
