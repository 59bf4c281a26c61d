"""Pickled models: those whose owner trusts them, and those that neopack itself pickled for its
child process.

Loading a pickle runs whatever is in it, so it happens in the child process that exports, and, for
a file, only after ``--trust-pickle``.
"""

from __future__ import annotations

import pickle
from pathlib import Path

from neopack.errors import ExportFailed, first_line
from neopack.frameworks.xgboost.estimators import alone
from neopack.values.log import Log

__all__ = ["handed_over", "unpickled"]


def handed_over(path: Path) -> object:
    """The live model that ``hand_over`` pickled a moment ago."""
    return pickle.loads(path.read_bytes())  # noqa: S301 - neopack's own


def unpickled(path: Path, log: Log) -> object:
    """The model of a pickled Booster or wrapper."""
    log.warn(f"{path.name} is a pickle: --trust-pickle loads it, and runs whatever is in it")
    try:
        with path.open("rb") as stream:
            model = pickle.load(stream)  # noqa: S301 - the user asked for it, having been told
    except Exception as error:
        raise ExportFailed(
            f"cannot be unpickled: {type(error).__name__}: {first_line(error)}",
            where=str(path),
            hint="where it was made: model.save_model('model.ubj'); package that, with --missing "
            "if the wrapper's missing is a number",
        ) from error
    return alone(model, str(path))
