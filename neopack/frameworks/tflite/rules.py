"""What Neo asks of a TensorFlow Lite model.

Source: neo-ai/neo-loader@06788c0, helpers/tflite_model_helper.py (2022-08-17). Its files, and
the names and shapes of its inputs, are judged by the rules of no one framework.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack import facts
from neopack.frameworks.tflite.schema import TYPES
from neopack.rules.rule import CheckContext, Hit, Rule, rule
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


RULES: tuple[Rule, ...] = (inputs, outputs)
