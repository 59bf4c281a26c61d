"""A framework that Neo lists and neopack does not package: its archives are judged by the names in
them and by the strings of the call."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path

from neopack import facts
from neopack.errors import NotRecognized, Unsupported
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

__all__ = ["ListedFramework"]


class ListedFramework:
    """Satisfies ``Framework``; it reads, packages and runs nothing."""

    def __init__(self, name: str) -> None:
        self.name, self.options = name, NoOptions

    def recognize(self, source: ByteSource) -> str | None:
        return None

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        groups = facts.framework(self.name).files
        suffixes = {suffix for group in groups for suffix in group.suffixes}
        return tuple(name for name in names if _suffix(name) in suffixes)

    def parts(self, names: Sequence[str], model: str) -> tuple[str, ...]:
        """Files of its other kinds: the .weights of a .cfg, and no other .tflite."""
        groups = facts.framework(self.name).files
        own = {s for group in groups if _suffix(model) in group.suffixes for s in group.suffixes}
        return tuple(name for name in self.models(names) if _suffix(name) not in own)

    def layout(self, signature: Signature, target: Target, members: Sequence[str]) -> Layout:
        return Layout(data_input_config=None)

    def tidied(self, names: Sequence[str], model: str) -> Sequence[MemberMove]:
        return ()

    def rules(self) -> Sequence[Rule]:
        return ()

    def owns(self, model: object) -> bool:
        return False

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        return None

    def read(self, files: Files, model: str, limits: Limits) -> ModelInfo:
        raise NotRecognized(f"neopack does not read {self.name} models", where=model)

    def export(self, task: ExportTask, log: Log) -> ExportedModel:
        raise self._refused()

    def runner(
        self, files: Files, model: str, signature: Signature, threads: int | None
    ) -> Runner:
        raise self._refused()

    def lifted(self, model: Path, folder: Path, signature: Signature) -> Path:
        return model

    def live(self, model: object) -> object:
        raise self._refused()

    def _refused(self) -> Unsupported:
        return Unsupported(f"neopack does not package {self.name} models")


def _suffix(name: str) -> str:
    return posixpath.splitext(name)[1]
