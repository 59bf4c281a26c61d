"""A pickled model whose owner trusts it: loading it runs whatever is in it, so this happens in
the child process that exports, and only after ``--trust-pickle``."""

from __future__ import annotations

import pickle
from pathlib import Path

from neopack.errors import ExportFailed, SourceError, first_line
from neopack.frameworks.xgboost.handover import hand_over, owns
from neopack.values.log import Log

__all__ = ["unpickled"]


def unpickled(path: Path, staging: Path, log: Log) -> Path:
    """The model of a pickled Booster or wrapper, as a UBJSON file in ``staging``."""
    log.warn(f"{path.name} is a pickle: --trust-pickle loads it, and runs whatever is in it")
    try:
        with path.open("rb") as stream:
            model = pickle.load(stream)  # noqa: S301 - the user asked for it, having been told
    except Exception as error:
        raise ExportFailed(
            f"cannot be unpickled: {type(error).__name__}: {first_line(error)}",
            where=str(path),
            hint="load it where it was made, and booster.save_model('model.ubj')",
        ) from error
    if not owns(model):
        raise SourceError(
            f"is the pickle of a {type(model).__name__}, not of an XGBoost model", where=str(path)
        )
    return Path(hand_over(model, staging).where)
