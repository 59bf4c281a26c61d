"""A binary model as a ``Learner``, and a ``Learner`` as the JSON that today's XGBoost reads: the
way back from ``lower``.

XGBoost reads the binary format no more since 3.1, nor the documents of 1.0 to 1.7 where they have
no trees, so this is how they run there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource
from neopack.frameworks.xgboost import binary
from neopack.frameworks.xgboost.document import Learner, Tree, load
from neopack.frameworks.xgboost.lowering.base_score import (
    LOGITRAW,
    RAW_MARGIN,
    STATED,
    margins,
    prediction_for,
)
from neopack.frameworks.xgboost.lowering.lower import (
    HIGH_BIT,
    NODE_TYPE,
    ROOT,
    STAT_TYPE,
    numbers,
    objective_of,
)
from neopack.values.json import AnyJson, Json

__all__ = ["lift", "read_learner", "starts_otherwise"]

OBJECTIVE = "objective"
# before 1.0, the objective's configuration and the metrics are attributes of these names, or none
OWN = (OBJECTIVE, "metrics")
# the same objectives, computed on a GPU: XGBoost 0.72 to 0.81
GPU = "gpu:"
DEFAULT = 0.5
# the form below is 1.7's; XGBoost 3.2 warns of anything before 1.6
FORM = [1, 7, 6]


def read_learner(source: ByteSource, form: str, limits: Limits = DEFAULT_LIMITS) -> Learner:
    """The model in ``source``, of any encoding, as a document has it."""
    model = _of_binary(source, limits) if form == "binary" else load(source, form, limits)
    limits.hold("records", model.groups, where=source.name)
    if not 0 <= model.num_feature < HIGH_BIT:
        raise Malformed(f"num_feature is {model.num_feature}", where=source.name)
    return model


def _of_binary(source: ByteSource, limits: Limits) -> Learner:
    model = binary.read_binary(source, limits)
    return Learner(
        version=model.version,
        booster=model.booster,
        objective=model.objective.removeprefix(GPU),
        objective_parameters=_parameters(model, source.name),
        num_feature=model.num_feature,
        num_class=model.num_class,
        num_target=1,
        base_scores=(model.base_score,),
        trees=tuple(_tree(place, source) for place in model.trees),
        tree_info=model.tree_info,
        weight_drop=model.weight_drop,
        weights=model.weights,
        attributes={k: v for k, v in model.attributes.items() if k not in OWN},
    )


def _parameters(model: binary.BinaryModel, where: str) -> Mapping[str, AnyJson]:
    try:
        objective = json.loads(model.attributes.get(OBJECTIVE, "{}"))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the objective is not JSON: {error}", where=where) from None
    return objective if isinstance(objective, dict) else {}


def _tree(place: binary.TreePlace, source: ByteSource) -> Tree:
    import numpy as np

    size = place.nodes * binary.NODE
    nodes = np.frombuffer(source.read(place.offset, size), NODE_TYPE)
    stats = np.frombuffer(source.read(place.offset + size, place.nodes * binary.STAT), STAT_TYPE)
    root = nodes["parent"] == ROOT
    return Tree(
        nodes=place.nodes,
        left=nodes["left"].tolist(),
        right=nodes["right"].tolist(),
        parent=np.where(root, HIGH_BIT - 1, nodes["parent"] & (HIGH_BIT - 1)).tolist(),
        split_index=(nodes["split"] & (HIGH_BIT - 1)).tolist(),
        split_condition=nodes["value"].tolist(),
        default_left=(nodes["split"] >> 31).tolist(),
        base_weight=stats["base_weight"].tolist(),
        loss_change=stats["loss_chg"].tolist(),
        sum_hessian=stats["sum_hess"].tolist(),
        categorical=False,
    )


def starts_otherwise(model: Learner) -> bool:
    """Whether today's XGBoost starts from another margin than the version that wrote ``model``,
    in words that it reads as well."""
    raw = model.objective == LOGITRAW and model.version < RAW_MARGIN
    return raw or not model.fitted or model.version < STATED


def lift(model: Learner) -> bytes:
    """The JSON document of ``model``. Where there are no words for its base score, that is the
    default: ``run`` gives the margins with the rows."""
    score = prediction_for(model, margins(model)[0])
    document = {
        "version": FORM,
        "learner": {
            "attributes": dict(model.attributes),
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": _booster(model),
            "learner_model_param": {
                "base_score": repr(DEFAULT if score is None else score),
                "num_class": str(model.num_class),
                "num_feature": str(model.num_feature),
                "num_target": "1",
            },
            "objective": objective_of(model),
        },
    }
    return json.dumps(document).encode()


def _booster(model: Learner) -> Json:
    if model.booster == "gblinear":
        # a linear model of no rounds counts as untrained
        weights = numbers(model.weights, "<f4").tolist()
        return {"name": "gblinear", "model": {"weights": weights, "boosted_rounds": 1}}
    trees = [_document(tree, i, model.num_feature) for i, tree in enumerate(model.trees)]
    gbtree: dict[str, Json] = {
        "name": "gbtree",
        "model": {
            "gbtree_model_param": {"num_trees": str(len(trees)), "num_parallel_tree": "1"},
            "iteration_indptr": _starts(model),
            "tree_info": list(model.tree_info),
            "trees": trees,
        },
    }
    if model.booster == "dart":
        return {
            "name": "dart",
            "gbtree": gbtree,
            "weight_drop": numbers(model.weight_drop, "<f4").tolist(),
        }
    return gbtree


def _starts(model: Learner) -> list[int]:
    """The first tree of each round, and the end."""
    trees, rounds = len(model.trees), model.rounds
    if not rounds or trees % rounds:
        return [0, trees] if trees else [0]
    return list(range(0, trees + 1, trees // rounds))


def _document(tree: Tree, index: int, features: int) -> Json:
    none: list[Any] = []
    return {
        "id": index,
        "tree_param": {
            "num_deleted": str(sum(split == HIGH_BIT - 1 for split in tree.split_index)),
            "num_feature": str(features),
            "num_nodes": str(tree.nodes),
            "size_leaf_vector": "0",
        },
        "left_children": tree.left,
        "right_children": tree.right,
        "parents": tree.parent,
        "split_indices": tree.split_index,
        "default_left": tree.default_left,
        "split_conditions": tree.split_condition,
        "base_weights": tree.base_weight,
        "loss_changes": tree.loss_change,
        "sum_hessian": tree.sum_hessian,
        "split_type": [0] * tree.nodes,
        "categories": none,
        "categories_nodes": none,
        "categories_segments": none,
        "categories_sizes": none,
    }
