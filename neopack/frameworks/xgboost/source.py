"""How a user names an XGBoost model by a file, in any encoding."""

from __future__ import annotations

from pathlib import Path

from neopack.errors import NotRecognized, SourceError
from neopack.formats.source import FileSource
from neopack.frameworks.xgboost import read
from neopack.values.model import ModelSource

__all__ = ["require_file"]


def require_file(origin: ModelSource) -> tuple[Path, str]:
    """The file and its encoding; raises for all that holds no model to submit."""
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
    return path, form
