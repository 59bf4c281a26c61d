"""Models that are random: they answer the same input differently each time."""

from __future__ import annotations

from collections.abc import Iterator

from neopack import facts
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import DrawsNumbers, ModelInfo

__all__ = ["RULES", "random_parts"]

SHOWN = 4


def random_parts(info: ModelInfo) -> tuple[str, ...]:
    """What in the model draws random numbers when it computes, as its bytes tell; nothing in a
    model with branches, of which none is known to be taken."""
    if info.operators.keys() & facts.branch_operators(info.framework):
        return ()
    if isinstance(info.facts, DrawsNumbers):
        return info.facts.random_calls
    drawing = facts.random_operators(info.framework)
    return tuple(name for name in info.operators if name in drawing)


@rule("NEO-AR-016", needs=("info",))
def random_model(context: CheckContext) -> Iterator[Hit]:
    """No operator draws random numbers."""
    operators = random_parts(context.info) if context.info else ()
    if operators:
        more = f" and {len(operators) - SHOWN} more" if len(operators) > SHOWN else ""
        yield Hit(message=f"the model draws random numbers: {', '.join(operators[:SHOWN])}{more}")


RULES: tuple[Rule, ...] = (random_model,)
