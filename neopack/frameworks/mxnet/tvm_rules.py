"""What TVM's importer does not convert of a symbol though it knows the operators, where TVM
compiles it.

Source: apache/tvm v0.6 to v0.10, relay/frontend/mxnet.py; ``facts/tvm_settings.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.facts.compiler_settings import tvm_settings
from neopack.frameworks.mxnet.facts import MXNetFacts, SymbolFacts, SymbolOperator
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]

MOST = 6


@rule("NEO-MX-024", paths=("tvm",), needs=("info",))
def converted_otherwise(context: CheckContext) -> Iterator[Hit]:
    """TVM converts the operators with the attributes that they have."""
    yield from _settings(context, sure=True)


@rule("NEO-MX-025", paths=("tvm",), needs=("info",))
def converted_for_some(context: CheckContext) -> Iterator[Hit]:
    """TVM converts the operators for inputs of all sizes and numbers."""
    yield from _settings(context, sure=False)


def _settings(context: CheckContext, *, sure: bool) -> Iterator[Hit]:
    symbol = facts_of(context.info, MXNetFacts)
    if not isinstance(symbol, SymbolFacts):
        return
    told = [(each, words) for each in symbol.operators for words in _told(each, symbol, sure=sure)]
    if told:
        shown = [f"{each.operator} ({each.place}): {words}" for each, words in told[:MOST]]
        more = f" and {len(told) - MOST} more" if len(told) > MOST else ""
        yield Hit(
            message=f"operators that TVM converts otherwise: {'; '.join(shown)}{more}",
            where=told[0][0].place,
        )


def _told(each: SymbolOperator, symbol: SymbolFacts, *, sure: bool) -> Iterator[str]:
    for setting in tvm_settings().get(each.operator, ()):
        if (setting.does != "may") == sure and setting.holds(each.attributes, symbol.places):
            yield setting.words


@rule("NEO-MX-026", paths=("tvm",), needs=("info",))
def other_types(context: CheckContext) -> Iterator[Hit]:
    """Parameters are float32."""
    symbol = facts_of(context.info, MXNetFacts)
    counts = context.info.dtypes if context.info else {}
    odd = {name: count for name, count in counts.items() if name != "float32"}
    if odd and isinstance(symbol, SymbolFacts):
        listed = ", ".join(f"{count} {name}" for name, count in odd.items())
        yield Hit(
            message=f"parameters that are not float32: {listed}",
            where=symbol.parameters,
            values={"name": "<name>", "dtype": next(iter(odd))},
        )


RULES: tuple[Rule, ...] = (converted_otherwise, converted_for_some, other_types)
