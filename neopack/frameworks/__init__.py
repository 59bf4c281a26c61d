"""Seam 1: a framework turns a source into an exported model, and reads models without it.

Each framework is one folder with the same files: ``source`` (how a user names such a model),
``read`` (ModelInfo from bytes), ``export`` and ``run`` (the only files that import the
framework, inside functions), ``layout`` (members of the archive), ``rules`` (what Neo demands).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from neopack.frameworks.inputs import refuse_seed
from neopack.rules.inspection import Rule
from neopack.types import (
    ByteSource,
    ExportedModel,
    InputRequest,
    Log,
    ModelInfo,
    ModelSource,
    Runner,
    Signature,
    Target,
)
from neopack.wire.guard import Limits

__all__ = ["ExportSettings", "Framework", "Layout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """How to export: ``script`` asks for scripting instead of tracing (PyTorch); ``example``
    is an .npz of real inputs in place of the seeded ones."""

    script: bool = False
    seed: int = 0
    example: Path | None = None

    def __post_init__(self) -> None:
        refuse_seed(self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The strings of the API call, exactly, and the directory members the archive must have."""

    data_input_config: str | None
    compiler_options: str | None = None
    directories: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Framework(Protocol):
    """What neopack asks of a framework. ``name`` is Neo's word for it: ``PYTORCH``."""

    name: str

    def recognise(self, source: ByteSource) -> str | None:
        """The form these bytes have, in words ("TorchScript archive"), or None if not ours.

        A form that is ours and is no model (a state_dict) is recognised too: ``read`` and
        ``export`` refuse it with the fix.
        """

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        """Which archive members Neo would take for a model file of this framework."""

    def read(self, source: ByteSource, limits: Limits) -> ModelInfo:
        """What the bytes tell, without the framework and without running anything."""

    def export(
        self,
        source: ModelSource,
        inputs: Sequence[InputRequest],
        staging: Path,
        settings: ExportSettings,
        log: Log,
    ) -> ExportedModel:
        """The model in Neo's form, written into ``staging``, with golden numbers."""

    def owns(self, model: object) -> bool:
        """Whether a live object is a model of this framework; imports nothing."""

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        """A source from which a child process gets this live model, or None where it can't."""

    def layout(self, signature: Signature, target: Target) -> Layout:
        """How this model goes to ``target``: DataInputConfig, CompilerOptions, directories."""

    def runner(self, model: bytes, signature: Signature, threads: int | None) -> Runner:
        """Run a packaged, uncompiled model file in the framework itself."""

    def rules(self) -> Sequence[Rule]: ...
