"""PyTorch: TorchScript in, ``model.pth`` out. torch is imported only by ``export`` and ``run``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neopack.frameworks import ExportSettings, Layout
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

__all__ = ["PyTorch", "framework"]


class PyTorch:
    name = "PYTORCH"

    def recognise(self, source: ByteSource) -> str | None:
        from neopack.frameworks.pytorch import read

        return read.recognise(source)

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        from neopack.frameworks.pytorch import layout

        return layout.model_members(names)

    def read(self, source: ByteSource, limits: Limits) -> ModelInfo:
        from neopack.frameworks.pytorch import read

        return read.read(source, limits)

    def export(
        self,
        source: ModelSource,
        inputs: Sequence[InputRequest],
        staging: Path,
        settings: ExportSettings,
        log: Log,
    ) -> ExportedModel:
        from neopack.frameworks.pytorch import export

        return export.export(source, inputs, staging, settings, log)

    def owns(self, model: object) -> bool:
        """By the names of its classes: a module can only be live where torch is imported."""
        names = {(kind.__module__, kind.__name__) for kind in type(model).__mro__}
        return ("torch.nn.modules.module", "Module") in names

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        from neopack.frameworks.pytorch import handover

        return handover.hand_over(model, staging)

    def layout(self, signature: Signature, target: Target) -> Layout:
        from neopack.frameworks.pytorch import layout

        return layout.layout(signature, target)

    def runner(self, model: bytes, signature: Signature, threads: int | None) -> Runner:
        from neopack.frameworks.pytorch import run

        return run.TorchScriptRunner(model, signature, threads=threads)

    def rules(self) -> Sequence[Rule]:
        from neopack.frameworks.pytorch import rules

        return rules.RULES


framework = PyTorch()
