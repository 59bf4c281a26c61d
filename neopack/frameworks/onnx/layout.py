"""How an ONNX model goes into Neo's archive and API call: one .onnx, shapes by graph input name
(SageMaker developer guide, neo-compilation-preparing-model, 2023-06)."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.dataconfig.strict_json import compact_json
from neopack.frameworks import Layout
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["layout", "model_members", "model_parts"]


def model_members(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name.lower().endswith(".onnx"))


def model_parts(names: Sequence[str], model: str) -> tuple[str, ...]:
    """It is one file."""
    return ()


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    config = {spec.name: list(spec.shape) for spec in signature.inputs}
    return Layout(data_input_config=compact_json(config))
