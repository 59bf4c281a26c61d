"""What Neo asks of a TensorFlow Lite model.

Sources: neo-ai/neo-loader@06788c0, helpers/tflite_model_helper.py (2022-08-17); apache/tvm v0.9.0,
python/tvm/relay/frontend/tflite.py. Its files, and the names and shapes of its inputs, are judged
by rules that belong to no single framework.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack import facts
from neopack.frameworks.tflite.facts import TFLiteFacts
from neopack.frameworks.tflite.schema import TYPES
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import facts_of
from neopack.values.signature import TensorSpec

__all__ = ["RULES"]


@rule("NEO-TL-001", needs=("info.signature",))
def inputs(context: CheckContext) -> Iterator[Hit]:
    """Inputs are float32 or uint8 (loader, get_supported_tflite_input_tensor_type)."""
    signature = context.info.signature if context.info else None
    if signature is not None:
        yield from _others("input", signature.inputs, facts.framework("TFLITE").input_dtypes)


@rule("NEO-TL-002", needs=("info.signature",))
def outputs(context: CheckContext) -> Iterator[Hit]:
    """Outputs are float32, uint8, int32 or int64 (loader, TFLITE_TENSOR_TYPE_TO_DTYPE)."""
    signature = context.info.signature if context.info else None
    if signature is not None:
        yield from _others("output", signature.outputs, facts.framework("TFLITE").output_dtypes)


def _others(what: str, specs: Sequence[TensorSpec], accepted: Sequence[str]) -> Iterator[Hit]:
    for spec in specs:
        if spec.dtype not in accepted:
            number = TYPES.index(spec.dtype) if spec.dtype in TYPES else "<t>"
            yield Hit(
                message=f"{what} {spec.name!r} is {spec.dtype}; Neo takes {' or '.join(accepted)}",
                where=spec.name,
                values={"name": spec.name, "type": str(number)},
            )


def _facts(context: CheckContext) -> TFLiteFacts:
    return facts_of(context.info, TFLiteFacts)


@rule("NEO-TL-003", paths=("tvm",), needs=("info",))
def dynamic_range(context: CheckContext) -> Iterator[Hit]:
    """No operator computes in float with quantized weights (tflite.py, check_unsupported_ops)."""
    operators = _facts(context).dynamic_range
    if operators:
        yield Hit(message=f"operators with quantized weights alone: {', '.join(operators)}")


@rule("NEO-TL-004", paths=("tvm",), needs=("info",))
def dense_by_channel(context: CheckContext) -> Iterator[Hit]:
    """Quantized dense layers have one scale for all of their weights."""
    count = _facts(context).dense_by_channel
    if count:
        yield Hit(message=f"{count} quantized FULLY_CONNECTED with a scale for each output")


RULES: tuple[Rule, ...] = (inputs, outputs, dynamic_range, dense_by_channel)
