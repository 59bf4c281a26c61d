"""ONNX: one .onnx in, ``model.onnx`` out. onnx is imported only by ``export`` and ``run``."""

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

__all__ = ["Onnx", "framework"]


class Onnx:
    name = "ONNX"

    def recognise(self, source: ByteSource) -> str | None:
        from neopack.frameworks.onnx import read

        return read.recognise(source)

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        from neopack.frameworks.onnx import layout

        return layout.model_members(names)

    def read(self, source: ByteSource, limits: Limits) -> ModelInfo:
        from neopack.frameworks.onnx import read

        return read.read(source, limits)

    def export(
        self,
        source: ModelSource,
        inputs: Sequence[InputRequest],
        staging: Path,
        settings: ExportSettings,
        log: Log,
    ) -> ExportedModel:
        from neopack.frameworks.onnx import export

        return export.export(source, inputs, staging, settings, log)

    def owns(self, model: object) -> bool:
        return type(model).__name__ == "ModelProto" and hasattr(model, "SerializeToString")

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        """A live ModelProto is a file that was not written yet."""
        path = staging / "given.onnx"
        path.write_bytes(model.SerializeToString())  # type: ignore[attr-defined]
        return ModelSource(kind="file", where=str(path), framework=self.name)

    def layout(self, signature: Signature, target: Target) -> Layout:
        from neopack.frameworks.onnx import layout

        return layout.layout(signature, target)

    def runner(self, model: bytes, signature: Signature, threads: int | None) -> Runner:
        from neopack.frameworks.onnx import run

        return run.OnnxRuntimeRunner(model, signature, threads=threads)

    def rules(self) -> Sequence[Rule]:
        from neopack.frameworks.onnx import rules

        return rules.RULES


framework = Onnx()
