"""XGBoost: any encoding in, the binary ``xgboost.model`` out. Only ``run`` imports xgboost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

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

__all__ = ["XGBoost", "framework"]


class XGBoost:
    name = "XGBOOST"

    def recognise(self, source: ByteSource) -> str | None:
        from neopack.frameworks.xgboost import read

        return read.recognise(source)

    def models(self, names: Sequence[str]) -> tuple[str, ...]:
        from neopack.frameworks.xgboost import layout

        return layout.model_members(names)

    def read(self, source: ByteSource, limits: Limits) -> ModelInfo:
        from neopack.frameworks.xgboost import read

        return read.read(source, limits)

    def export(
        self,
        source: ModelSource,
        inputs: Sequence[InputRequest],
        staging: Path,
        settings: ExportSettings,
        log: Log,
    ) -> ExportedModel:
        from neopack.frameworks.xgboost import export

        return export.export(source, inputs, staging, settings, log)

    def owns(self, model: object) -> bool:
        """A Booster, or a wrapper of scikit-learn's form around one."""
        names = {(kind.__module__.split(".")[0], kind.__name__) for kind in type(model).__mro__}
        return bool(names & {("xgboost", "Booster"), ("xgboost", "XGBModel")})

    def hand_over(self, model: object, staging: Path) -> ModelSource | None:
        """A live Booster is a file that was not written yet."""
        booster: Any = model.get_booster() if hasattr(model, "get_booster") else model
        path = staging / "given.ubj"
        booster.save_model(path)
        return ModelSource(kind="file", where=str(path), framework=self.name)

    def layout(self, signature: Signature, target: Target) -> Layout:
        from neopack.frameworks.xgboost import layout

        return layout.layout(signature, target)

    def runner(self, model: bytes, signature: Signature, threads: int | None) -> Runner:
        from neopack.frameworks.xgboost import run

        return run.XGBoostRunner(model, signature, threads=threads)

    def rules(self) -> Sequence[Rule]:
        from neopack.frameworks.xgboost import rules

        return rules.RULES


framework = XGBoost()
