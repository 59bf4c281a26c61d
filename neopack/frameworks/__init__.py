"""The Framework plug-in point: export a source into Neo's form, and read models without it.

Each framework is one folder with the same files: ``source`` (how a user names such a model),
``read`` (ModelInfo from bytes), ``facts`` (what only its models tell, typed), ``options`` (those
of its exports alone, if any), ``export`` and ``run`` (the only files that import the
framework, inside functions), ``layout`` (members of the archive), ``rules`` (what Neo demands).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from neopack.formats.files import Files
from neopack.formats.guard import Limits
from neopack.formats.source import ByteSource
from neopack.frameworks.task import ExportOptions, ExportTask
from neopack.rules.rule import Rule
from neopack.values.artifact import Runner
from neopack.values.log import Log
from neopack.values.model import ExportedModel, ModelInfo, ModelSource
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["ExportOptions", "ExportTask", "Framework", "Layout", "MemberMove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The strings of the API call, exactly, and the directory members the archive must have."""

    data_input_config: str | None
    compiler_options: str | None = None
    directories: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMove:
    """A member that packs better under another name, or not at all (``to`` is empty), and the
    rule that it breaks as it is."""

    member: str
    to: str
    rule: str


class Framework(Protocol):
    """What neopack asks of a framework. ``name`` is Neo's word for it: ``PYTORCH``."""

    name: str

    def recognize(self, source: ByteSource) -> str | None:
        """The form these bytes have, in words ("TorchScript archive"), or None if not ours.

        A form that is ours but is not a model (a state_dict) is recognized too: ``read`` and
        ``export`` refuse it with the fix.
        """

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        """Which archive members Neo would take for a model file of this framework."""

    def parts(self, names: Sequence[str], model: str) -> tuple[str, ...]:
        """Which of ``names`` belong to the model whose main file is ``model``, beside it."""

    def read(self, files: Files, model: str, limits: Limits) -> ModelInfo:
        """What the bytes of ``model`` and its parts tell, without the framework and without
        running anything."""

    @property
    def options(self) -> type[object]:
        """The framework's own options of an export: a frozen dataclass, each with a default."""

    def export(self, task: ExportTask, log: Log) -> ExportedModel:
        """The model in Neo's form, written into ``task.staging``, with golden numbers."""

    def owns(self, model: object) -> bool:
        """Whether a live object is a model of this framework; imports nothing."""

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        """A source from which a child process gets this live model, or None where it can't."""

    def layout(self, signature: Signature, target: Target, members: Sequence[str]) -> Layout:
        """How this model, of these ``members``, goes to ``target``: DataInputConfig,
        CompilerOptions, directories."""

    def tidied(self, names: Sequence[str], model: str) -> Sequence[MemberMove]:
        """What is only packaging and this framework's own: extra files, names, a directory.

        ``names`` are safe and relative; ``model`` is the main file, empty where none is known.
        """

    def runner(
        self, files: Files, model: str, signature: Signature, threads: int | None
    ) -> Runner:
        """Run a packaged, uncompiled model in the framework itself."""

    def lifted(self, model: Path, folder: Path, signature: Signature) -> Path:
        """A packaged model in a form that today's tools load, where Neo's is too old for them;
        written into ``folder``, or ``model`` itself."""

    def live(self, model: object) -> object:
        """A model file, named by its ``Path``, or a live model, as the live model that the
        frameworks package which ``packaged_by`` names in ``registry.toml``. Raises ``Unsafe``
        where loading it would run code."""

    def rules(self) -> Sequence[Rule]: ...
