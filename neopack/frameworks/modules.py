"""What each module in a framework's folder has, for those who import it by its name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from neopack.errors import Unsupported
from neopack.formats.files import Files
from neopack.formats.guard import Limits
from neopack.formats.source import ByteSource
from neopack.frameworks import ExportTask, Layout, MemberMove
from neopack.rules.rule import Rule
from neopack.values.artifact import Runner
from neopack.values.log import Log
from neopack.values.model import ExportedModel, ModelInfo, ModelSource
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["FrameworkModules"]


class ReadModule(Protocol):
    def recognize(self, source: ByteSource) -> str | None: ...
    def read(self, files: Files, model: str, limits: Limits) -> ModelInfo: ...


class HandoverModule(Protocol):
    def owns(self, model: object) -> bool: ...
    def hand_over(self, model: object, staging: Path) -> ModelSource | None: ...


class ExportModule(Protocol):
    def export(self, task: ExportTask, log: Log) -> ExportedModel: ...


class RunModule(Protocol):
    """``lifted(model, folder, signature)`` is there where Neo's form is too old for today's tools;
    ``live(path)`` where another framework packages such files too."""

    def runner(
        self, files: Files, model: str, signature: Signature, threads: int | None
    ) -> Runner: ...


class LayoutModule(Protocol):
    """``tidied(names, model)`` is there where packaging alone can be wrong."""

    def model_members(self, names: Sequence[str]) -> tuple[str, ...]: ...
    def model_parts(self, names: Sequence[str], model: str) -> tuple[str, ...]: ...
    def layout(self, signature: Signature, target: Target, members: Sequence[str]) -> Layout: ...


class RulesModule(Protocol):
    RULES: tuple[Rule, ...]


class FrameworkModules:
    """The modules of the folder ``package``, each imported when it is first asked for."""

    def __init__(self, package: str) -> None:
        self._package = package

    @property
    def read(self) -> ReadModule:
        return cast("ReadModule", self._module("read"))

    @property
    def handover(self) -> HandoverModule:
        return cast("HandoverModule", self._module("handover"))

    @property
    def export(self) -> ExportModule:
        return cast("ExportModule", self._module("export"))

    @property
    def run(self) -> RunModule:
        return cast("RunModule", self._module("run"))

    @property
    def layout(self) -> LayoutModule:
        return cast("LayoutModule", self._module("layout"))

    @property
    def rules(self) -> RulesModule:
        return cast("RulesModule", self._module("rules"))

    def lifted(self, model: Path, folder: Path, signature: Signature) -> Path:
        lift = getattr(self.run, "lifted", None)
        return cast("Path", lift(model, folder, signature)) if lift is not None else model

    def live(self, model: object) -> object:
        load = getattr(self.run, "live", None)
        if load is None:
            raise Unsupported("files of this framework are packaged as they are", where=str(model))
        return load(model)

    def tidied(self, names: Sequence[str], model: str) -> Sequence[MemberMove]:
        tidy = getattr(self.layout, "tidied", None)
        return cast("Sequence[MemberMove]", tidy(names, model)) if tidy is not None else ()

    def _module(self, name: str) -> object:
        return importlib.import_module(f"{self._package}.{name}")
