"""What the bytes of a TensorFlow Lite model tell beyond what every framework has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["TFLiteFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TFLiteFacts:
    """Of a FlatBuffer of the TFL3 schema."""

    subgraphs: int
    custom_operators: tuple[str, ...]
    """Names of operators that TensorFlow Lite lacks, sorted."""
    operators: tuple[str, ...]
    """Names of all operators, sorted."""
    byte_tensors: int = 0
    """Tensors of int8 and uint8 in the first subgraph."""
    dynamic_range: tuple[str, ...] = ()
    """Names of operators that compute in float with quantized weights, sorted."""
    dense_by_channel: int = 0
    """Quantized FULLY_CONNECTED whose weights have a scale for each output."""

    @property
    def computes_in_bytes(self) -> bool:
        return self.byte_tensors > 0

    @property
    def imported(self) -> Mapping[str, str]:
        """Operators have no names of their own in these files."""
        return dict.fromkeys(self.operators, "")
