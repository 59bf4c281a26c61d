"""How a user names an XGBoost model by a file, in any encoding."""

from __future__ import annotations

from pathlib import Path

from neopack.errors import NotRecognized, SourceError, Unsafe
from neopack.formats.source import FileSource
from neopack.frameworks.xgboost import read
from neopack.values.model import ModelSource

__all__ = ["require_file"]


def require_file(origin: ModelSource, *, trust_pickle: bool) -> tuple[Path, str]:
    """The file and its encoding; raises for all that holds no model to submit, and for a pickle
    that nobody vouches for."""
    path = Path(origin.where)
    with FileSource(path) as source:
        form = read.form(source)
    if form is None:
        raise NotRecognized("is not an XGBoost model", where=str(path))
    if form == "dump":
        raise SourceError(
            "is a dump of trees for people, which no XGBoost loads again",
            where=str(path),
            hint="save the model itself: booster.save_model('model.ubj')",
        )
    if form == "pickle" and not trust_pickle:
        raise Unsafe(
            "is a pickle, which runs what is in it when it is loaded",
            where=str(path),
            hint=f"where it was made: {_saving(path)}; or, if you trust the file, --trust-pickle",
        )
    return path, form


def _saving(path: Path) -> str:
    """How the model inside is saved: in Python, by name."""
    with FileSource(path) as source:
        if read.is_around(source):
            return "save the XGBoost model inside, such as pipeline[-1].save_model('model.ubj')"
    return "booster.save_model('model.ubj')"
