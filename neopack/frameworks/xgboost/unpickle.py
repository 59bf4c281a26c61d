"""Pickled models: those whose owner trusts them, and those that neopack itself pickled for its
child process.

Loading a pickle runs whatever is in it, so it happens in the child process that exports, and, for
a file, only after ``--trust-pickle``.
"""

from __future__ import annotations

import pickle
from pathlib import Path

from neopack.errors import ExportFailed, Missing, first_line
from neopack.formats.compressed import is_compressed
from neopack.formats.source import BytesSource
from neopack.values.log import Log

__all__ = ["handed_over", "unpickled"]

# joblib's own class, whose arrays lie between the opcodes
JOBLIB = b"joblib.numpy_pickle"


def handed_over(path: Path) -> object:
    """The live model that ``hand_over`` pickled a moment ago."""
    return pickle.loads(path.read_bytes())  # noqa: S301 - neopack's own


def unpickled(path: Path, log: Log) -> object:
    """What the pickle is of."""
    log.warn(f"{path.name} is a pickle: --trust-pickle loads it, and runs whatever is in it")
    try:
        return _loaded(path)
    except Missing:
        raise
    except Exception as error:
        raise ExportFailed(
            f"cannot be unpickled: {type(error).__name__}: {first_line(error)}",
            where=str(path),
            hint="where it was made: model.save_model('model.ubj'); package that, with --missing "
            "if the wrapper's missing is a number",
        ) from error


def _loaded(path: Path) -> object:
    data = path.read_bytes()
    if JOBLIB not in data and not is_compressed(BytesSource(str(path), data)):
        return pickle.loads(data)  # noqa: S301 - the user asked for it, having been told
    try:
        import joblib
    except ImportError as error:
        raise Missing(
            f"{path.name} needs joblib ({error})",
            hint="pip install joblib, or leave --trust-pickle out",
        ) from None
    return joblib.load(path)
