"""What Neo asks of a TensorFlow Lite model.

Source: neo-ai/neo-loader@06788c0, helpers/tflite_model_helper.py (2022-08-17). Its files, and
the names and shapes of its inputs, are judged by the rules of no one framework.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack import facts
from neopack.rules.inspection import Hit, Inspection, Rule, rule
from neopack.types import TensorSpec

__all__ = ["RULES"]


@rule("NEO-TL-001", needs=("info.signature",))
def dtypes(inspection: Inspection) -> Iterator[Hit]:
    """Inputs are float32 or uint8, outputs these or int32 or int64 (loader)."""
    signature = inspection.info.signature if inspection.info else None
    row = facts.framework("TFLITE")
    if signature is not None:
        yield from _others("input", signature.inputs, row.input_dtypes)
        yield from _others("output", signature.outputs, row.output_dtypes)


def _others(what: str, specs: Sequence[TensorSpec], taken: Sequence[str]) -> Iterator[Hit]:
    for spec in specs:
        if spec.dtype not in taken:
            yield Hit(
                message=f"{what} {spec.name!r} is {spec.dtype}; Neo takes {' or '.join(taken)}",
                where=spec.name,
                values={"name": spec.name, "dtype": spec.dtype},
            )


RULES: tuple[Rule, ...] = (dtypes,)
