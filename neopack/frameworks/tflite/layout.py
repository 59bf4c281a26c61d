"""How a TensorFlow Lite model goes into Neo's archive and API call: one .tflite, shapes in NHWC by
the names of its input tensors (SageMaker developer guide, neo-compilation-preparing-model, 2026;
neo-ai/neo-loader@06788c0, helpers/tflite_model_helper.py, 2022-08-17)."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.dataconfig.strict_json import compact_json
from neopack.frameworks import Layout
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["layout", "model_members", "model_parts"]


def model_members(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name.endswith(".tflite"))


def model_parts(names: Sequence[str], model: str) -> tuple[str, ...]:
    """It is one file."""
    return ()


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    config = {spec.name: list(spec.shape) for spec in signature.inputs}
    return Layout(data_input_config=compact_json(config))
