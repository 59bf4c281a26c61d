"""Run an XGBoost model of any encoding in the XGBoost that is installed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, SourceError, first_line
from neopack.formats.files import Files
from neopack.formats.source import ByteSource, BytesSource, FileSource
from neopack.frameworks.xgboost import read
from neopack.frameworks.xgboost.lowering.base_score import margins
from neopack.frameworks.xgboost.lowering.lift import lift, read_learner, starts_otherwise
from neopack.frameworks.xgboost.onnx_form.onnx_model import as_onnx
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["XGBoostRunner", "lifted", "live", "runner", "version"]


class XGBoostRunner:
    """Gives ``prediction``, as the objective transforms it, and ``margin``, before that."""

    def __init__(
        self,
        model: bytes,
        signature: Signature,
        *,
        threads: int | None = None,
        rounds: int | None = None,
        missing: float = math.nan,
    ) -> None:
        """``rounds`` is how many of them to predict with, None for all; ``missing`` the number
        that rows have for a missing value, beside NaN."""
        self.signature = signature
        self._rounds, self._missing = (0, rounds or 0), missing
        self._xgboost = _xgboost()
        source = BytesSource("the XGBoost model", model)
        form = read.form(source) or "binary"
        learner = read_learner(source, form)
        lifted = form == "binary" or not learner.fitted
        loadable = lift(learner) if lifted else model
        self._margins = margins(learner) if lifted or starts_otherwise(learner) else ()
        try:
            self._booster = self._xgboost.Booster(
                {"verbosity": 0, **({"nthread": threads} if threads else {})}
            )
            # a booster's own verbosity does not hold while it is loaded
            with self._xgboost.config_context(verbosity=0):
                self._booster.load_model(bytearray(loadable))
        except self._xgboost.core.XGBoostError as error:
            raise SourceError(f"XGBoost {version()} cannot load it: {first_line(error)}") from None

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        (name,) = (spec.name for spec in self.signature.inputs)
        rows = inputs[name]
        margin = self._base_margin(len(rows))
        data = self._xgboost.DMatrix(rows, base_margin=margin, missing=self._missing)
        names = self._booster.feature_names
        if names:
            data.feature_names = names
            data.feature_types = self._booster.feature_types
        return {
            "prediction": self._booster.predict(data, iteration_range=self._rounds),
            "margin": self._booster.predict(
                data, output_margin=True, iteration_range=self._rounds
            ),
        }

    def _base_margin(self, rows: int) -> Array | None:
        """What each row starts from, where today's XGBoost would start from something else."""
        import numpy as np

        if not self._margins:
            return None
        margin: Array = np.tile(np.array(self._margins, np.float32), (rows, 1))
        return margin if len(self._margins) > 1 else margin.ravel()


def version() -> str:
    return str(_xgboost().__version__)


def _xgboost() -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise Missing(
            f"XGBoost models need xgboost ({error})", hint=install_hint("xgboost")
        ) from None
    return xgboost


def live(model: object) -> object:
    """A linear model, which ONNX has operators for, of a file or a live model. Raises
    ``SourceError`` for any other."""
    from neopack.frameworks.xgboost.linear import linear_model, live_linear_model

    return linear_model(model) if isinstance(model, Path) else live_linear_model(model)


def runner(files: Files, model: str, signature: Signature, threads: int | None) -> XGBoostRunner:
    """As ``ReadModule`` asks."""
    with files.open(model) as source:
        _refuse_pickle(source)
        data = source.read(0, source.size)
    return XGBoostRunner(data, signature, threads=threads)


def _refuse_pickle(source: ByteSource) -> None:
    """A pickle runs nowhere here; packaging takes the model out of it."""
    if read.form(source) == "pickle":
        raise SourceError(
            "the model is a pickle, which nothing here loads",
            where=source.name,
            hint="neopack package takes the model out of it; or save it with Booster.save_model",
        )


def lifted(model: Path, folder: Path, _signature: Signature | None = None) -> Path:
    """The trees of a model of any encoding as ONNX, without XGBoost."""
    with FileSource(model) as source:
        _refuse_pickle(source)
        learner = read_learner(source, read.form(source) or "binary")
    path = folder / "lifted.onnx"
    path.write_bytes(as_onnx(learner))
    return path
