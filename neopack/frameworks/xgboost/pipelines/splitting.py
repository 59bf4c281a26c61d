"""A pipeline in two: the XGBoost model that Neo compiles, and the script of the steps before it,
which is shown to compute what the pipeline does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, Missing
from neopack.frameworks.xgboost.pipelines.raw_rows import raw_rows
from neopack.frameworks.xgboost.pipelines.script import Script, called
from neopack.frameworks.xgboost.pipelines.steps import NOTHING, described
from neopack.frameworks.xgboost.sklearn_trees import averages
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array

__all__ = ["SplitPipeline", "split"]

# of a mean of probabilities in float32, which may lie above a tie that the pipeline sees
TIE = 1e-6
# the largest relative difference of predicted numbers: trees add up in float32
CLOSE = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPipeline:
    pipeline: Any
    script: Script

    @property
    def model(self) -> Any:
        return self.pipeline.steps[-1][1]

    @property
    def steps(self) -> str:
        return ", ".join(type(step).__name__ for _, step in self.pipeline.steps[:-1])

    def written(self, folder: Path) -> Path:
        path = folder / "inference.py"
        path.write_text(self.script.text(), "utf-8")
        return path

    def golden_rows(self, script: Path, count: int, seed: int) -> tuple[Any, Array]:
        """Raw rows, and what the model takes for them: by the script, which must say the same as
        the pipeline's steps. Raises ``ExportFailed`` where it does not."""
        import numpy as np

        rows = raw_rows(self.script.steps, self.script.width, count, seed)
        theirs = np.asarray(_dense(self.pipeline[:-1].transform(self._as_fitted(rows))))
        ours = np.array(called(script, "prepared", rows), np.float32)
        wanted = theirs.astype(np.float64).astype(np.float32)
        if ours.shape != wanted.shape or not np.array_equal(ours, wanted, equal_nan=True):
            raise ExportFailed(f"the script does not prepare rows as {self.steps} do")
        return rows, ours

    def prove(self, script: Path, rows: Any, outputs: Mapping[str, Array]) -> None:
        """Raise ``ExportFailed`` unless the script makes of the model's outputs for ``rows`` what
        the pipeline predicts."""
        import numpy as np

        wanted = self.pipeline.predict(self._as_fitted(rows))
        answer = called(script, "predicted", outputs["prediction"].tolist())
        if self.script.labels:
            same = list(answer) == wanted.tolist()
        else:
            same = difference({"": wanted}, {"": np.array(answer)}) <= CLOSE
        if not same:
            raise ExportFailed("the model with the script does not predict what the pipeline does")

    def _as_fitted(self, rows: Any) -> Any:
        """A data frame where the pipeline knows its columns by name, or else an array."""
        import numpy as np

        if not self.script.columns:
            array = np.array(rows, object)
            words = any(isinstance(value, str) for row in rows for value in row)
            return array if words else array.astype(np.float64)
        try:
            import pandas as pd
        except ImportError as error:
            raise Missing(
                f"the pipeline knows its columns by name: {error}", hint="pip install pandas"
            ) from None
        return pd.DataFrame(rows, columns=list(self.script.columns))


def split(pipeline: Any, where: str) -> SplitPipeline:
    """Raises ``SourceError`` for a step that has no form as a script, by its name."""
    model = pipeline.steps[-1][1]
    before = [step for _, step in pipeline.steps[:-1] if step not in NOTHING]
    labels = getattr(model, "classes_", None)
    script = Script(
        width=int(before[0].n_features_in_),
        columns=[str(name) for name in getattr(before[0], "feature_names_in_", ())],
        steps=[each for step in before for each in described(step, where)],
        labels=() if labels is None else labels.tolist(),
        threshold=0.5 + (TIE if averages(model) else 0.0),
    )
    return SplitPipeline(pipeline=pipeline, script=script)


def _dense(rows: Any) -> Any:
    return rows.toarray() if hasattr(rows, "toarray") else rows
