"""How a user names a TensorFlow model: a SavedModel's directory or file, a frozen graph, or a
callable; a checkpoint is refused with the way to freeze it."""

from __future__ import annotations

from pathlib import Path

from neopack.errors import SourceError
from neopack.formats.files import FolderFiles
from neopack.frameworks.tensorflow import read
from neopack.frameworks.tensorflow.facts import (
    FrozenGraphFacts,
    SavedModelFacts,
    TensorFlowFacts,
)
from neopack.values.model import ModelInfo, ModelSource, facts_of

__all__ = ["file_info"]


def file_info(source: ModelSource) -> tuple[Path, ModelInfo]:
    """The model's main file, and what its bytes tell. Raises for what is not a model."""
    if source.weights is not None:
        raise SourceError("--weights does not go with a TensorFlow file", where=source.where)
    path = Path(source.where)
    info = read.read(FolderFiles(path.parent), path.name)
    facts = facts_of(info, TensorFlowFacts)
    if isinstance(facts, FrozenGraphFacts):
        _refuse_variables(path, facts)
    if isinstance(facts, SavedModelFacts):
        _refuse_lost_variables(path, facts)
    return path, info


def _refuse_variables(path: Path, facts: FrozenGraphFacts) -> None:
    if facts.loose_variables:
        raise SourceError(
            f"is not frozen: it holds {', '.join(facts.loose_variables)} without values",
            where=str(path),
            hint="freeze it where it was trained, or save it as a SavedModel: " + read.FREEZE,
        )


def _refuse_lost_variables(path: Path, facts: SavedModelFacts) -> None:
    """TensorFlow 2 writes variables/ even where a model has none."""
    missing = facts.shards_missing
    if facts.objects and facts.variables is None:
        missing = (read.INDEX,)
    if facts.shards_cut:
        raise SourceError(
            f"its variables are cut off: {', '.join(facts.shards_cut)}",
            where=str(path),
            hint="copy variables/ again: the index describes more values than the file has",
        )
    if missing:
        raise SourceError(
            f"its variables are missing: {', '.join(missing)}",
            where=str(path),
            hint="keep variables/ beside saved_model.pb, with the index and every data file",
        )
