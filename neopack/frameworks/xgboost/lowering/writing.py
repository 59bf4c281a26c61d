"""The steps from a model to the bytes that XGBoost 1.3.3 reads, and their names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.lowering import base_score, early_stopping, lower, siblings, turns
from neopack.frameworks.xgboost.lowering.missing import with_missing

__all__ = ["WrittenModel", "written"]

IN_TURNS = "trees of the classes in turns, as Treelite takes them"
ADJACENT = "nodes numbered with the right child after the left, as XGBoost 1.3.3 takes them"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenModel:
    """``data`` is None where the source file already is what it would be. ``rounds`` is how many
    the model predicts with, None for all."""

    data: bytes | None
    rewrites: tuple[str, ...]
    rounds: int | None


def written(model: Learner, form: str, missing: float, where: str) -> WrittenModel:
    """Raises ``SourceError`` that names what XGBoost 1.3.3 cannot express."""
    lower.refuse_inexpressible(model, where)
    rounds = early_stopping.rounds_predicted(model)
    adjacent = siblings.are_adjacent(model)
    in_turns = turns.are_in_turns(model.tree_info, model.groups)
    as_it_is = _is_its_own(model) and in_turns and adjacent
    if form == "binary" and rounds is None and math.isnan(missing) and as_it_is:
        return WrittenModel(data=None, rewrites=(), rounds=None)
    used = model if rounds is None else early_stopping.of_first_rounds(model, rounds, where)
    routed = with_missing(used, missing, where)
    ordered = turns.in_turns(routed, where)
    lowered = lower.lower(ordered if adjacent else siblings.with_adjacent(ordered, where), where)
    names = (
        *_of_rounds(model, rounds),
        *_of_version(model, form),
        *_of_missing(used, routed, missing),
        *([] if ordered is routed else [IN_TURNS]),
        *([] if adjacent else [ADJACENT]),
        *lowered.rewrites,
    )
    return WrittenModel(data=lowered.data, rewrites=names, rounds=rounds)


def _is_its_own(model: Learner) -> bool:
    """Whether XGBoost 1.3.3 reads the binary file of ``model`` as the version that wrote it."""
    return base_score.STATED <= model.version <= lower.VERSION and not (
        model.objective == base_score.LOGITRAW and model.version < base_score.RAW_MARGIN
    )


def _of_rounds(model: Learner, rounds: int | None) -> Iterator[str]:
    if rounds is not None:
        whole = model.rounds
        yield (
            f"training stopped early: the best {rounds} of {whole} rounds, as predict takes them"
        )


def _of_version(model: Learner, form: str) -> Iterator[str]:
    if form == "binary" and not _is_its_own(model):
        stated = model.version >= base_score.STATED
        writer = ".".join(map(str, model.version)) if stated else "before 1.0"
        yield f"a binary file of XGBoost {writer}, written again as XGBoost 1.3.3 writes it"


def _of_missing(model: Learner, routed: Learner, missing: float) -> Iterator[str]:
    if not math.isnan(missing):
        before, after = (sum(tree.nodes for tree in each.trees) for each in (model, routed))
        grown = f": {before} nodes became {after}" if after > before else ""
        yield f"{missing:g} is a missing value, as NaN is{grown}"
