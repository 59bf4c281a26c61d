"""What the rules read of a model: the facts of its form, where it has such."""

from __future__ import annotations

from neopack.frameworks.pytorch.facts import (
    PickleFacts,
    ProgramFacts,
    PyTorchFacts,
    TorchScriptFacts,
)
from neopack.rules.rule import CheckContext
from neopack.values.model import facts_of

__all__ = ["operators_of", "pickles_of", "program_of", "script_of"]


def operators_of(context: CheckContext) -> tuple[str, ...]:
    """The operators of the model, sorted."""
    return tuple(sorted(context.info.operators)) if context.info else ()


def pickles_of(context: CheckContext) -> PickleFacts | None:
    """What a file with pickles in it tells; None of others."""
    facts = facts_of(context.info, PyTorchFacts)
    return facts if isinstance(facts, PickleFacts) else None


def program_of(context: CheckContext) -> ProgramFacts | None:
    """What a model tells; None of files that are not models."""
    facts = pickles_of(context)
    return facts if isinstance(facts, ProgramFacts) else None


def script_of(context: CheckContext) -> TorchScriptFacts | None:
    """What a TorchScript file tells; None of others."""
    facts = pickles_of(context)
    return facts if isinstance(facts, TorchScriptFacts) else None
