"""ModelInfo of an XGBoost model in any of its encodings, without xgboost.

``format`` is ``binary``, ``json``, ``ubj``, ``pickle`` for one around such a model, or ``dump``.
``operators`` counts trees by booster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neopack.errors import NotRecognized, SourceError
from neopack.formats.compressed import head_of
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource, BytesSource
from neopack.frameworks.xgboost import binary, document
from neopack.frameworks.xgboost.answers import signature_of
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.facts import LearnerFacts, XGBoostFacts
from neopack.frameworks.xgboost.lowering.objectives import inexpressible
from neopack.frameworks.xgboost.lowering.turns import are_in_turns
from neopack.frameworks.xgboost.pickled import read_pickled
from neopack.frameworks.xgboost.rounds import best_iteration, rounds
from neopack.values.model import ModelInfo, facts_of

__all__ = ["form", "is_around", "read", "read_source", "recognize"]

FORMS = {
    "binary": "XGBoost binary model",
    "json": "XGBoost JSON model",
    "ubj": "XGBoost UBJSON model",
    "pickle": "pickle of an XGBoost model",
    "dump": "XGBoost dump",
}
HEAD = 4096
# protocols 0, 2 and later, as pickle begins an object of a module
PICKLES = (b"ccopy_reg\n", b"cxgboost.", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def form(source: ByteSource) -> str | None:
    """The encoding of an XGBoost model, or None where these bytes are not XGBoost's."""
    encoding = document.encoding(source)
    if encoding is not None:
        return encoding
    if binary.looks_binary(source):
        return "binary"
    head = head_of(source, HEAD)
    if head.startswith(PICKLES) and b"xgboost." in head:
        return "pickle"
    return "dump" if _is_dump(source.read(0, HEAD)) else None


def recognize(source: ByteSource) -> str | None:
    kind = form(source)
    if kind == "pickle" and is_around(source):
        return "pickle of a scikit-learn object around an XGBoost model"
    return FORMS[kind] if kind else None


def is_around(source: ByteSource) -> bool:
    """Whether a pickle is of an object of scikit-learn, such as a Pipeline, with a model inside:
    the first class that it names is the object's own."""
    head = head_of(source, HEAD)
    return 0 <= head.find(b"sklearn.") < head.find(b"xgboost.")


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """As ``ReadModule`` asks."""
    with files.open(model) as source:
        return read_source(source, limits)


def read_source(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """Raises ``Malformed`` where the bytes break their format, with the place."""
    kind = form(source)
    if kind is None:
        raise NotRecognized("is not an XGBoost model", where=source.name)
    if kind == "pickle":
        return _of_pickle(source, limits)
    if kind == "dump":
        return _unread(kind)
    if kind == "binary":
        return _of_binary(binary.read_binary(source, limits))
    return _of_document(document.load(source, kind, limits), kind)


def _of_pickle(source: ByteSource, limits: Limits) -> ModelInfo:
    """What the model in it tells, where there is one that can be taken out."""
    try:
        model = read_pickled(source, limits)
    except SourceError as error:
        return _unread("pickle", error.message)
    info = read_source(BytesSource(source.name, model.data), limits)
    facts = replace(facts_of(info, LearnerFacts), pickled=model.kind)
    return replace(info, format="pickle", facts=facts)


def _unread(kind: str, why: str = "") -> ModelInfo:
    facts = XGBoostFacts(unread=why)
    return ModelInfo(framework="XGBOOST", format=kind, producer="xgboost", facts=facts)


def _is_dump(head: bytes) -> bool:
    """The text and JSON of ``dump_model``: trees for people, which no XGBoost loads."""
    text = head.lstrip()
    return text.startswith(b"booster[0]") or (text.startswith(b"[") and b'"nodeid"' in head)


def _of_binary(model: binary.BinaryModel) -> ModelInfo:
    nodes = [tree.nodes for tree in model.trees]
    groups = max(1, model.num_class)
    facts = LearnerFacts(
        booster=model.booster,
        objective=model.objective,
        num_feature=model.num_feature,
        num_class=model.num_class,
        outputs=groups,
        trees=len(nodes),
        nodes=sum(nodes),
        largest_tree=max(nodes, default=0),
        base_score=(model.base_score,),
        categorical=False,
        leaf_vector=0,
        attributes=tuple(sorted(model.attributes)),
        feature_names=0,
        rounds=rounds(model.attributes, len(nodes), groups, 0, ()),
        best_iteration=_best(model.attributes),
        in_turns=are_in_turns(model.tree_info, groups),
        inexpressible=inexpressible(model.objective),
    )
    return _info("binary", model.version, facts)


def _of_document(model: Learner, form: str) -> ModelInfo:
    nodes = [tree.nodes for tree in model.trees]
    categorical = any(tree.categorical for tree in model.trees)
    facts = LearnerFacts(
        booster=model.booster,
        objective=model.objective,
        num_feature=model.num_feature,
        num_class=model.num_class,
        outputs=model.groups,
        trees=len(nodes),
        nodes=sum(nodes),
        largest_tree=max(nodes, default=0),
        base_score=tuple(model.base_scores),
        categorical=categorical,
        leaf_vector=model.leaf_vector,
        attributes=tuple(sorted(model.attributes)),
        feature_names=len(model.feature_names),
        rounds=model.rounds,
        best_iteration=_best(model.attributes),
        in_turns=are_in_turns(model.tree_info, model.groups),
        inexpressible=inexpressible(
            model.objective,
            targets=model.num_target,
            leaf_vector=model.leaf_vector,
            categorical=categorical,
        ),
    )
    return _info(form, model.version, facts)


def _best(attributes: Mapping[str, str]) -> int:
    best = best_iteration(attributes)
    return -1 if best is None else best


def _info(form: str, version: tuple[int, ...], facts: LearnerFacts) -> ModelInfo:
    trees = {f"{facts.booster} tree": facts.trees} if facts.trees else {facts.booster: 1}
    return ModelInfo(
        framework="XGBOOST",
        format=form,
        producer="xgboost",
        versions={"xgboost": ".".join(map(str, version))},
        signature=signature_of(facts.objective, columns=facts.num_feature, groups=facts.outputs),
        operators=trees,
        facts=facts,
    )
