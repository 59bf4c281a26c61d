"""What Neo asks of a Darknet network, and what TVM's importer computes otherwise.

Sources: neo-ai/neo-loader@06788c0, darknet_model_loader.py (2022-08-17); apache/tvm v0.9.0,
python/tvm/relay/frontend/darknet.py; pjreddie/darknet src/parser.c (2018-09).
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack import facts
from neopack.facts.code_generation import generated_code
from neopack.frameworks.darknet.facts import DarknetFacts
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]

# the importer concatenates the first two
MOST_JOINED = 2
ARM = "arm_cpu"


def _facts(context: CheckContext) -> DarknetFacts:
    return facts_of(context.info, DarknetFacts)


@rule("NEO-DK-001", needs=("info",))
def weights_fit(context: CheckContext) -> Iterator[Hit]:
    """The .weights have the numbers that the layers need: with fewer, Darknet reads zeros."""
    known = _facts(context)
    if known.numbers is None or known.weights is None or known.numbers == known.weights:
        return
    yield Hit(message=f"the layers need {known.numbers} numbers, and there are {known.weights}")


@rule("NEO-DK-002", paths=("tvm",), needs=("info",))
def activations(context: CheckContext) -> Iterator[Hit]:
    """TVM's importer has each activation."""
    own = facts.darknet().activations
    for name, place in _facts(context).activations.items():
        if name not in own:
            yield Hit(message=f"activation {name!r} ({place})", where=place)


@rule("NEO-DK-003", paths=("tvm",), needs=("info",))
def computed_otherwise(context: CheckContext) -> Iterator[Hit]:
    """The importer joins two layers and takes means of squares; x86 changes [reorg]."""
    known = _facts(context)
    for place, count in known.joins.items():
        if count > MOST_JOINED:
            yield Hit(message=f"[route] in {place} joins {count} layers", where=place)
    for place in known.uneven_means:
        yield Hit(message=f"[avgpool] in {place} has an image that is not square", where=place)
    if ARM not in generated_code(context.target).name:
        for place in known.reorganized:
            yield Hit(message=f"[reorg] in {place}, in code for x86", where=place)


@rule("NEO-DK-004", needs=("info",))
def options_of_forks(context: CheckContext) -> Iterator[Hit]:
    """No option changes numbers that only forks of Darknet read."""
    for name, place in _facts(context).options_of_forks.items():
        yield Hit(message=f"{name} ({place})", where=place)


@rule("NEO-DK-005", needs=("info",))
def yolo(context: CheckContext) -> Iterator[Hit]:
    """The guide says that YOLO is not supported, and lists tested YOLO models."""
    places = _facts(context).detectors
    if places:
        yield Hit(message=f"layers that find boxes: {', '.join(places)}", where=places[0])


RULES: tuple[Rule, ...] = (
    weights_fit,
    activations,
    computed_otherwise,
    options_of_forks,
    yolo,
)
