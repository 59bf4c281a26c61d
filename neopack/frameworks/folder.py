"""A framework as its folder: each part is a file of the same name in every framework, imported
when it is first asked for, so that listing and recognizing import no more than ``read``."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neopack.formats.files import Files
from neopack.formats.guard import Limits
from neopack.formats.source import ByteSource
from neopack.frameworks import ExportTask, Layout, MemberMove
from neopack.frameworks.task import NoOptions
from neopack.rules.rule import Rule
from neopack.values.artifact import Runner
from neopack.values.log import Log
from neopack.values.model import ExportedModel, ModelInfo, ModelSource
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["FrameworkFolder"]


class FrameworkFolder:
    """``package`` holds read, export, run, handover, layout and rules, each with the function
    or tuple that is asked for here; ``options`` is the class of the framework's own options."""

    def __init__(self, name: str, package: str, options: type[object] = NoOptions) -> None:
        self.name, self._package, self.options = name, package, options

    def recognize(self, source: ByteSource) -> str | None:
        form: str | None = self._part("read").recognize(source)
        return form

    def read(self, files: Files, model: str, limits: Limits) -> ModelInfo:
        info: ModelInfo = self._part("read").read(files, model, limits)
        return info

    def owns(self, model: object) -> bool:
        return bool(self._part("handover").owns(model))

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        given: ModelSource | None = self._part("handover").hand_over(model, staging)
        return given

    def export(self, task: ExportTask, log: Log) -> ExportedModel:
        model: ExportedModel = self._part("export").export(task, log)
        return model

    def runner(
        self, files: Files, model: str, signature: Signature, threads: int | None
    ) -> Runner:
        runner: Runner = self._part("run").runner(files, model, signature, threads)
        return runner

    def lifted(self, model: Path, folder: Path) -> Path:
        lift = getattr(self._part("run"), "lifted", None)
        lifted: Path = lift(model, folder) if lift is not None else model
        return lifted

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        members: tuple[str, ...] = self._part("layout").model_members(names)
        return members

    def parts(self, names: Sequence[str], model: str) -> tuple[str, ...]:
        parts: tuple[str, ...] = self._part("layout").model_parts(names, model)
        return parts

    def layout(self, signature: Signature, target: Target, members: Sequence[str]) -> Layout:
        layout: Layout = self._part("layout").layout(signature, target, members)
        return layout

    def tidied(self, names: Sequence[str], model: str) -> Sequence[MemberMove]:
        tidy = getattr(self._part("layout"), "tidied", None)
        moves: Sequence[MemberMove] = tidy(names, model) if tidy is not None else ()
        return moves

    def rules(self) -> Sequence[Rule]:
        rules: Sequence[Rule] = self._part("rules").RULES
        return rules

    def _part(self, file: str) -> Any:
        return importlib.import_module(f"{self._package}.{file}")
