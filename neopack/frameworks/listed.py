"""A framework that Neo lists and neopack has no reader of: its archives are judged by the names in
them and by the strings of the call."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path

from neopack import facts
from neopack.errors import NotRecognised, Unsupported
from neopack.frameworks import ExportSettings, Layout, Move
from neopack.rules.inspection import Rule
from neopack.types import (
    ByteSource,
    ExportedModel,
    Files,
    InputRequest,
    Log,
    ModelInfo,
    ModelSource,
    Runner,
    Signature,
    Target,
)
from neopack.wire.guard import Limits

__all__ = ["Listed"]


class Listed:
    """Satisfies ``Framework``; whatever would need the model itself is refused."""

    def __init__(self, name: str) -> None:
        self.name = name

    def recognise(self, source: ByteSource) -> str | None:
        return None

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        suffixes = {
            suffix for group in facts.framework(self.name).files for suffix in group.suffixes
        }
        return tuple(name for name in names if posixpath.splitext(name)[1] in suffixes)

    def parts(self, names: Sequence[str], model: str) -> tuple[str, ...]:
        return tuple(name for name in self.models(names) if name != model)

    def layout(self, signature: Signature, target: Target, members: Sequence[str]) -> Layout:
        return Layout(data_input_config=None)

    def tidied(self, names: Sequence[str], model: str) -> Sequence[Move]:
        return ()

    def rules(self) -> Sequence[Rule]:
        return ()

    def owns(self, model: object) -> bool:
        return False

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        return None

    def read(self, files: Files, model: str, limits: Limits) -> ModelInfo:
        raise NotRecognised(f"neopack reads no {self.name} models", where=model)

    def export(
        self,
        source: ModelSource,
        inputs: Sequence[InputRequest],
        staging: Path,
        settings: ExportSettings,
        log: Log,
    ) -> ExportedModel:
        raise self._refused()

    def runner(
        self, files: Files, model: str, signature: Signature, threads: int | None
    ) -> Runner:
        raise self._refused()

    def lifted(self, model: Path, folder: Path) -> Path:
        return model

    def _refused(self) -> Unsupported:
        return Unsupported(f"neopack packages no {self.name} models")
