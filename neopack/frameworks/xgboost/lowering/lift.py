"""A binary model as the JSON that today's XGBoost reads: the way back from ``lower``.

XGBoost reads the binary format no more since 3.1, so this is how a packaged model runs there.
"""

from __future__ import annotations

import json
from typing import Any

from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource
from neopack.frameworks.xgboost import binary
from neopack.frameworks.xgboost.lowering.lower import HIGH_BIT, NODE_TYPE, STAT_TYPE
from neopack.values.json import Json

__all__ = ["lift"]

OBJECTIVE = "objective"
# the form below is 1.7's; XGBoost 3.2 warns of anything before 1.6
FORM = [1, 7, 6]


def lift(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The JSON document of the binary model in ``source``."""
    model = binary.read_binary(source, limits)
    attributes = {k: v for k, v in model.attributes.items() if k != OBJECTIVE}
    objective = json.loads(model.attributes.get(OBJECTIVE, f'{{"name":"{model.objective}"}}'))
    document = {
        "version": FORM,
        "learner": {
            "attributes": attributes,
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": _booster(model, source),
            "learner_model_param": {
                "base_score": repr(model.base_score),
                "num_class": str(model.num_class),
                "num_feature": str(model.num_feature),
                "num_target": "1",
            },
            "objective": objective,
        },
    }
    return json.dumps(document).encode()


def _booster(model: binary.BinaryModel, source: ByteSource) -> Json:
    if model.booster == "gblinear":
        # a linear model of no rounds counts as untrained, and loses the link of its base score
        return {
            "name": "gblinear",
            "model": {"weights": list(model.weights), "boosted_rounds": 1},
        }
    trees = [_tree(place, i, model, source) for i, place in enumerate(model.trees)]
    gbtree: dict[str, Json] = {
        "name": "gbtree",
        "model": {
            "gbtree_model_param": {"num_trees": str(len(trees)), "num_parallel_tree": "1"},
            "tree_info": list(model.tree_info),
            "trees": trees,
        },
    }
    if model.booster == "dart":
        return {"name": "dart", "gbtree": gbtree, "weight_drop": list(model.weight_drop)}
    return gbtree


def _tree(
    place: binary.TreePlace, index: int, model: binary.BinaryModel, source: ByteSource
) -> Json:
    import numpy as np

    size = place.nodes * binary.NODE
    nodes = np.frombuffer(source.read(place.offset, size), NODE_TYPE)
    stats = np.frombuffer(source.read(place.offset + size, place.nodes * binary.STAT), STAT_TYPE)
    root = nodes["parent"] == 0xFFFFFFFF
    parents = np.where(root, HIGH_BIT - 1, nodes["parent"] & (HIGH_BIT - 1))
    none: list[Any] = []
    return {
        "id": index,
        "tree_param": {
            "num_deleted": str(place.deleted),
            "num_feature": str(model.num_feature),
            "num_nodes": str(place.nodes),
            "size_leaf_vector": "0",
        },
        "left_children": nodes["left"].tolist(),
        "right_children": nodes["right"].tolist(),
        "parents": parents.tolist(),
        "split_indices": (nodes["split"] & (HIGH_BIT - 1)).tolist(),
        "default_left": (nodes["split"] >> 31).tolist(),
        "split_conditions": nodes["value"].tolist(),
        "base_weights": stats["base_weight"].tolist(),
        "loss_changes": stats["loss_chg"].tolist(),
        "sum_hessian": stats["sum_hess"].tolist(),
        "split_type": [0] * place.nodes,
        "categories": none,
        "categories_nodes": none,
        "categories_segments": none,
        "categories_sizes": none,
    }
