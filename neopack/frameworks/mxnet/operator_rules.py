"""Whether the MXNet that Neo uses has the operators of a symbol, and takes their attributes.

Source: MXNet 1.5.1 and 1.8.0 themselves (``facts/mxnet_operators.toml``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from neopack import facts, versions
from neopack.facts import MXNetAttribute, MXNetOperator
from neopack.frameworks.mxnet.facts import MXNetFacts, SymbolFacts, SymbolOperator
from neopack.rules.members import named
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]

# MXNet renames what older ones wrote as it reads it
RENAMED_BEFORE = "0.9"
# what its parameters parse, around which it takes blanks
KINDS = {
    "int": re.compile(r"\s*[+-]?\d+\s*"),
    "float": re.compile(
        r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|nan)f?\s*", re.IGNORECASE
    ),
    "bool": re.compile(r"[Tt]rue|[Ff]alse|0|1"),
}
MOST = 6
# what MXNet takes and does not list: how many inputs there are, and what linspace is told
NOT_LISTED = ("num_args", "endpoint")


@rule("NEO-MX-023", needs=("info",))
def not_of_version(context: CheckContext) -> Iterator[Hit]:
    """That MXNet has each operator, and takes its attributes (asked of MXNet itself)."""
    symbol = facts_of(context.info, MXNetFacts)
    known = facts.mxnet_operators(context.framework_version)
    if not isinstance(symbol, SymbolFacts) or known is None:
        return
    written = context.info.versions.get("mxnet", "") if context.info else ""
    if not written or not versions.at_least(written, RENAMED_BEFORE):
        return
    problems = [(each, text) for each in symbol.operators for text in _problems(each, known)]
    if problems:
        shown = [f"{each.operator} ({each.place}) {text}" for each, text in problems[:MOST]]
        more = f", and {len(problems) - MOST} more" if len(problems) > MOST else ""
        yield Hit(
            message=f"by MXNet {context.framework_version}: {'; '.join(shown)}{more}",
            where=problems[0][0].place,
            values={"version": context.framework_version},
        )


def _problems(each: SymbolOperator, known: Mapping[str, MXNetOperator]) -> Iterator[str]:
    if each.operator == "Custom":
        return  # another rule's
    operator = known.get(each.operator)
    if operator is None:
        yield "is not an operator of it"
        return
    for name, value in each.attributes.items():
        attribute = operator.attributes.get(name)
        if attribute is not None:
            yield from _value(name, value, attribute)
        elif operator.strict and name not in NOT_LISTED:
            yield f"does not take the attribute {name!r}"
    lacking = [name for name, row in operator.attributes.items() if row.required]
    lacking = [name for name in lacking if name not in each.attributes]
    if lacking:
        yield f"lacks the attribute {named(sorted(lacking))}"


def _value(name: str, value: str, attribute: MXNetAttribute) -> Iterator[str]:
    if attribute.words and value not in attribute.words:
        yield f"has {name}={value!r}, and takes {named(sorted(attribute.words))}"
    kind = KINDS.get(attribute.kind)
    if kind and not kind.fullmatch(value) and not (attribute.optional and value == "None"):
        yield f"has {name}={value!r}, which is not {attribute.kind}"


RULES: tuple[Rule, ...] = (not_of_version,)
