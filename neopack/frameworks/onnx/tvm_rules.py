"""Whether TVM, where it is the compiler, takes nodes as they are written.

Source: ``facts/onnx_calls.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.frameworks.onnx.facts import OnnxFacts
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of

__all__ = ["RULES"]


@rule("NEO-ON-020", paths=("tvm",), needs=("info",))
def converted_otherwise(context: CheckContext) -> Iterator[Hit]:
    """TVM's importer computes nodes as ONNX defines them."""
    yield from _calls(context, sure=True)


@rule("NEO-ON-021", paths=("tvm",), needs=("info",))
def converted_for_some(context: CheckContext) -> Iterator[Hit]:
    """TVM's importer computes nodes as ONNX defines them, for all values and sizes."""
    yield from _calls(context, sure=False)


def _calls(context: CheckContext, *, sure: bool) -> Iterator[Hit]:
    calls = [call for call in facts_of(context.info, OnnxFacts).tvm_calls if call.sure == sure]
    if calls:
        texts = "; ".join(call.text for call in calls)
        yield Hit(message=f"nodes that TVM converts otherwise: {texts}", where=calls[0].place)


RULES: tuple[Rule, ...] = (converted_otherwise, converted_for_some)
