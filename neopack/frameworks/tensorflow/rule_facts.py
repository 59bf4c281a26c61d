"""What the rules of TensorFlow look at in a context."""

from __future__ import annotations

from neopack.frameworks.tensorflow.facts import (
    FrozenGraphFacts,
    SavedModelFacts,
    TensorFlowFacts,
)
from neopack.rules.members import normal
from neopack.rules.rule import CheckContext
from neopack.values.model import facts_of

__all__ = ["frozen_facts", "graph_facts", "model", "saved_facts"]


def graph_facts(context: CheckContext) -> TensorFlowFacts:
    return facts_of(context.info, TensorFlowFacts)


def saved_facts(context: CheckContext) -> SavedModelFacts | None:
    facts_ = graph_facts(context)
    return facts_ if isinstance(facts_, SavedModelFacts) else None


def frozen_facts(context: CheckContext) -> FrozenGraphFacts | None:
    facts_ = graph_facts(context)
    return facts_ if isinstance(facts_, FrozenGraphFacts) else None


def model(context: CheckContext) -> str:
    return normal(context.models[0]) if context.models else ""
