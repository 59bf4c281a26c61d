"""How an XGBoost model goes into Neo's archive and API call: one member and nothing else, and no
DataInputConfig (SageMaker developer guide, neo-compilation-preparing-model, 2026;
neo-ai/neo-loader@06788c0, 2022-08-17)."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.frameworks import Layout, MemberMove
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["layout", "model_members", "model_parts", "tidied"]


def model_members(names: Sequence[str]) -> tuple[str, ...]:
    """Every member counts, whatever its name."""
    return tuple(names)


def model_parts(names: Sequence[str], model: str) -> tuple[str, ...]:
    """It is one file."""
    return ()


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    return Layout(data_input_config=None)


def tidied(names: Sequence[str], model: str) -> tuple[MemberMove, ...]:
    """The model alone; what serves it, in code/, is not ours to leave out."""
    if not model:
        return ()
    others = (name for name in names if name != model and not name.startswith("code/"))
    return tuple(MemberMove(member=name, to="", rule="NEO-XG-001") for name in others)
