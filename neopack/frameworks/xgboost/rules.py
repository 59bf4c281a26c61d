"""What Neo demands of an XGBoost model.

Sources: SageMaker developer guide, neo-troubleshooting and neo-supported-cloud (2026);
neo-ai/neo-loader@06788c0 (2022-08-17); dmlc/xgboost doc/tutorials/saving_model (2026); treelite
1.3.0, run on models of every booster and objective of XGBoost 1.3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.frameworks.xgboost.facts import LearnerFacts, XGBoostFacts
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import ModelInfo, facts_of

__all__ = ["RULES"]

MOST_NODES = 2**31
READ_BY_NEO = (1, 3)
# Boosters pickled before are other bytes
FIRST_SERIALIZED = (1, 0)
# SageMaker Autopilot packs the models of a cross-validation as xgboost-model-0 and so on
FIRST_OF_SEVERAL = "xgboost-model-0"
TREE_BOOSTERS = ("gbtree", "dart")
ENCODINGS = {"json": "JSON", "ubj": "UBJSON"}


@rule("NEO-XG-001")
def more_than_one_member(context: CheckContext) -> Iterator[Hit]:
    """One member, or one xgboost-model-0 of several: directories and code/ count (loader, run)."""
    members = [e.name for e in context.entries if not _hidden(e.name)]
    first_of_several = [name for name in members if name.endswith(FIRST_OF_SEVERAL)]
    if len(members) > 1 and len(first_of_several) != 1:
        yield Hit(
            message=f"{len(members)} members where one is allowed: {', '.join(members[:4])}",
            where=members[1],
        )


@rule("NEO-XG-002", needs=("info",))
def not_binary(context: CheckContext) -> Iterator[Hit]:
    """The binary format, not JSON or UBJSON (loader, read)."""
    encoding = ENCODINGS.get(_info(context).format)
    if encoding:
        yield Hit(
            message=f"the model is {encoding}; Neo reads the binary format",
            where=_model(context),
        )


@rule("NEO-XG-003", needs=("info",))
def pickled(context: CheckContext) -> Iterator[Hit]:
    """No pickle but a bare Booster's that XGBoost 1.3.3 loads (loader, read)."""
    if _info(context).format == "pickle" and not _loads_in_1_3(context):
        learner, facts = _learner(context), facts_of(context.info, XGBoostFacts)
        kind = f"a pickled {learner.pickled}" if learner and learner.pickled else "a pickle"
        why = f": it {facts.unread}" if facts.unread else ""
        yield Hit(message=f"the model is {kind}{why}", where=_model(context))


@rule("NEO-XG-004", needs=("info",))
def dumped(context: CheckContext) -> Iterator[Hit]:
    """No dump_model output: nothing loads it."""
    if _info(context).format == "dump":
        yield Hit(message="the file is a dump of trees, not a model", where=_model(context))


@rule("NEO-XG-005", needs=("info",))
def too_many_nodes(context: CheckContext) -> Iterator[Hit]:
    """Fewer than 2^31 nodes in any tree (guide, neo-supported-cloud)."""
    learner = _learner(context)
    if learner and learner.largest_tree >= MOST_NODES:
        yield Hit(message=f"a tree of {learner.largest_tree} nodes", where=_model(context))


@rule("NEO-XG-006", needs=("info",))
def newer_version(context: CheckContext) -> Iterator[Hit]:
    """Written by XGBoost 1.3 or earlier (guide, neo-supported-cloud: 1.3.3)."""
    written = _info(context).versions.get("xgboost", "0")
    if _info(context).format == "binary" and _version(context) > READ_BY_NEO:
        yield Hit(
            message=f"written by XGBoost {written}; Neo's guide lists 1.3.3 and earlier",
            where=_model(context),
        )


@rule("NEO-XG-007", needs=("info",))
def not_in_1_3(context: CheckContext) -> Iterator[Hit]:
    """Nothing that XGBoost 1.3.3 has no words for."""
    learner = _learner(context)
    if learner and learner.inexpressible:
        yield Hit(message=f"XGBoost 1.3.3 has no {learner.inexpressible}", where=_model(context))


@rule("NEO-XG-008", needs=("info",))
def rounds_past_the_best(context: CheckContext) -> Iterator[Hit]:
    """No rounds past the best (dmlc/xgboost, doc/python/python_intro, Early Stopping)."""
    learner = _learner(context)
    if learner is None or learner.booster == "gblinear":
        return
    best, rounds = learner.best_iteration, learner.rounds
    if 0 <= best < rounds - 1:
        yield Hit(
            message=f"training stopped early at round {best + 1} of {rounds}, and all of them "
            "are compiled",
            where=_model(context),
            values={"rounds": str(best + 1)},
        )


@rule("NEO-XG-009", paths=("tvm",), needs=("info",))
def not_trees(context: CheckContext) -> Iterator[Hit]:
    """The booster has trees, which is all that Treelite compiles (treelite 1.3.0)."""
    learner = _learner(context)
    if learner and learner.booster not in TREE_BOOSTERS:
        yield Hit(
            message=f"the booster is {learner.booster}, which has no trees", where=_model(context)
        )


@rule("NEO-XG-010", needs=("info",))
def pickled_booster(context: CheckContext) -> Iterator[Hit]:
    """No pickled Booster either (loader, read; XGBoost 1.3.3, run)."""
    if _info(context).format == "pickle" and _loads_in_1_3(context):
        version = _info(context).versions.get("xgboost", "")
        yield Hit(
            message=f"the model is a Booster that XGBoost {version} pickled", where=_model(context)
        )


@rule("NEO-XG-011", paths=("tvm",), needs=("info",))
def classes_not_in_turns(context: CheckContext) -> Iterator[Hit]:
    """The trees of the classes come in turns (treelite 1.1.0, run)."""
    learner = _learner(context)
    if learner and learner.booster in TREE_BOOSTERS and not learner.in_turns:
        yield Hit(
            message=f"the trees of the {learner.outputs} classes do not come in turns",
            where=_model(context),
        )


def _loads_in_1_3(context: CheckContext) -> bool:
    """Whether this is a pickled Booster that XGBoost 1.3.3 unpickles."""
    learner = _learner(context)
    return (
        learner is not None
        and learner.pickled == "Booster"
        and FIRST_SERIALIZED <= _version(context) <= READ_BY_NEO
    )


def _version(context: CheckContext) -> tuple[int, ...]:
    written = _info(context).versions.get("xgboost", "0")
    return tuple(int(part) for part in written.split(".")[:2] if part.isdecimal())


def _info(context: CheckContext) -> ModelInfo:
    assert context.info is not None  # noqa: S101 - needs
    return context.info


def _learner(context: CheckContext) -> LearnerFacts | None:
    """What a model tells; None of pickles and dumps."""
    facts = facts_of(context.info, XGBoostFacts)
    return facts if isinstance(facts, LearnerFacts) else None


def _model(context: CheckContext) -> str:
    return context.models[0] if context.models else context.archive_name


def _hidden(name: str) -> bool:
    return name.rstrip("/").rsplit("/", 1)[-1].startswith(".")


RULES: tuple[Rule, ...] = (
    more_than_one_member,
    not_binary,
    pickled,
    dumped,
    too_many_nodes,
    newer_version,
    not_in_1_3,
    rounds_past_the_best,
    not_trees,
    pickled_booster,
    classes_not_in_turns,
)
