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

    @property
    def imported(self) -> Mapping[str, str]:
        """Operators have no names of their own in these files."""
        return dict.fromkeys(self.operators, "")
