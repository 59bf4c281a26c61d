"""What Neo demands of a TensorFlow model."""
from __future__ import annotations
from neopack.rules.inspection import Rule
__all__ = ["RULES"]
RULES: tuple[Rule, ...] = ()
