"""How an XGBoost model goes into Neo's archive and API call: one member and nothing else, and no
DataInputConfig (SageMaker developer guide, neo-compilation-preparing-model, 2026;
neo-ai/neo-loader@06788c0, 2022-08-17)."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.frameworks import Layout
from neopack.types import Signature, Target

__all__ = ["layout", "model_members", "model_parts"]


def model_members(names: Sequence[str]) -> tuple[str, ...]:
    """Every member counts, whatever its name."""
    return tuple(names)


def model_parts(names: Sequence[str], model: str) -> tuple[str, ...]:
    """It is one file."""
    return ()


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    return Layout(data_input_config=None)
