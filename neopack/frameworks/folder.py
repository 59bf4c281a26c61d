"""A framework as its folder: each part is a module of the same name in every framework, imported
when it is first asked for, so that listing and recognizing import no more than ``read``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neopack.formats.files import Files
from neopack.formats.guard import Limits
from neopack.formats.source import ByteSource
from neopack.frameworks import ExportTask, Layout, MemberMove
from neopack.frameworks.modules import FrameworkModules
from neopack.frameworks.task import NoOptions
from neopack.rules.rule import Rule
from neopack.values.artifact import Runner
from neopack.values.log import Log
from neopack.values.model import ExportedModel, ModelInfo, ModelSource
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["FrameworkFolder"]


class FrameworkFolder:
    """``package`` holds read, export, run, handover, layout and rules, each with what
    ``modules`` says; ``options`` is the class of the framework's own options."""

    def __init__(self, name: str, package: str, options: type[object] = NoOptions) -> None:
        self.name, self.options = name, options
        self._modules = FrameworkModules(package)

    def recognize(self, source: ByteSource) -> str | None:
        return self._modules.read.recognize(source)

    def read(self, files: Files, model: str, limits: Limits) -> ModelInfo:
        return self._modules.read.read(files, model, limits)

    def owns(self, model: object) -> bool:
        return self._modules.handover.owns(model)

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        return self._modules.handover.hand_over(model, staging)

    def export(self, task: ExportTask, log: Log) -> ExportedModel:
        return self._modules.export.export(task, log)

    def runner(
        self, files: Files, model: str, signature: Signature, threads: int | None
    ) -> Runner:
        return self._modules.run.runner(files, model, signature, threads)

    def lifted(self, model: Path, folder: Path, signature: Signature) -> Path:
        return self._modules.lifted(model, folder, signature)

    def live(self, model: object) -> object:
        return self._modules.live(model)

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        return self._modules.layout.model_members(names)

    def parts(self, names: Sequence[str], model: str) -> tuple[str, ...]:
        return self._modules.layout.model_parts(names, model)

    def layout(self, signature: Signature, target: Target, members: Sequence[str]) -> Layout:
        return self._modules.layout.layout(signature, target, members)

    def tidied(self, names: Sequence[str], model: str) -> Sequence[MemberMove]:
        return self._modules.tidied(names, model)

    def rules(self) -> Sequence[Rule]:
        return self._modules.rules.RULES
